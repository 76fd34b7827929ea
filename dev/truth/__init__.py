"""What ``dev/bench_truth`` measures: whether a crystallized run does again what was recorded, and follows changes."""

"""The parts of ``dev/bench_truth``: does a crystallized run repeat what was recorded, and follow what changed?"""

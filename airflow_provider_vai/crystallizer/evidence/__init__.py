"""Indexes of a run that the passes share: the values in results, the order of events, and who said what."""

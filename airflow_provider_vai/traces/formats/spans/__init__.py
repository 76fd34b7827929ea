"""Formats that store a run as spans."""

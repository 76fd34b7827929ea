"""Reads ATIF trajectories."""

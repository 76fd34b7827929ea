"""Finds the earlier result that an argument was taken from."""

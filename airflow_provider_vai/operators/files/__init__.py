"""Helpers of the operators that read and write files."""

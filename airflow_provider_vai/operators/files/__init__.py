"""Helpers for the operators that read and write files."""

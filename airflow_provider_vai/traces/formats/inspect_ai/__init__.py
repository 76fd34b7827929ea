"""Reads Inspect AI logs."""

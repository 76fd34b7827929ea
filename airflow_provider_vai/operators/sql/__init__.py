"""Helpers for the operators that run SQL."""

"""Helpers of the operators that run SQL."""

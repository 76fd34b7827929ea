"""Helpers for the operators that use HTTP."""

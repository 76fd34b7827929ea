"""Helpers of the operators that use HTTP."""

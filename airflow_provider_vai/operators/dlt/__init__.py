"""Helpers for DltExtractOperator."""

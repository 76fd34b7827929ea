"""Helpers of DltExtractOperator."""

"""Finds how a run worked out the values of its arguments: totals, records by a criterion, filtered lists, sentences."""

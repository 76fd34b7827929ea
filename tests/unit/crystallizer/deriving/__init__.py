"""Tests of the search for derived values."""

"""Tests of the language of derived values."""

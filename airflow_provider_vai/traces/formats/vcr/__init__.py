"""Reads VCR cassettes."""

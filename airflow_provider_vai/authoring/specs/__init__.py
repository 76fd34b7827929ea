"""Automations that people write by hand, and the platform's documents, read into the spec."""

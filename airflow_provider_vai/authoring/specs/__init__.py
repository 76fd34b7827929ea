"""Reads automations that are written by hand, and the platform's documents, into specs."""

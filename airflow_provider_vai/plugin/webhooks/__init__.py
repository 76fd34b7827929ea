"""Receives webhooks: verifies signatures, detects repeated deliveries, parses payloads, starts runs."""

"""Receives webhooks: signatures, deliveries, payloads, runs."""

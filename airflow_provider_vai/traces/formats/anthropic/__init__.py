"""Reads Anthropic messages and managed-agent sessions."""

"""Reads logs of MCP messages."""

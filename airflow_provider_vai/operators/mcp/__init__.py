"""Helpers for McpToolOperator and CallAgentOperator."""

"""Helpers of McpToolOperator and CallAgentOperator."""

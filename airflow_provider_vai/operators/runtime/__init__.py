"""Helpers that all operators use while a task runs: results, effects, approvals and errors."""

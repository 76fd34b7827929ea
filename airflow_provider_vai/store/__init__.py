"""Stores automations: their versions, their status, and the DAG file and sidecar of each."""

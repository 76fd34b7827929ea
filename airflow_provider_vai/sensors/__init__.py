"""Sensors that a generated DAG file uses."""

"""Sensors that generated DAG files use."""

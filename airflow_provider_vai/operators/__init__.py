"""The operators that generated DAG files use: one module for each action kind."""

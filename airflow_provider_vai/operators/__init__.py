"""What a generated DAG file runs: one module an action kind."""

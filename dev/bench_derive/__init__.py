"""A benchmark of derived values with known truth: generated programs, a scorer for any tool, and three adapters."""

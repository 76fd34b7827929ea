"""What every operator shares while a task runs: results, effects, approvals, errors."""

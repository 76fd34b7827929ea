"""The small languages in specs, traces and DAG files: JSON, YAML, SQL, conditions, paths, identifiers and more."""

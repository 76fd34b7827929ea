"""The small languages that specs, traces and DAG files hold: JSON, YAML, SQL, conditions, paths, identifiers."""

"""Makes and changes automations: what the command line and the HTTP API both offer, each use case once."""

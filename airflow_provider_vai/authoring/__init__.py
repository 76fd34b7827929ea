"""Creates and changes automations: the use cases that the command line and the HTTP API share."""

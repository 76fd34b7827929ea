"""What can be said of automations: lint, verify, diff, explain, savings."""

"""Read-only analyses of automations: lint, verify, diff, explain and savings."""

"""The data models that the other packages share: Run, Automation, action kinds, triggers, sidecar and tools file."""

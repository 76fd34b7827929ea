"""The data that the stages exchange: Run, Automation, action kinds, triggers, sidecar, tools file."""

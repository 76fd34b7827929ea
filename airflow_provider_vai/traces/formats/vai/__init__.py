"""Reads the VirtuousAI platform's own runs and threads."""

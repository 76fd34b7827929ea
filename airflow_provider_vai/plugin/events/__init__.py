"""Emits asset events when a run of an automation ends."""

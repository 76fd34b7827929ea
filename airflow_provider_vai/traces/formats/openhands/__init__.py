"""Reads OpenHands event logs."""

"""Compares two automations, or two versions of one."""

"""Builds flashboard pages of charts, tables and numbers."""

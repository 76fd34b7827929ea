"""Reads Claude Code sessions."""

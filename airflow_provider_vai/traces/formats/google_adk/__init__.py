"""Reads Google ADK sessions."""

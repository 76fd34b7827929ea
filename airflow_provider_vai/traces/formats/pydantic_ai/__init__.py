"""Reads pydantic-ai messages."""

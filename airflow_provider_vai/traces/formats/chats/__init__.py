"""Exports of chat applications, command-line agents and workflow tools."""

"""The name of the tools file, and how the names of tools are spelled."""

from __future__ import annotations

import re

FILE_NAME = "vai-tools.toml"
"""The tools file, beside the trace."""

MCP_NAME = re.compile(r"^mcp__(?P<server>.+?)__(?P<tool>.+)$")
"""How agent frameworks spell the MCP server of a tool, and its name there."""

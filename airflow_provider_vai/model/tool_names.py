"""The name of the tools file, and how the names of tools and functions are spelled."""

from __future__ import annotations

import re

FILE_NAME = "vai-tools.toml"
"""The tools file, beside the trace."""

MCP_NAME = re.compile(r"^mcp__(?P<server>.+?)__(?P<tool>.+)$")
"""How agent frameworks spell the MCP server of a tool, and its name there."""

CALLABLE_PLACE = "module:function; the module is in Airflow's dags or plugins folder, or in an installed package"
"""Where the module of a function must be, so that the workers can import it."""

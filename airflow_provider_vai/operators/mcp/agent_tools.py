"""The tools that an agent may call, and its usage limits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_vai.operators.runtime.errors import NothingSent

_ENTRY = re.compile(r"(?P<kind>mcp|sql):(?P<conn_id>[\w.-]+)(?:/(?P<tool>\S+))?")


def allowed(entries: Sequence[str]) -> dict[tuple[str, str], set[str] | None]:
    """Return the allowed tools of each connection.

    :param entries: ``mcp:<conn_id>``, ``mcp:<conn_id>/<tool>`` or ``sql:<conn_id>``.
    :return: ``(kind, conn_id)`` -> names of tools; ``None`` instead of names: all tools of the connection.
    :raises NothingSent: an entry has another form. A tool is never allowed by guessing.
    """
    tools: dict[tuple[str, str], set[str] | None] = {}
    for entry in entries:
        match = _ENTRY.fullmatch(entry) if isinstance(entry, str) else None
        if match is None or (match["kind"] == "sql" and match["tool"]):
            raise NothingSent(
                f"the agent's tools list {entry!r}, but an entry must be mcp:<conn_id>, mcp:<conn_id>/<tool> or"
                " sql:<conn_id>"
            )
        connection = (match["kind"], match["conn_id"])
        names = tools.setdefault(connection, set())
        if match["tool"] is None or names is None:
            tools[connection] = None
        else:
            names.add(match["tool"])
    return tools


def toolsets(entries: Sequence[str]) -> list[Any] | None:
    """Return the pydantic-ai toolsets for the entries of :func:`allowed`; ``None`` if there are no entries."""
    result: list[Any] = []
    for (kind, conn_id), names in allowed(entries).items():
        if kind == "sql":
            from airflow.providers.common.ai.toolsets.sql import SQLToolset

            result.append(SQLToolset(conn_id, allow_writes=False))
            continue
        from airflow.providers.common.ai.toolsets.mcp import MCPToolset

        server = MCPToolset(conn_id)
        result.append(server if names is None else server.filtered(_only(names)))
    return result or None


def usage_limits(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the agent's usage limits; ``None`` if none is given.

    :raises NothingSent: pydantic-ai has no limit of this name, or the value is not a whole number.
    """
    from dataclasses import fields

    from pydantic_ai.usage import UsageLimits

    known = {field.name for field in fields(UsageLimits)}
    for name, value in given.items():
        if name not in known:
            raise NothingSent(f"there is no usage limit {name!r}: the limits are {', '.join(sorted(known))}")
        if not isinstance(value, int) or value < 0:
            raise NothingSent(f"the usage limit {name!r} must be a whole number of at least 0, not {value!r}")
    return dict(given) or None


def _only(names: set[str]) -> Any:
    return lambda _, tool: tool.name in names

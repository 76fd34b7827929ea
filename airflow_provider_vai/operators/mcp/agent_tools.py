"""What an agent may use: the allow-list of its tools, and its limits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_vai.operators.runtime.errors import NothingSent

_ENTRY = re.compile(r"(?P<kind>mcp|sql):(?P<conn_id>[\w.-]+)(?:/(?P<tool>\S+))?")


def allowed(entries: Sequence[str]) -> dict[tuple[str, str], set[str] | None]:
    """Return the tools of each connection, by kind and connection id; ``None`` stands for all of them.

    :raises NothingSent: an entry has another form. Nothing is guessed: a tool is allowed by name, or not.
    """
    found: dict[tuple[str, str], set[str] | None] = {}
    for entry in entries:
        match = _ENTRY.fullmatch(entry) if isinstance(entry, str) else None
        if match is None or (match["kind"] == "sql" and match["tool"]):
            raise NothingSent(
                f"the agent's tools hold {entry!r}: an entry is mcp:<conn_id>, mcp:<conn_id>/<tool> or sql:<conn_id>"
            )
        connection = (match["kind"], match["conn_id"])
        names = found.setdefault(connection, set())
        if match["tool"] is None or names is None:
            found[connection] = None
        else:
            names.add(match["tool"])
    return found


def toolsets(entries: Sequence[str]) -> list[Any] | None:
    """Return the toolsets of an allow-list; ``None`` for an empty one."""
    made: list[Any] = []
    for (kind, conn_id), names in allowed(entries).items():
        if kind == "sql":
            from airflow.providers.common.ai.toolsets.sql import SQLToolset

            made.append(SQLToolset(conn_id, allow_writes=False))
            continue
        from airflow.providers.common.ai.toolsets.mcp import MCPToolset

        server = MCPToolset(conn_id)
        made.append(server if names is None else server.filtered(_only(names)))
    return made or None


def usage_limits(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the limits for the agent; ``None`` where none is given.

    :raises NothingSent: pydantic-ai has no such limit, or the value is no number.
    """
    from dataclasses import fields

    from pydantic_ai.usage import UsageLimits

    known = {field.name for field in fields(UsageLimits)}
    for name, value in given.items():
        if name not in known:
            raise NothingSent(f"there is no usage limit {name!r}: the limits are {', '.join(sorted(known))}")
        if not isinstance(value, int) or value < 0:
            raise NothingSent(f"the usage limit {name!r} is a whole number, not {value!r}")
    return dict(given) or None


def _only(names: set[str]) -> Any:
    return lambda _, tool: tool.name in names

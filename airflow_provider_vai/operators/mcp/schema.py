"""Whether a tool of an MCP server still takes what it took when the step was reviewed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.operators.runtime.errors import NothingSent


def schema_sha256(input_schema: Mapping[str, Any]) -> str:
    """Return the digest of a tool's input schema, as ``schema_sha256`` holds it: of its canonical JSON."""
    return json_text.digest(dict(input_schema))


def require_unchanged(tools: Iterable[Any], name: str, expected: str, arguments: Mapping[str, Any]) -> None:
    """Check the tool ``name`` among those that the server lists.

    :param tools: the server's list of tools.
    :param expected: the digest of the reviewed schema.
    :param arguments: what the call would pass; tells which names no longer fit.
    :raises NothingSent: the tool is gone, or its schema is another one.
    """
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is None:
        raise NothingSent(f"the server has no tool {name!r} any more")
    # mcp 2 calls the field input_schema, mcp 1 inputSchema
    schema = tool.input_schema if hasattr(tool, "input_schema") else tool.inputSchema
    found = schema_sha256(schema)
    if found == expected:
        return
    raise NothingSent(
        f"the tool {name!r} changed since it was reviewed: the digest of its input schema is {found} now, and was"
        f" {expected}. {_misfits(schema, arguments)}Review it and write the new digest into schema_sha256"
    )


def _misfits(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    # Of the reviewed schema only the digest is known; the arguments fitted it, so they show what else differs.
    known = schema.get("properties")
    unknown = sorted(set(arguments) - set(known)) if isinstance(known, Mapping) else []
    missing = sorted(set(schema.get("required") or ()) - set(arguments))
    told = [f"It no longer takes {', '.join(unknown)}. "] if unknown else []
    told += [f"It now requires {', '.join(missing)}. "] if missing else []
    return "".join(told)

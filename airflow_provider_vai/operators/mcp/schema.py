"""Checks whether a tool of an MCP server still has the input schema that was reviewed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.operators.runtime.errors import NothingSent


def schema_sha256(input_schema: Mapping[str, Any]) -> str:
    """Return the digest of a tool's input schema for ``schema_sha256``: SHA-256 of its canonical JSON."""
    return json_text.digest(dict(input_schema))


def require_unchanged(tools: Iterable[Any], name: str, expected: str, arguments: Mapping[str, Any]) -> None:
    """Check that the server's tool ``name`` has the reviewed input schema.

    :param tools: the server's list of tools.
    :param expected: the digest of the reviewed schema.
    :param arguments: the arguments of the call, which show what changed in the schema.
    :raises NothingSent: the tool no longer exists, or its schema has changed.
    """
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is None:
        raise NothingSent(f"the server no longer has the tool {name!r}: change the step to another tool")
    # the field is input_schema in mcp 2, and inputSchema in mcp 1
    schema = tool.input_schema if hasattr(tool, "input_schema") else tool.inputSchema
    actual = schema_sha256(schema)
    if actual == expected:
        return
    raise NothingSent(
        f"the tool {name!r} has changed since it was reviewed: the digest of its input schema was {expected} and is now"
        f" {actual}. {_changes(schema, arguments)}Review it and set schema_sha256 to the new digest"
    )


def _changes(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    # Only the digest of the reviewed schema is known. But the arguments matched it, so a mismatch shows a change.
    known = schema.get("properties")
    unknown = sorted(set(arguments) - set(known)) if isinstance(known, Mapping) else []
    missing = sorted(set(schema.get("required") or ()) - set(arguments))
    changes = [f"It no longer accepts {', '.join(unknown)}. "] if unknown else []
    changes += [f"It now requires {', '.join(missing)}. "] if missing else []
    return "".join(changes)

"""The drift check of an MCP tool."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_vai.operators.mcp import schema as mcp_schema
from airflow_provider_vai.operators.runtime.errors import NothingSent

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}


@pytest.mark.parametrize("field", ["input_schema", "inputSchema"])
def test_the_same_schema_passes(field: str) -> None:
    """The order of keys does not count; both generations of the mcp library are read."""
    tool = SimpleNamespace(**{"name": "t", field: dict(reversed(SCHEMA.items()))})

    mcp_schema.require_unchanged([tool], "t", mcp_schema.schema_sha256(SCHEMA), {"a": 1})


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"properties": {"a": {"type": "string"}, "b": {}}}, "was"),
        ({"properties": {"a": {"type": "integer"}}}, "It no longer takes b."),
        ({"required": ["a", "c"]}, "It now requires c."),
    ],
)
def test_another_schema_is_told_with_both_digests(changed: dict[str, Any], told: str) -> None:
    """The message holds what was reviewed, what is there, and which names no longer fit."""
    now = {**SCHEMA, **changed}
    tool = SimpleNamespace(name="t", input_schema=now)
    with pytest.raises(NothingSent) as refusal:
        mcp_schema.require_unchanged([tool], "t", mcp_schema.schema_sha256(SCHEMA), {"a": 1, "b": 2})

    for part in (told, mcp_schema.schema_sha256(SCHEMA), mcp_schema.schema_sha256(now)):
        assert part in str(refusal.value)


def test_a_tool_that_is_gone_is_told() -> None:
    """A tool that the server no longer lists is a change too."""
    with pytest.raises(NothingSent, match="no tool 't' any more"):
        mcp_schema.require_unchanged([], "t", "0" * 64, {})

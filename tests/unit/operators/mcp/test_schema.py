"""The check that an MCP tool's input schema has not changed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_vai.operators.mcp import schema as mcp_schema
from airflow_provider_vai.operators.runtime.errors import NothingSent

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}


@pytest.mark.parametrize("field", ["input_schema", "inputSchema"])
def test_the_same_schema_passes(field: str) -> None:
    """The order of keys does not matter, and both versions of the mcp library are supported."""
    tool = SimpleNamespace(**{"name": "t", field: dict(reversed(SCHEMA.items()))})

    mcp_schema.require_unchanged([tool], "t", mcp_schema.schema_sha256(SCHEMA), {"a": 1})


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"properties": {"a": {"type": "string"}, "b": {}}}, "was"),
        ({"properties": {"a": {"type": "integer"}}}, "It no longer accepts b."),
        ({"required": ["a", "c"]}, "It now requires c."),
    ],
)
def test_another_schema_is_told_with_both_digests(changed: dict[str, Any], told: str) -> None:
    """The message has both digests and the arguments that no longer match."""
    now = {**SCHEMA, **changed}
    tool = SimpleNamespace(name="t", input_schema=now)
    with pytest.raises(NothingSent) as refusal:
        mcp_schema.require_unchanged([tool], "t", mcp_schema.schema_sha256(SCHEMA), {"a": 1, "b": 2})

    for part in (told, mcp_schema.schema_sha256(SCHEMA), mcp_schema.schema_sha256(now)):
        assert part in str(refusal.value)


def test_a_tool_that_is_gone_is_told() -> None:
    """A tool that the server no longer lists is an error, too."""
    with pytest.raises(NothingSent, match="no longer has the tool 't'"):
        mcp_schema.require_unchanged([], "t", "0" * 64, {})

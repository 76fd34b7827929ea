"""The tools that an agent may call, and its usage limits."""

from __future__ import annotations

import pytest

from airflow_provider_vai.operators.mcp import agent_tools
from airflow_provider_vai.operators.runtime.errors import NothingSent


def test_entries_of_one_connection_are_one_toolset() -> None:
    """Tools of one server are grouped; an entry for the whole server includes them, in any order."""
    assert agent_tools.allowed(["mcp:a/x", "mcp:a/y", "mcp:b", "mcp:b/z", "sql:a", "mcp:c/x", "mcp:c"]) == {
        ("mcp", "a"): {"x", "y"},
        ("mcp", "b"): None,
        ("sql", "a"): None,
        ("mcp", "c"): None,
    }


@pytest.mark.parametrize(
    "entry", ["", "mcp", "mcp:", "mcp:a/", "MCP:a", "sql:a/t", "http:a", "mcp:a b", "mcp:a/x y", " mcp:a", "mcp:a\n", 1]
)
def test_other_entries_are_refused_by_name(entry: object) -> None:
    """An entry of another form is refused instead of guessed at."""
    with pytest.raises(NothingSent) as refusal:
        agent_tools.allowed([entry])  # type: ignore[list-item]

    assert repr(entry) in str(refusal.value)


def test_no_entries_mean_no_tools() -> None:
    """Without entries there are no toolsets."""
    assert agent_tools.toolsets([]) is None

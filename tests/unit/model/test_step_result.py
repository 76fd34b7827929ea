"""What a step's result will be, given what its recorded call returned."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.step_result import mapped_result, step_result

TABLE = {"columns": ["id"], "rows": [{"id": 1}], "row_count": 1}
ROWS = [{"id": 1}]


@pytest.mark.parametrize(
    ("kind", "recorded", "expected"),
    [
        ("mcp_tool", {"id": 1}, {"id": 1}),
        ("http_request", {"id": 1}, None),
        ("mcp_tool", "text", "text"),
        ("generate_query", TABLE, TABLE),
        ("generate_query", ROWS, {"rows": ROWS}),
        ("generate_query", {"rows": ROWS, "took": 3}, {"rows": ROWS}),
        ("generate_query", {"data": ROWS}, None),
        ("generate_query", None, None),
        ("mcp_tool", None, None),
        ("create_flashboard", {"path": "x"}, None),
        ("gone", {"id": 1}, None),
    ],
)
def test_results_by_kind(kind: str, recorded: Any, expected: Any) -> None:
    """A kind that returns a table has rows; nothing can be wired to a kind with a result of its own."""
    assert step_result(by_name().get(kind), recorded) == expected


def test_a_mapped_step_has_one_result_for_each_element() -> None:
    """Each is what the kind makes of it; one unknown result makes the whole unknown."""
    assert mapped_result(by_name()["generate_query"], [ROWS, TABLE]) == [{"rows": ROWS}, TABLE]
    assert mapped_result(by_name()["mcp_tool"], ["a", "b"]) == ["a", "b"]
    assert mapped_result(by_name()["mcp_tool"], ["a", None]) is None
    assert mapped_result(by_name()["create_flashboard"], [{"path": "x"}]) is None

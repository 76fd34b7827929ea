"""Proposals for a tools file: in doubt, a tool is a write."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_vai.authoring.tool_proposals import proposals, tools_file
from airflow_provider_vai.model.tools_file import read_tools
from tests.unit.support import call, hostile, run


@pytest.mark.parametrize(
    ("tool", "effect", "why"),
    [
        ("get_order", "read", "begins with get"),
        ("getOrder", "read", "begins with get"),
        ("list-files", "read", "begins with list"),
        ("mcp__shop__search_items", "read", "begins with search"),
        ("get_or_create_user", "write", "the word create"),
        ("sendMail", "write", "the word send"),
        ("HTTPDelete", "write", "the word delete"),
        ("order_lookup", "write", "begins with order"),
        ("find_and_notify", "write", "the word notify"),
        ("budget_report", "write", "does not say"),
        ("forget", "write", "does not say"),
        ("東京", "write", "does not say"),
        ("", "write", "does not say"),
    ],
)
def test_effects_by_name(tool: str, effect: str, why: str) -> None:
    """Only a name that begins with a word of reading, and has none of writing, is a read."""
    (found,) = proposals([run(call(tool))])

    assert found.effect == effect
    assert why in found.why


@pytest.mark.parametrize("state", ["approved", "edited", "denied"])
def test_what_a_person_was_asked_about_is_a_write(state: str) -> None:
    """Whatever its name says."""
    (found,) = proposals([run(call("get_order"), call("get_order", approval=state))])

    assert (found.effect, found.calls) == ("write", 2)


def test_a_kind_needs_no_rule() -> None:
    """A tool with the name of an action kind is listed in a comment; a gate is none that a tool can be."""
    found = proposals([run(call("http_request"), call("approval_gate"))])

    assert [one.needs_rule for one in found] == [False, True]
    assert "# http_request: the name of an action kind" in tools_file(found, "a.json")


@pytest.mark.parametrize(
    ("arguments", "kind", "line"),
    [
        ({"sql": "SELECT 1"}, "generate_query", 'conn_id = "warehouse"'),
        ({"query": " with a as (select 1) select * from a"}, "generate_query", 'arguments = { query = "sql" }'),
        ({"sql": "DELETE FROM orders"}, "python_tool", 'effect = "write"'),
        ({"sql": "SELECT 1", "limit": 5}, "python_tool", 'effect = "write"'),
        ({"query": "coffee prices"}, "python_tool", 'effect = "write"'),
        ({"sql": None}, "python_tool", 'effect = "write"'),
        ({}, "python_tool", 'effect = "write"'),
    ],
)
def test_a_tool_that_only_selects_is_a_query(
    arguments: dict[str, object], kind: str, line: str, tmp_path: Path
) -> None:
    """If each call is one statement that selects, a query is proposed, and the file is accepted."""
    found = proposals([run(call("run_sql", arguments), call("run_sql", arguments))])
    text = tools_file(found, "a.json")
    (tmp_path / "vai-tools.toml").write_text(text, encoding="utf-8")

    assert [one.kind for one in found] == [kind]
    assert line in text
    assert [rule.kind for rule in read_tools(None, tmp_path / "trace").tools] == [kind]


def test_a_query_that_a_person_was_asked_about_is_no_mere_query() -> None:
    """One statement that changes something, or one question to a person, decides about the tool."""
    select, change = {"sql": "SELECT 1"}, {"sql": "UPDATE orders SET total = 1"}

    assert proposals([run(call("run_sql", select), call("run_sql", change))])[0].kind == "python_tool"
    assert proposals([run(call("run_sql", select, approval="approved"))])[0].effect == "write"


@pytest.mark.parametrize("entry", hostile("text", "names"), ids=lambda entry: entry["name"])
def test_hostile_names(entry: dict[str, list[object]], tmp_path: Path) -> None:
    """The file is TOML whatever the tools are called, and its rules cover those tools."""
    values = entry.get("values") or [entry["value"]]
    names = [value for value in values if isinstance(value, str) and value]
    found = proposals([run(*map(call, names))])
    (tmp_path / "vai-tools.toml").write_text(tools_file(found, "\n".join(names)), encoding="utf-8")
    rules = read_tools(None, tmp_path / "trace.json")

    assert [name for name in names if rules.rule(name, None) is None] == []

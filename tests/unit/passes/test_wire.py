"""Wires: only where the value is proven to be one earlier step's result, and nobody said it first."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.automation import Argument, Step
from airflow_provider_vai.run import Run, ToolCall, Turn
from unit.support import MCP, call, crystallized, run

ROWS = [{"month": "2025-01", "revenue": 10.5}, {"month": "2025-02", "revenue": 11}]
QUERY = {"match": "query*", "kind": "generate_query"}
BOARD = {"match": "board", "kind": "create_flashboard"}
SQL = {"sql": "SELECT 1"}


def steps(recorded: Run, **policy: Any) -> dict[str, Step]:
    """Return the steps by key, without gates."""
    return {step.key: step for step in crystallized(recorded, QUERY, BOARD, MCP, gates="recorded", **policy).steps}


def argument(*calls: ToolCall, **facts: Any) -> Argument:
    """Return the last call's ``arguments``."""
    return list(steps(run(*calls, **facts)).values())[-1].arguments["arguments"]


def wires(found: Argument) -> dict[str, str]:
    """Return place -> source of each wire, as text."""
    named = {".".join(map(str, wire.at)): wire.from_ for wire in found.wires}
    named |= {"*": found.from_} if found.from_ else {}
    return {place: "/".join([source.step, *map(str, source.path)]) for place, source in named.items()}


@pytest.mark.parametrize(
    ("result", "arguments", "expected"),
    [
        ("record 4711", {"id": "record 4711"}, {"id": "look"}),
        ("record 4711", {"a": [{"b": ["x", "record 4711"]}]}, {"a.0.b.1": "look"}),
        ("record 4711", {"a": "record 4711", "b": "record 4711"}, {"a": "look", "b": "look"}),
        ({"id": 7, "name": "x"}, {"item": {"name": "x", "id": 7}}, {"item": "look"}),
        ([1, 2, 3], {"ids": [1, 2, 3]}, {"ids": "look"}),
        ({"rows": ROWS, "took": 3}, {"data": ROWS}, {"data": "look/rows"}),
        ({"id": 7}, {"id": 7}, {"*": "look"}),
        ("record 4711", {"id": "record 4711 "}, {}),
        ("record 4711", {"id": "see record 4711"}, {}),
        ({"id": "record 4711"}, {"id": "record 4711"}, {"*": "look"}),
        ({"id": "record 4711", "n": 1}, {"id": "record 4711"}, {}),
        ([1, 2, 3], {"ids": [1, 2]}, {}),
        ([1, 2, 3], {"ids": [1.0, 2, 3]}, {}),
        ([1, 0], {"ids": [True, False]}, {}),
        ("record 4711", {"record 4711": 1}, {}),
        ("abc", {"id": "abc"}, {}),
        ("", {"id": ""}, {}),
        (4711, {"id": 4711}, {}),
        (True, {"is": True}, {}),
        (None, {"is": None}, {}),
        ([], {"ids": []}, {}),
        ({}, {"a": {}}, {}),
    ],
)
def test_what_is_wired(result: Any, arguments: Any, expected: dict[str, str]) -> None:
    """The whole result, or its rows, at any place; no numbers, flags, short or empty values, parts, near misses."""
    found = argument(call("look", result=result), call("send", arguments))
    assert wires(found) == expected
    assert (found.class_ == "wired") is bool(expected)
    if not expected:
        assert found.value == arguments


def test_wired_place_is_null_and_the_rest_stays() -> None:
    """The value without the wired parts is kept beside the wires, with the calls as evidence."""
    found = argument(call("look", result="record 4711"), call("send", {"a": 1, "b": ["record 4711", 1.0]}))
    assert repr(found.value) == repr({"a": 1, "b": [None, 1.0]})
    assert found.evidence == ["call c1"]


def test_calls_of_one_batch_cannot_see_each_other() -> None:
    """The model wrote them together: equal values are chance, or the user's."""
    one, other = call("look", result="record 4711", batch=0), call("send", {"id": "record 4711"}, batch=0)
    assert wires(argument(one, other)) == {}
    assert wires(argument(one, other.model_copy(update={"batch": 1}))) == {"id": "look"}


def test_a_batch_is_one_batch_wherever_its_calls_stand() -> None:
    """Calls sorted by time may stand between those of another batch: still none of a batch sees another one."""
    first = call("look", result="record 4711", batch=0)
    between = call("other", result="something else", batch=1)
    assert wires(argument(first, between, call("send", {"id": "record 4711"}, batch=0))) == {}


def test_a_later_result_is_no_source() -> None:
    """Only what stood before the call."""
    found = steps(run(call("send", {"id": "record 4711"}), call("look", result="record 4711")))
    assert wires(found["send"].arguments["arguments"]) == {}


def test_ties_stay_frozen_and_are_listed() -> None:
    """Two steps gave the same value: the reviewer reads which, and decides."""
    calls = (
        call("look", result="record 4711"),
        call("find", result="record 4711"),
        call("send", {"id": "record 4711"}),
    )
    found = argument(*calls)
    assert (found.class_, found.value) == ("frozen", {"id": "record 4711"})
    assert found.evidence == ["id equals the results of look, find: left frozen"]
    review = crystallized(run(*calls), gates="recorded").review
    assert "send.arguments: id equals the results of look, find: left frozen" in review


@pytest.mark.parametrize(
    ("left_out", "policy"),
    [
        (call("find", result="record 4711"), {"exclude": ("find",)}),
        (call("find", result="record 4711", turn=0), {"turns": frozenset({1})}),
    ],
    ids=["excluded", "of another turn"],
)
def test_a_call_without_a_step_may_be_the_source_too(left_out: ToolCall, policy: dict[str, Any]) -> None:
    """If such a call gave the value first, it is not proven to come from the step that gave the same."""
    look, send = call("look", result="record 4711", turn=1), call("send", {"id": "record 4711"}, turn=1)
    found = steps(run(left_out, look, send), **policy)["send"].arguments["arguments"]
    assert wires(found) == {}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"turns": [Turn(index=0, user_text="Send record 4711 to Mia")]}, {}),
        ({"turns": [Turn(index=0, user_text="go"), Turn(index=1, user_text="record 4711!")]}, {}),
        ({"turns": [Turn(index=0, user_text="go"), Turn(index=2, user_text="record 4711!")]}, {"id": "look"}),
        ({"system_text": "Always send record 4711."}, {}),
        ({"turns": [Turn(index=0, user_text=None)]}, {"id": "look"}),
        ({"turns": [Turn(index=0, user_text="Send record 47")]}, {"id": "look"}),
    ],
)
def test_what_was_said_stays_frozen(facts: dict[str, Any], expected: dict[str, str]) -> None:
    """A text that the user or the instructions said before the call is theirs."""
    found = argument(call("look", result="record 4711"), call("send", {"id": "record 4711"}, turn=1), **facts)
    assert wires(found) == expected


@pytest.mark.parametrize(
    ("rule", "one", "name"),
    [
        (MCP, call("record 4711"), "tool"),
        (QUERY, call("query", {"sql": "record 4711"}), "sql"),
        (QUERY, call("query", {**SQL, "conn_id": "record 4711"}), "conn_id"),
        ({"match": "req", "kind": "http_request"}, call("req", {"url": "record 4711"}), "endpoint"),
    ],
)
def test_what_decides_what_runs_is_never_wired(rule: Any, one: ToolCall, name: str) -> None:
    """Statement, connection, address and tool stay as they were reviewed, whatever they equal."""
    automation = crystallized(run(call("look", result="record 4711"), one), rule, MCP, gates="recorded")
    found = automation.steps[-1].arguments[name]
    assert (found.class_, found.value) == ("frozen", "record 4711")


@pytest.mark.parametrize(
    ("result", "dataset", "expected"),
    [
        ({"rows": ROWS}, ROWS, {"d": "query/rows"}),
        ({"columns": ["month"], "rows": ROWS, "row_count": 2}, ROWS, {"d": "query/rows"}),
        (
            {"columns": ["month"], "rows": ROWS, "row_count": 2},
            {"columns": ["month"], "rows": ROWS, "row_count": 2},
            {"d": "query"},
        ),
        ({"sql": "S", "rows": ROWS}, {"sql": "S", "rows": ROWS}, {"d.rows": "query/rows"}),
        (ROWS, ROWS, {"d": "query/rows"}),
        ([["2025-01", 1]], [["2025-01", 1]], {"d": "query/rows"}),
        ({"rows": ROWS}, ROWS[:1], {}),
    ],
)
def test_rows_of_a_query(result: Any, dataset: Any, expected: dict[str, str]) -> None:
    """A query step leaves a table: its rows are wired, whatever shape the trace kept them in."""
    recorded = run(call("query", SQL, result), call("board", {"title": "T", "charts": [], "datasets": {"d": dataset}}))
    assert wires(steps(recorded)["board"].arguments["datasets"]) == expected


def test_a_board_is_no_source() -> None:
    """What a flashboard step leaves is not what the recorded tool said."""
    board = call("board", {"title": "T", "charts": []}, {"flashboard": "board 4711"})
    assert wires(argument(board, call("send", {"x": {"flashboard": "board 4711"}}))) == {}


def test_a_place_with_a_secret_is_not_wired() -> None:
    """The connection supplies it."""
    found = argument(call("look", result="not a password"), call("send", {"password": "not a password"}))
    assert (wires(found), [secret.at for secret in found.secrets]) == ({}, [["password"]])


def test_freeze_all_makes_literals_only() -> None:
    """The user's word."""
    recorded = run(call("look", result="record 4711"), call("send", {"id": "record 4711"}))
    found = steps(recorded, freeze_all=True)["send"].arguments["arguments"]
    assert (found.class_, found.value, found.evidence) == ("frozen", {"id": "record 4711"}, [])

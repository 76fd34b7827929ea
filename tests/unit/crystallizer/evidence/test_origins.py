"""Origins: the first source of each value."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.crystallizer.assign import assign
from airflow_provider_vai.crystallizer.draft import Draft, Policy
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.leaf_origins import CONSTANT
from airflow_provider_vai.crystallizer.evidence.origins import MOST_LINES, origins
from airflow_provider_vai.crystallizer.redact import redact
from airflow_provider_vai.crystallizer.wiring.wire import MOST_NOTES, wire
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.run import Run, ToolCall, Turn
from airflow_provider_vai.model.tools_file import ToolRule
from tests.unit.support import call, run, tools


def traced(recorded: Run, *rules: ToolRule | dict[str, Any], wires: bool = True) -> list[Draft]:
    """Return the drafts with their origins."""
    drafts, _ = redact(assign(recorded.calls, tools(*rules), Policy()))
    evidence = Evidence(recorded, tools(), drafts)
    return origins(wire(drafts, evidence) if wires else drafts, evidence)


def argument(*calls: ToolCall, **facts: Any) -> Argument:
    """Return the last call's ``arguments``."""
    return traced(run(*calls, **facts))[-1].arguments["arguments"]


LOOK = call("look", result={"id": "record 4711", "note": "Ask Mia Muster about it.", "amount": 12.5})


@pytest.mark.parametrize(
    ("value", "origin", "evidence"),
    [
        ("Bern", "user", "x: given by the user in turn 0"),
        ("bern", "user", "x: given by the user in turn 0"),
        (30, "user", "x: given by the user in turn 0"),
        ("polite", "system", "x: given in the instructions"),
        ("Mia Muster", "tool_output", "x: from inside the result of look (call c1)"),
        (12.5, "tool_output", "x: from look[amount] (call c1)"),
        ("Rome", "model", "x: written by the model; not found earlier in the run"),
        ("Bernard", "model", "x: written by the model; not found earlier in the run"),
        (3, "model", "x: written by the model; not found earlier in the run"),
        (True, "model", "x: written by the model, or too small to trace"),
        (None, "model", "x: written by the model, or too small to trace"),
    ],
)
def test_who_said_it(value: Any, origin: str, evidence: str) -> None:
    """Whole words count, people's in any case, numbers in any spelling."""
    turns = [Turn(index=0, user_text="Book Bern for 30.00 please"), Turn(index=1, user_text="Rome")]
    found = argument(LOOK, call("send", {"x": value}), turns=turns, system_text="Be polite.")
    assert (found.origin, found.evidence) == (origin, [evidence])


def test_who_was_first_counts() -> None:
    """What a result said before the user repeated it is the result's; the user's before is the user's."""
    later = [Turn(index=0, user_text="go"), Turn(index=1, user_text="yes, record 4711")]
    found = argument(LOOK, call("send", {"x": "record 4711"}, turn=1), turns=later)
    assert (found.class_, found.origin) == ("frozen", "tool_output")
    assert found.evidence == ["x: from look[id] (call c1), repeated by the user in turn 1"]
    first = [Turn(index=0, user_text="look for record 4711")]
    assert argument(LOOK, call("send", {"x": "record 4711"}), turns=first).origin == "user"


def test_what_the_model_repeats_stays_its_own() -> None:
    """A result that echoes an argument of the same call is no origin."""
    opened = call("open", {"title": "Grand plan"}, {"title": "Grand plan", "n": 1})
    found = argument(opened, call("send", {"x": "Grand plan"}))
    assert (found.origin, found.evidence) == ("model", ["x: written by the model, first for open (call c1)"])


def test_values_that_do_not_agree_are_listed() -> None:
    """The argument has no origin then, and each place has its own."""
    found = argument(
        LOOK,
        call("send", {"a": "record 4711", "b": "Bern", "c": ["x y", "z w"]}),
        turns=[Turn(index=0, user_text="Bern")],
    )
    assert (found.class_, found.origin) == ("wired", None)
    assert found.evidence == [
        "a: from look[id] (call c1); no other result has it",
        "b: given by the user in turn 0",
        "c.0, c.1: written by the model; not found earlier in the run",
    ]


def test_wired_as_a_whole() -> None:
    """A wire is an earlier result's."""
    assert argument(LOOK, call("send", {"x": "record 4711"})).origin == "tool_output"


def test_kind_and_tools_file() -> None:
    """What the recorded call did not hold was decided here."""
    found = traced(
        run(call("query", {"sql": "SELECT 1"})), {"match": "query", "kind": "generate_query", "conn_id": "dw"}
    )
    said = {name: it.origin for name, it in found[0].arguments.items()}
    assert said == {"sql": "model", "conn_id": "constant"}
    found = traced(run(call("req", {"url": "/x", "method": "GET"})), {"match": "req", "kind": "http_request"})
    assert found[0].arguments["method"].origin == "constant"


def test_no_arguments() -> None:
    """Nobody had to say anything."""
    assert argument(call("send", {})).evidence == []


def test_secrets() -> None:
    """A credential is named as such, and not shown; no line holds one."""
    token = "ghp_" + "a1" * 18
    found = argument(call("look", result={"token": token}), call("send", {"token": token, "x": "word"}))
    assert found.origin == "secret"
    assert "token: a credential, stored in a connection" in found.evidence
    assert token not in repr(found)


def test_a_credential_in_a_place_is_masked() -> None:
    """Keys are data, too."""
    token = "ghp_" + "a1" * 18
    found = argument(call("look", result={token: {"amount": 250}}), call("send", {"amount": 250}))
    assert token not in repr(found)


def test_long_arguments() -> None:
    """The evidence stays short."""
    found = argument(call("send", {f"k{number}": f"text {number}" for number in range(500)}))
    assert found.evidence == ["k0, k1, k2, k3, k4 and 195 more: written by the model; not found earlier in the run"]
    many = argument(
        *[call(f"get_{n}", result={"id": f"R-{n:04}", "x": f"R-{n:04}"}) for n in range(30)],
        call("send", {f"k{n}": f"R-{n:04}" for n in range(30)}),
    )
    assert len(many.evidence) <= MOST_NOTES + MOST_LINES + 2


def test_freezing_all_keeps_the_origins() -> None:
    """They do not depend on wires."""
    found = traced(run(LOOK, call("send", {"x": "record 4711"})), wires=False)[-1].arguments["arguments"]
    assert (found.class_, found.origin, found.evidence) == ("frozen", "tool_output", ["x: from look[id] (call c1)"])


def test_texts_of_the_tools_file_are_one_argument() -> None:
    """The name of a tool and its connection are the same argument in every step; what calls sent is each step's own."""
    rule = {"match": "*", "kind": "mcp_tool", "conn_id": "crm", "effect": "read"}
    one, two, other = traced(run(call("look", {"x": "Rome"}), call("look", {"x": "Rome"}), call("see")), rule)

    for name in ("tool", "conn_id"):
        assert one.arguments[name] is two.arguments[name]
        assert (one.arguments[name].origin, one.arguments[name].value) == ("constant", one.values[name])
        assert one.arguments[name].evidence == [f"the value: {CONSTANT}"]
    assert other.arguments["conn_id"] is one.arguments["conn_id"]
    assert (one.arguments["tool"].value, other.arguments["tool"].value) == ("look", "see")
    assert one.arguments["arguments"] is not two.arguments["arguments"]
    assert one.arguments["arguments"].evidence != two.arguments["arguments"].evidence


def test_a_text_that_the_call_sent_as_well_is_not_taken_for_a_constant() -> None:
    """A text is the kind's only if the call did not send it, also where another step has it from the tools file."""
    rule = {"match": "*", "kind": "mcp_tool", "conn_id": "crm", "effect": "read"}
    one, two = traced(run(call("look", {"x": 1}), call("look", {"x": "crm"})), rule)

    assert (one.arguments["conn_id"].origin, two.arguments["conn_id"].origin) == ("constant", "model")

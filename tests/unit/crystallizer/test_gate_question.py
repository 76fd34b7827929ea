"""The arguments of a gate: question, recorded values, form fields and denied arguments."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.renderer.render import render
from tests.unit.support import call, crystallized, run, tasks

SEND = {"match": "send", "kind": "mcp_tool", "conn_id": "mail"}
POST = {"match": "post", "kind": "http_request", "conn_id": "api"}


def gate(*calls: Any, rule: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the arguments of the last gate, from the rendered file."""
    automation = crystallized(run(*calls), {**rule, **more}, {"match": "*", "kind": "mcp_tool", "conn_id": "x"})
    gates: list[Step] = [step for step in automation.steps if step.kind == "approval_gate"]
    return tasks(render(automation))[gates[-1].task_id].keywords


def test_computed_arguments_bring_their_recorded_value() -> None:
    """A wired argument is shown beside what it was; a frozen one is what it was."""
    report = {"text": "Sales went up by 4 % in March."}
    shown = gate(call("look", {}, report), call("send", {"body": report, "to": "ada"}), rule=SEND)

    assert shown["recorded"] == {"arguments": {"arguments": {"body": report, "to": "ada"}}}
    assert "recorded" not in gate(call("send", {"to": "ada"}), rule=SEND)


def test_a_long_recorded_value_is_left_out() -> None:
    """A large recorded value is not copied into the gate."""
    rows = [{"n": number} for number in range(500)]

    assert "recorded" not in gate(call("look", {}, rows), call("send", {"body": rows}), rule=SEND)


def test_settings_of_the_tools_file_stand_in_the_gate() -> None:
    """Who may answer, by when, what silence means and how far trust goes come from the rule."""
    settings = {
        "assigned_users": ["ada"],
        "response_timeout": 3600,
        "on_timeout": "reject",
        "on_reject": "fail",
        "trust_for": 86400,
        "trust_uses": 5,
    }
    shown = gate(call("send", {"to": "ada"}), rule=SEND, gate=settings)

    assert {name: shown[name] for name in settings} == settings


@pytest.mark.parametrize(
    ("rule", "arguments", "name", "expected"),
    [
        (SEND, {"to": "ada"}, "to", {"arguments.to": {"type": "string"}}),
        (SEND, {"n": 5}, "n", {"arguments.n": {"type": "integer"}}),
        (POST, {"url": "/x", "method": "POST"}, "endpoint", {"endpoint": {"type": "string"}}),
        (POST, {"url": "/x", "method": "POST", "data": "a"}, "data", {"data": {"type": ["string", "null"]}}),
        (POST, {"url": "/x", "method": "POST", "body": {"n": 1}}, "json", {"json": {"type": "object"}}),
    ],
)
def test_editable_arguments_have_the_schema_of_their_kind(
    rule: dict[str, Any], arguments: Any, name: str, expected: dict[str, Any]
) -> None:
    """A field has the type that the kind declares, else that of the recorded value."""
    shown = gate(call(rule["match"], arguments), rule=rule, gate={"editable": [name, "gone"]})

    (place,) = expected
    assert list(shown["editable"]) == [place]
    assert shown["editable"][place]["type"] == expected[place]["type"]


def test_a_denied_call_is_never_let_pass() -> None:
    """Arguments that a person denied in the recorded run are in the gates of the tool's steps."""
    denied = call("send", None, proposed_arguments={"to": "eve"}, outcome="denied")
    shown = gate(denied, call("send", {"to": "ada"}), rule=SEND)

    assert shown["denied"] == [{"tool": "send", "arguments": {"to": "eve"}, "conn_id": "mail"}]


@pytest.mark.parametrize(
    "denied",
    [
        call("send", None, proposed_arguments={"to": "ada"}, outcome="denied"),
        call("other", None, proposed_arguments={"to": "eve"}, outcome="denied"),
        call("send", None, proposed_arguments="not JSON", outcome="denied"),
        call("send", None, proposed_arguments={"password": "hunter2hunter2"}, outcome="denied"),
        call("send", {"to": "eve"}, outcome="failed"),
    ],
    ids=["approved when asked again", "another tool", "no arguments", "a credential", "failed"],
)
def test_what_is_no_denied_call_of_this_step(denied: Any) -> None:
    """A call that was approved after all, another tool's, and one that cannot be written down are no guard."""
    assert "denied" not in gate(denied, call("send", {"to": "ada"}), rule=SEND)

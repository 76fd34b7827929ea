"""The platform's agent runs and chat threads."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import ToolCall
from tests.unit.traces.formats.support import SAMPLES, one_run


def snake(value: Any) -> Any:
    """Return a document with snake_case keys."""
    if isinstance(value, dict):
        return {re.sub("[A-Z]", lambda upper: f"_{upper[0].lower()}", key): snake(item) for key, item in value.items()}
    return [snake(item) for item in value] if isinstance(value, list) else value


def call(action: dict[str, Any], *approvals: dict[str, Any]) -> ToolCall:
    """Return the one call of an agent run with this action run and these approval requests."""
    whole = {"id": "a", "kind": "http_request", "status": "completed", "definition": {"x": 1}, **action}
    document = {"agentRun": {"id": "r"}, "actionRuns": [whole], "approvals": list(approvals)}
    return one_run("vai", document).calls[0]


def approval_request(**more: Any) -> dict[str, Any]:
    """Return an approval request about the call."""
    return {"toolCallId": "a", "status": "approved", **more}


def test_agent_run_values() -> None:
    """Calls are in the order of their start; the connection is an argument; the spec has the agent's name and model."""
    run = one_run("vai", SAMPLES["vai_agent_run.json"])
    assert (run.title, run.agent, run.model) == ("Sales analyst", "sales-analyst", "orchestrator")
    assert run.system_text == "You prepare the weekly sales board."
    assert [turn.user_text for turn in run.turns] == ["Refresh the sales extract and show it on a board."]
    extract, _, board = run.calls
    assert extract.arguments == {"source": "shop", "resources": ["orders"], "connectionRef": "shop-main"}
    assert board.parent_id == "run-query"
    assert (board.proposed_arguments, board.arguments) == (
        {"title": "Week 9", "limit": 500},
        {"title": "Week 9", "limit": 20},
    )
    assert (board.approval.by, board.approval.note) == ("user-mia", "Twenty rows are enough.")


def test_chat_thread_values() -> None:
    """Turns, messages and approvals are joined with the action runs by their ids."""
    run = one_run("vai", SAMPLES["vai_chat_thread.json"])
    assert (run.title, run.system_text) == ("Late parcels", "Help the warehouse team.")
    assert [turn.user_text for turn in run.turns] == [
        "Which parcels are late?",
        "Tell the carrier about P-77.",
        "Delete the old parcels.",
    ]
    failed, retried, notice, denied = run.calls
    assert (failed.result, failed.error) == (None, "no such table: parcel")
    assert retried.result == {"rows": [{"id": "P-77"}]}
    assert notice.approval.at == datetime(2025, 4, 1, 8, 5, 50, tzinfo=timezone.utc)
    assert (denied.arguments, denied.proposed_arguments) == (
        None,
        {"table": "parcels", "older_than_days": 30},
    )
    assert denied.approval.note == "Keep them until the audit."
    assert run.notes == []


@pytest.mark.parametrize("file", ["vai_agent_run.json", "vai_chat_thread.json"])
def test_snake_case_reads_alike(file: str) -> None:
    """Both spellings of the keys are read."""
    assert one_run("vai", snake(SAMPLES[file])).calls[0].model_dump(exclude={"arguments", "proposed_arguments"}) == (
        one_run("vai", SAMPLES[file]).calls[0].model_dump(exclude={"arguments", "proposed_arguments"})
    )


@pytest.mark.parametrize(
    ("status", "outcome", "has_run"),
    [
        ("completed", "success", True),
        ("COMPLETED", "success", True),
        ("failed", "failed", True),
        ("cancelled", "interrupted", False),
        ("rejected", "denied", False),
        ("running", "unknown", True),
        ("pending", "unknown", False),
        ("awaiting_approval", "unknown", False),
        ("strange", "unknown", False),
        (None, "unknown", False),
    ],
)
def test_status(status: str | None, outcome: str, has_run: bool) -> None:
    """Each status has its outcome; an action run that never started has no executed arguments."""
    found = call({"status": status})
    assert found.outcome == outcome
    assert (found.arguments is not None) == has_run


def test_a_run_cancelled_after_its_start_has_run() -> None:
    """A start is evidence that the definition was executed."""
    assert call({"status": "cancelled", "startedAt": "2025-01-01T00:00:00Z"}).arguments == {"x": 1}


@pytest.mark.parametrize(
    ("request_", "state"),
    [
        (approval_request(), "approved"),
        (approval_request(requestPayload={"definition": {"x": 1}}), "approved"),
        (approval_request(requestPayload={"arguments": {"x": 2}}), "edited"),
        (approval_request(requestPayload={"definition": {"x": True}}), "edited"),  # True is not 1
        (approval_request(status="pending"), "unknown"),
        (approval_request(status="DENIED"), "denied"),
        ({"approval": approval_request()}, "approved"),
        (approval_request(toolCallId="other"), "unknown"),
    ],
)
def test_approval(request_: dict[str, Any], state: str) -> None:
    """A call's request has its approval; executed arguments that differ from the requested ones are an edit."""
    assert call({}, request_).approval.state == state


def test_denial_wins() -> None:
    """A denial takes precedence over another decision, and over a status that says the call completed."""
    found = call({"result": {"y": 1}}, approval_request(status="rejected"), approval_request())
    assert (found.outcome, found.approval.state, found.arguments, found.result) == (
        "denied",
        "denied",
        None,
        None,
    )


def test_approval_of_an_unknown_call_is_noted() -> None:
    """A decision without an action run in the export is noted."""
    document = {"agentRun": {}, "actionRuns": [], "approvals": [approval_request()]}
    problem = "no action run of this export belongs to this approval request"
    assert one_run("vai", document).notes == [f"approvals[0]: {problem}"]


def test_a_missing_approval_is_unknown() -> None:
    """A missing decision is not evidence that no approval was required."""
    assert call({}).approval.state == "unknown"


def test_order_falls_back_to_creation_and_file() -> None:
    """Times with a time zone, without one, or none at all still give an order."""
    actions = [
        {"id": "3", "startedAt": "2025-01-03T00:00:00"},
        {"id": "4"},
        {"id": "1", "startedAt": "2025-01-01T00:00:00Z"},
        {"id": "2", "createdAt": "2025-01-02T00:00:00+02:00"},
    ]
    document = {"agentRun": {}, "actionRuns": [{"kind": "k", **action} for action in actions]}
    assert [found.id for found in one_run("vai", document).calls] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("last", "turns", "outcome"),
    [
        ("completed", ["failed", "completed"], "success"),
        ("completed", ["completed", "failed"], "failed"),
        (None, ["completed"], "success"),
        (None, [], "unknown"),
        ("FAILED", ["completed"], "failed"),
        ("running", [], "unknown"),
    ],
)
def test_thread_outcome(last: str | None, turns: list[str], outcome: str) -> None:
    """The last turn decides; an earlier failure was recovered from."""
    listed = [{"id": str(index), "status": status} for index, status in enumerate(turns)]
    document = {"thread": {"lastTurnStatus": last}, "turns": listed, "actionRuns": []}
    assert one_run("vai", document).outcome == outcome


def test_messages_without_turns_start_them() -> None:
    """Without turn ids, each user message starts a turn."""
    messages = [
        {"id": "m1", "role": "user", "content": "one"},
        {"id": "m2", "role": "assistant", "content": "…"},
        {"id": "m3", "role": "user", "content": "two"},
        {"id": "m4", "role": "assistant", "content": "…"},
    ]
    actions = [{"id": str(n), "kind": "k", "messageId": f"m{n}"} for n in (2, 4)]
    run = one_run("vai", {"thread": {}, "messages": messages, "actionRuns": actions})
    assert [turn.user_text for turn in run.turns] == ["one", "two"]
    assert [(found.turn, found.batch) for found in run.calls] == [(0, 0), (1, 1)]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"agentRun": {}}, r"file\.json: actionRuns: expected a list, found nothing"),
        ({"agentRun": {}, "actionRuns": [{"id": "a"}]}, r"actionRuns\[0\]\.kind: expected text"),
        (
            {"agentRun": {}, "actionRuns": [{"id": "a", "kind": "k", "definition": []}]},
            r"definition: expected an object",
        ),
        ({"thread": {}, "turns": [{}], "actionRuns": []}, r"turns\[0\]\.id: expected text"),
        ({"agentRun": {}, "actionRuns": [], "approvals": {}}, r"approvals: expected a list, found dict"),
    ],
)
def test_bad_shape_names_its_place(document: Any, problem: str) -> None:
    """The message has the place, the expected and the actual type."""
    with pytest.raises(MalformedTrace, match=problem):
        one_run("vai", document)


@pytest.mark.parametrize(
    ("spent", "found"),
    [
        ({"inputTokens": 900, "outputTokens": 80, "costUsd": 0.02}, (900, 80, 0.02)),
        ({"input_tokens": 900, "output_tokens": 80}, (900, 80, None)),
        ({}, None),
        ("much", None),
    ],
)
def test_usage(spent: Any, found: Any) -> None:
    """A run's usage is read in either spelling; without figures it is unknown."""
    run = {"id": "r", "status": "completed", "input": {"prompt": "go"}, "usage": spent}
    read = one_run("vai", {"agentRun": run, "actionRuns": []})

    cost = read.usage and (read.usage.input_tokens, read.usage.output_tokens, read.usage.cost_usd)
    assert cost == found

"""Events of Anthropic's managed agents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import ToolCall, Usage
from airflow_provider_vai.traces.formats import read
from tests.paths import TRACES
from tests.recordings import recording
from tests.unit.traces.formats.support import adapter, one_run, short

SAMPLE = json.loads((TRACES / "anthropic_managed.json").read_text())


def use(id: str | None = "c", kind: str = "agent.tool_use", **more: Any) -> dict[str, Any]:
    """Return a call."""
    return {"type": kind, "id": id, "name": "t", "input": {"x": 1}, **more}


def result(id: str | None = "c", kind: str = "agent.tool_result", **more: Any) -> dict[str, Any]:
    """Return a result."""
    return {"type": kind, "id": f"r-{id}", "tool_use_id": id, "content": [{"type": "text", "text": "ok"}], **more}


def confirm(decision: str, id: str = "c", **more: Any) -> dict[str, Any]:
    """Return the user's decision about a call."""
    return {"type": "user.tool_confirmation", "id": f"d-{id}", "tool_use_id": id, "result": decision, **more}


def call_of(*events: dict[str, Any]) -> ToolCall:
    """Read events with one call."""
    (call,) = one_run("anthropic_managed", list(events)).calls
    return call


def test_sample_is_what_the_library_reads() -> None:
    """The client library reads every event of the sample."""
    pytest.importorskip("anthropic", minversion="2")
    from anthropic.types.beta.sessions import BetaManagedAgentsStreamSessionEvents
    from pydantic import TypeAdapter

    for event in SAMPLE["events"]:
        TypeAdapter(BetaManagedAgentsStreamSessionEvents).validate_python(event)


def test_sample_calls_in_order() -> None:
    """Permissions and decisions are read as approvals; calls of one model request are a batch."""
    run = one_run("anthropic_managed", SAMPLE)
    assert [(call.id, *short(call), call.server, call.parent_id) for call in run.calls] == [
        ("c1", "bash", 0, 0, "success", "not_required", None, None),
        ("c2", "post", 0, 0, "success", "approved", "ledger", None),
        ("c3", "purge", 0, 0, "denied", "denied", "ledger", None),
        ("c4", "write", 0, 1, "denied", "denied", None, None),
        ("c5", "rate", 0, 1, "failed", "unknown", None, None),
        ("c6", "bash", 0, 1, "unknown", "unknown", None, "sthr_2"),
    ]
    assert run.notes == []


def test_sample_values() -> None:
    """A denial keeps the user's reason, and its result text is not a result."""
    run = one_run("anthropic_managed", SAMPLE)
    _, posted, purged, written, rated, waiting = run.calls
    assert (posted.arguments, posted.result, posted.approval.by) == ({"entry": 7}, {"posted": "E-700"}, "user")
    assert posted.approval.at is not None
    assert (purged.arguments, purged.result, purged.approval.note) == (None, None, "Not without the accountant")
    assert (written.arguments, written.error, written.approval.by) == (None, "not enabled", "permission policy")
    assert (rated.arguments, rated.error) == ({"of": "EUR"}, "no such currency")
    assert (waiting.arguments, waiting.proposed_arguments) == (None, {"command": "wc -l march.csv"})
    assert (run.id, run.title, run.agent, run.model) == ("sesn_1", "March", "Bookkeeper", "model-sample")
    assert (run.outcome, run.system_text, run.usage) == (
        "unknown",
        "You keep the books.",
        Usage(input_tokens=370, output_tokens=45),
    )


@pytest.mark.parametrize(
    ("events", "outcome", "approval"),
    [
        ([use(), result()], "success", "unknown"),
        ([use(evaluated_permission="allow"), result()], "success", "not_required"),
        ([use(evaluated_permission="ask"), result()], "success", "unknown"),
        ([use(evaluated_permission="perhaps"), result()], "success", "unknown"),
        ([use(evaluated_permission=["allow"]), result()], "success", "unknown"),
        ([use(evaluated_permission="ask"), confirm("allow")], "unknown", "approved"),
        ([use(evaluated_permission="ask"), confirm("deny"), result()], "denied", "denied"),
        ([use(evaluated_permission="ask"), result(), confirm("deny")], "denied", "denied"),
        ([use(evaluated_permission="deny"), result()], "denied", "denied"),
        ([use(), result(is_error=True)], "failed", "unknown"),
        ([use(), {"type": "user.interrupt", "id": "i"}], "interrupted", "unknown"),
        ([use(), {"type": "user.interrupt", "session_thread_id": "other"}], "unknown", "unknown"),
        ([use(kind="agent.custom_tool_use"), result(kind="user.tool_result")], "success", "unknown"),
    ],
)
def test_outcomes(events: list[dict[str, Any]], outcome: str, approval: str) -> None:
    """Outcome and approval are separate; a denial is never a success."""
    call = call_of(*events)
    assert (call.outcome, call.approval.state) == (outcome, approval)
    assert (call.arguments is not None) == (outcome in ("success", "failed"))


def test_sent_and_repeated_events_count_once() -> None:
    """An event that was sent comes back with an id; a reopened stream repeats its events."""
    sent = {key: value for key, value in confirm("allow").items() if key != "id"}
    recorded = [
        ["client.beta.sessions.events.send", ["s", {"events": [{"type": "user.message", "content": "go"}]}]],
        ["client.beta.sessions.events.stream", use(evaluated_permission="ask")],
        ["client.beta.sessions.events.send", ["s", {"events": [sent]}]],
        ["client.beta.sessions.events.stream", confirm("allow")],
        ["client.beta.sessions.events.list", {"data": [use(evaluated_permission="ask"), result()]}],
    ]
    run = one_run("anthropic_managed", recorded)
    assert [short(call) for call in run.calls] == [("t", 0, 0, "success", "approved")]
    assert [turn.user_text for turn in run.turns] == ["go"]


def test_batches_without_spans() -> None:
    """If model requests are not recorded, calls after a result are another batch."""
    events = [use("a"), use("b"), result("a"), result("b"), use("c")]
    assert [call.batch for call in one_run("anthropic_managed", events).calls] == [0, 0, 1]


def test_missing_ids_and_lost_decisions() -> None:
    """A call without an id is paired by order; a decision without a call, and an unknown event, are noted."""
    run = one_run("anthropic_managed", [use(None), result(None), confirm("allow", "x"), {"type": "agent.tool_burst"}])
    assert [(call.id, call.result) for call in run.calls] == [("call-1", "ok")]
    assert run.notes == [
        "[2]: the decision 'allow' on 'x' is unknown or has no call",
        "[3]: unknown event 'agent.tool_burst'",
    ]


@pytest.mark.parametrize(("stop", "outcome"), [("end_turn", "success"), ("refusal", "failed"), ("new", "unknown")])
def test_run_outcome(stop: str, outcome: str) -> None:
    """The last stop reason is how the session ended."""
    idle = {"type": "session.status_idle", "stop_reason": {"type": stop}}
    assert one_run("anthropic_managed", [use(), idle]).outcome == outcome
    assert one_run("anthropic_managed", [use(), idle, {"type": "session.error"}]).outcome == "failed"


def test_recognition_is_narrow() -> None:
    """Lists of other typed objects are not recognised."""
    found = adapter("anthropic_managed")
    assert found.accepts({"data": [use()]})
    assert not found.accepts([{"type": "function_call"}, {"type": "message"}])
    assert not found.accepts({"events": [{"author": "agent"}]})


def test_broken_events_name_their_place() -> None:
    """A call without a name is malformed."""
    with pytest.raises(MalformedTrace, match=r"file\.json: \[0\]\.name: expected text"):
        one_run("anthropic_managed", [{"type": "agent.tool_use", "id": "c"}])


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("builtin", ("bash", {"command": "date"}, "Mon Jul  6 16:26:37 UTC 2026\n", "not_required")),
        ("custom", ("get_weather", {"location": "Prague"}, "It's 23°C and sunny in Prague.", "unknown")),
    ],
)
def test_recordings(name: str, call: tuple[Any, ...]) -> None:
    """The two recorded streams have the calls that their manifest counts."""
    (run,) = read(recording(f"langsmith/anthropic_managed_{name}_tools.jsonl"))[1]
    (found,) = run.calls
    assert (found.tool, found.arguments, found.result, found.approval.state) == call
    assert (run.format, run.outcome, run.notes, len(run.turns)) == ("anthropic_managed", "success", [], 1)

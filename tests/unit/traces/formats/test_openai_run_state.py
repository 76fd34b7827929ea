"""OpenAI Agents SDK RunState."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Approval, Usage
from airflow_provider_vai.traces.formats import read
from tests.recordings import listed, recording
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run

SAMPLE = SAMPLES["openai_run_state.json"]
NAME = "openai_run_state"


def call(call_id: str = "c", name: str = "t") -> dict[str, Any]:
    """Return a tool call in the state's form."""
    raw = {"type": "function_call", "call_id": call_id, "name": name, "arguments": '{"x": 1}'}
    return {"type": "tool_call_item", "raw_item": raw}


def output(call_id: str = "c", raw: Any = "text", **more: Any) -> dict[str, Any]:
    """Return a tool's output in the state's form."""
    item = {"type": "function_call_output", "call_id": call_id, "output": raw}
    return {"type": "tool_call_output_item", "raw_item": item, **more}


def state(*items: dict[str, Any], approvals: Any = None, waits: list[Any] | None = None) -> dict[str, Any]:
    """Return a state."""
    step = {"type": "next_step_interruption", "data": {"interruptions": waits}} if waits else None
    return {
        "$schemaVersion": "1.17",
        "current_agent": {"name": "Agent"},
        "original_input": "Go.",
        "generated_items": list(items),
        "context": {"approvals": approvals or {}},
        "current_step": step,
    }


def test_sample_values() -> None:
    """Decisions are on their calls; a tool's return value is kept as it is, not as text."""
    run = one_run(NAME, SAMPLE)
    assert (run.agent, run.usage) == ("Clerk", Usage(input_tokens=700, output_tokens=70))
    assert [turn.user_text for turn in run.turns] == ["Water what is dry."]
    find, _, ask, water, fell, visit, transfer = run.calls
    assert find.result == [{"plot": "north-1", "dry": True}, {"plot": "north-2", "dry": False}]
    assert ask.result == "It stays dry."
    assert (water.arguments, water.approval) == ({"plot": "north-1", "litres": 10}, Approval(state="approved"))
    assert (fell.arguments, fell.result) == (None, None)
    assert fell.approval == Approval(state="denied", note="The oak stays.")
    assert (visit.arguments, visit.result) == ({"plot": "north-2"}, None)
    assert (transfer.arguments, transfer.result) == (None, {"assistant": "Clerk"})
    assert run.notes == []


def test_state_and_trace_of_one_run_agree() -> None:
    """Both samples are recordings of one run: ids, arguments, results and outcomes are the same."""
    keep = {"id", "tool", "arguments", "result", "outcome"}
    traced = one_run("openai_agents", SAMPLES["openai_agents.json"]).calls
    kept = one_run(NAME, SAMPLE).calls
    from_trace = [found.model_dump(include=keep) for found in traced if found.parent_id is None]
    assert [found.model_dump(include=keep) for found in kept if found.tool != "transfer_to_clerk"] == from_trace


@pytest.mark.parametrize(
    ("made", "decided", "outcome"),
    [
        ({"approved": ["c"], "rejected": []}, "approved", "success"),
        ({"approved": [], "rejected": ["c"]}, "denied", "denied"),
        ({"approved": True, "rejected": []}, "approved", "success"),
        ({"approved": [], "rejected": True}, "denied", "denied"),
        ({"approved": ["c"], "rejected": True}, "approved", "success"),
        ({"approved": True, "rejected": ["c"]}, "denied", "denied"),
        ({"approved": ["other"], "rejected": []}, "unknown", "success"),
        ("yes", "unknown", "success"),
    ],
)
def test_decisions(made: Any, decided: str, outcome: str) -> None:
    """A decision on a single call overrides one on the tool; a denied call is not a success, whatever its output."""
    (found,) = one_run(NAME, state(call(), output(), approvals={"t": made})).calls
    assert (found.approval.state, found.outcome) == (decided, outcome)
    assert (found.arguments is None) == (outcome == "denied")


def test_decisions_of_agents_and_of_hosted_tools() -> None:
    """Later versions record decisions by the agent that owns the tool, and those on hosted MCP tools separately."""
    request = {"type": "mcp_approval_request", "id": "r", "name": "n", "server_label": "s", "arguments": "{}"}
    document = state(call(), output(), {"type": "mcp_approval_request_item", "raw_item": request})
    messages = {"r": "No."}
    document["context"]["function_tool_approvals"] = [{"tool_key": "t", "decision": {"approved": ["c"]}}]
    document["context"]["hosted_mcp_approvals"] = [
        {"identity": {"request_id": "r"}, "decision": {"rejected": ["r"], "rejection_messages": messages}}
    ]
    local, hosted = one_run(NAME, document).calls
    assert local.approval.state == "approved"
    assert (hosted.outcome, hosted.approval) == ("denied", Approval(state="denied", note="No."))


def test_pending_and_decided_calls_that_did_not_run() -> None:
    """In a paused run one call waits, one is denied and one approved; none ran."""
    items = [call("a"), call("b"), call("c"), {**call("a"), "type": "tool_approval_item"}]
    waits = [{**call(name), "type": "tool_approval_item"} for name in "abc"]
    made = {"t": {"approved": ["c"], "rejected": ["b"]}}
    run = one_run(NAME, state(*items, approvals=made, waits=waits))
    assert [(found.outcome, found.approval.state, found.approval.note) for found in run.calls] == [
        ("unknown", "unknown", "waits for a decision"),
        ("denied", "denied", None),
        ("unknown", "approved", None),
    ]
    assert all(found.arguments is None for found in run.calls)
    assert run.outcome == "unknown"


def test_a_call_that_waits_inside_another_is_noted() -> None:
    """The inner call of an agent that is a tool is recorded only in the pause."""
    run = one_run(NAME, state(call("outer"), waits=[call("inner")]))
    assert [found.id for found in run.calls] == ["outer"]
    assert run.notes == ["current_step: 'inner' waits for a decision inside another call, which is not read"]


def test_the_longer_list_counts() -> None:
    """A handoff may shorten the model's next input; the session keeps everything."""
    document = state(call("b"))
    document["session_items"] = [call("a"), output("a"), call("b")]
    assert [found.id for found in one_run(NAME, document).calls] == ["a", "b"]


def test_history_in_the_input_is_read() -> None:
    """A run may continue an earlier one, whose items are its input."""
    document = state(call("b"), output("b"))
    document["original_input"] = [{"role": "user", "content": "Go."}, call("a")["raw_item"], output("a")["raw_item"]]
    run = one_run(NAME, document)
    assert [(found.id, found.batch) for found in run.calls] == [("a", 0), ("b", 1)]
    assert [turn.user_text for turn in run.turns] == ["Go."]


def test_javascript_names() -> None:
    """The JavaScript SDK uses camelCase, other types of results, and an object around the state."""
    raw = {"type": "function_call", "callId": "c", "name": "t", "arguments": "{}", "status": "completed"}
    result = {
        "type": "function_call_result",
        "callId": "c",
        "status": "completed",
        "output": {"type": "text", "text": "[1]"},
    }
    hosted = {
        "type": "hosted_tool_call",
        "id": "h",
        "name": "web_search_call",
        "status": "completed",
        "providerData": {"action": {"type": "search", "query": "q"}},
    }
    document = {
        "$schemaVersion": "1.4",
        "currentAgent": {"name": "Agent"},
        "originalInput": "Go.",
        "generatedItems": [
            {"type": "tool_call_item", "rawItem": raw},
            {"type": "tool_call_output_item", "rawItem": result, "output": "[1]"},
            {"type": "tool_call_item", "rawItem": hosted},
        ],
        "context": {"approvals": {"t": {"approved": ["c"], "rejected": []}}, "usage": {"inputTokens": 3}},
    }
    for found in (document, {"state": document}):
        assert adapter(NAME).accepts(found)
        run = one_run(NAME, found)
        assert [(one.id, one.tool, one.result, one.outcome, one.approval.state) for one in run.calls] == [
            ("c", "t", [1], "success", "approved"),
            ("h", "web_search", None, "success", "unknown"),
        ]
        assert run.usage == Usage(input_tokens=3)


def test_broken_item_names_its_place() -> None:
    """An item without its raw item is malformed."""
    with pytest.raises(MalformedTrace, match=r"file\.json: generated_items\[0\]\.raw_item: expected an object"):
        one_run(NAME, state({"type": "tool_call_item"}))


@pytest.mark.parametrize("document", [[], {}, None, {"$schemaVersion": "1.0"}, {"current_agent": {}}])
def test_other_documents_are_not_recognised(document: Any) -> None:
    """A state has a schema version and a current agent."""
    assert not adapter(NAME).accepts(document)


def test_recording() -> None:
    """The SDK's own fixture: one call that waits for a decision."""
    (run,) = read(recording("openai-agents/v1_13_pending_tool_approval.json"))[1]
    (entry,) = listed("openai-agents")
    (found,) = run.calls
    assert len(run.calls) == entry["tool_calls"]
    assert (run.format, run.id, run.agent) == (NAME, "trace_179a5e809d614cf89ac5a1f24b415704", "compat-agent")
    assert (found.id, found.tool, found.proposed_arguments) == (
        "historical-approval-1",
        "historical_approval",
        {"account_id": "account-1"},
    )
    assert (found.arguments, found.outcome, run.outcome) == (None, "unknown", "unknown")
    assert found.approval == Approval(note="waits for a decision")

"""Inspect AI logs. The sample was recorded by ``dev/record/inspect_eval.py``."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Usage
from airflow_provider_vai.traces.formats import read
from tests.recordings import recording
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, runs, short

SAMPLE = SAMPLES["inspect_ai.json"]
HEADER = {"version": 2, "status": "success", "eval": {"task": "t", "model": "m"}}


def log(messages: list[dict[str, Any]], *events: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a log of one sample."""
    sample = {"id": 1, "epoch": 2, "messages": messages, "events": list(events), **more}
    return {**HEADER, "samples": [sample]}


def assistant_message(*ids: str) -> dict[str, Any]:
    """Return an assistant message with a call for each id."""
    calls = [{"id": name, "function": "t", "arguments": {"x": 1}} for name in ids]
    return {"role": "assistant", "content": "", "tool_calls": calls}


def tool_message(name: str, **more: Any) -> dict[str, Any]:
    """Return a tool's message."""
    return {"role": "tool", "tool_call_id": name, "function": "t", "content": '{"y": 2}', **more}


def event(name: str, **more: Any) -> dict[str, Any]:
    """Return the event of a tool call."""
    return {"event": "tool", "id": name, "function": "t", "arguments": {"x": 1}, "result": '{"y": 2}', **more}


def test_sample_values() -> None:
    """Changed arguments are the executed ones; a denied call did not run; the sub-agent's call has its parent."""
    run = one_run("inspect_ai", SAMPLE)
    first, missing, moved, refused, approved, agent, inner = run.calls
    assert first.result == {"shelf": "north", "jars": 4}
    assert (missing.error, missing.arguments) == ("no shelf attic", {"shelf": "attic"})
    assert moved.proposed_arguments == {"source": "north", "target": "south", "jars": 4}
    assert moved.arguments == {"source": "north", "target": "south", "jars": 2}
    assert (moved.approval.by, moved.approval.note) == ("keeper", "Leave two.")
    assert (refused.arguments, refused.result) == (None, None)
    assert refused.approval.note == "There are not that many."
    assert (approved.approval.state, approved.approval.by) == ("unknown", "keeper")  # a program said yes, no person
    assert (first.approval.state, first.approval.by) == ("not_required", "auto")
    assert (inner.id, inner.parent_id, agent.id) == ("inner-1", "c6", "c6")
    assert agent.started_at is not None
    assert inner.started_at is not None
    assert agent.started_at <= inner.started_at
    assert run.usage == Usage(input_tokens=60, output_tokens=12)
    assert (run.title, run.notes) == ("jars: sample jars, epoch 1", [])


def test_members_of_an_eval_file_read_alike() -> None:
    """A zip file is read as its header and its samples."""
    packed = {"header": {key: SAMPLE[key] for key in SAMPLE if key != "samples"}, "samples": SAMPLE["samples"]}
    assert adapter("inspect_ai").accepts(packed)
    assert one_run("inspect_ai", packed) == one_run("inspect_ai", SAMPLE)


def test_without_events_approvals_are_unknown() -> None:
    """Messages alone record proposals and results."""
    document = copy.deepcopy(SAMPLE)
    document["samples"][0]["events"] = None
    run = one_run("inspect_ai", document)
    assert [short(call) for call in run.calls] == [
        ("count_jars", 0, 0, "success", "unknown"),
        ("count_jars", 0, 0, "failed", "unknown"),
        ("move_jars", 0, 1, "success", "unknown"),
        ("move_jars", 0, 2, "denied", "denied"),
        ("move_jars", 0, 3, "success", "unknown"),
        ("labeller", 0, 4, "success", "unknown"),
    ]


@pytest.mark.parametrize(
    ("facts", "outcome", "approval", "has_arguments"),
    [
        ({}, "success", "unknown", True),
        ({"arguments": {"x": 9}}, "success", "unknown", True),
        ({"error": {"type": "timeout", "message": "late"}}, "failed", "unknown", True),
        ({"error": {"type": "parsing", "message": "bad"}}, "failed", "unknown", False),
        ({"error": {"type": "approval", "message": "no"}}, "denied", "denied", False),
        ({"error": {"type": "cancelled", "message": "stop"}}, "interrupted", "unknown", True),
        ({"failed": True, "result": "boom"}, "failed", "unknown", True),
        ({"pending": True}, "unknown", "unknown", False),
    ],
)
def test_events(facts: dict[str, Any], outcome: str, approval: str, has_arguments: bool) -> None:
    """An event records a call's outcome, and whether it ran."""
    (call,) = one_run("inspect_ai", log([assistant_message("c")], event("c", **facts))).calls
    assert (call.outcome, call.approval.state) == (outcome, approval)
    assert (call.arguments is not None) == has_arguments


def test_decisions() -> None:
    """An escalation is not a decision; the last decision counts; a decision without a call is noted."""

    def decision(word: str, name: str | None = "c") -> dict[str, Any]:
        return {"event": "approval", "decision": word, "approver": "human", "call": {"id": name}}

    decisions = decision("escalate"), decision("approve"), decision("approve", None)
    document = log([assistant_message("c")], *decisions, event("c"))
    run = one_run("inspect_ai", document)
    assert (run.calls[0].approval.state, run.calls[0].approval.by) == ("approved", "human")
    assert run.notes == ["samples[0].events[2]: a decision 'approve' without a known call"]


@pytest.mark.parametrize(
    ("approver", "word", "state"),
    [
        ("human", "approve", "approved"),
        ("human", "modify", "edited"),
        ("auto", "approve", "not_required"),
        ("budget_check", "approve", "unknown"),
        ("budget_check", "modify", "unknown"),
        ("budget_check", "reject", "denied"),
    ],
)
def test_a_program_is_not_a_person(approver: str, word: str, state: str) -> None:
    """What a program allowed has no approval: the DAG has no such program, so a person decides there."""
    decision = {"event": "approval", "decision": word, "approver": approver, "call": {"id": "c"}}
    changed = {"arguments": {"x": 9}} if word == "modify" else {}
    (call,) = one_run("inspect_ai", log([assistant_message("c")], decision, event("c", **changed))).calls
    assert (call.approval.state, call.approval.by) == (state, approver)


def test_repeated_ids_and_calls_in_events_only() -> None:
    """Models repeat ids; a call that only an event records, such as after a compaction, is kept."""
    document = log(
        [assistant_message("c"), tool_message("c"), assistant_message("c"), tool_message("c")],
        event("c", result="1"),
        event("hidden", result="2", truncated=[9, 1]),
        event("c", result="3"),
        {"event": "tea"},
    )
    run = one_run("inspect_ai", document)
    assert [(call.id, call.result, call.parent_id) for call in run.calls] == [
        ("c", "1", None),
        ("c#2", "3", None),
        ("hidden", "2", None),
    ]
    assert "samples[0].events[3]: unknown event 'tea'" in run.notes
    assert "samples[0].events[1]: the result is cut off" in run.notes


def test_attachments_are_put_back() -> None:
    """Large values are stored beside the messages."""
    reference = "attachment://a1"
    call = {"id": "c", "function": "t", "arguments": {"x": reference}}
    messages = [{"role": "assistant", "content": "", "tool_calls": [call]}, tool_message("c", content=reference)]
    (found,) = one_run("inspect_ai", log(messages, attachments={"a1": '{"big": 1}'})).calls
    assert (found.arguments, found.result) == ({"x": '{"big": 1}'}, {"big": 1})


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"scores": {"a": {"value": "C"}}}, "success"),
        ({"scores": {"a": {"value": 0.0}}}, "failed"),
        ({"scores": {"a": {"value": "C"}, "b": {"value": "I"}}}, "unknown"),
        ({"scores": {"a": {"value": 0.5}}}, "unknown"),
        ({"scores": {"a": {"value": {"x": 1}}}}, "unknown"),
        ({"error": {"message": "lost"}, "scores": {"a": {"value": "C"}}}, "failed"),
        ({}, "unknown"),
    ],
)
def test_verdicts(more: dict[str, Any], outcome: str) -> None:
    """Scorers that agree decide; partial scores do not."""
    run = one_run("inspect_ai", log([], **more))
    assert (run.outcome, run.id) == (outcome, "sample-1/epoch-2")
    assert adapter("inspect_ai").line_key(log([], **more)["samples"][0]) == run.id  # type: ignore[attr-defined]


def test_broken_event_names_its_place() -> None:
    """A message without a role does so, too."""
    with pytest.raises(MalformedTrace, match=r"samples\[0\]\.events\[0\]\.event: expected text"):
        runs("inspect_ai", log([], {}))
    with pytest.raises(MalformedTrace, match=r"samples\[0\]\.messages\[0\]\.role: expected text"):
        runs("inspect_ai", log([{}]))


@pytest.mark.parametrize(
    ("file", "outcomes", "orphans"),
    [
        ("2025-05-12T20-28-26-04-00_security-guide.json", ["success"] * 3, 0),
        ("log_streaming.eval", ["failed", "success", "success", "success"], 0),
        ("log_tool_call_error.json", ["unknown"], 11),
    ],
)
def test_recordings(file: str, outcomes: list[str], orphans: int) -> None:
    """Each sample is a run with its scorers' verdict; results without a call are noted."""
    found = read(recording(f"inspect_ai/{file}"))[1]
    assert {run.format for run in found} == {"inspect_ai"}
    assert [run.outcome for run in found] == outcomes
    assert sum(len(run.calls) for run in found) == 0
    assert sum("but there is no such call" in note for run in found for note in run.notes) == orphans

"""Vercel AI SDK messages, and the stream that builds them."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.traces.formats import read
from tests.recordings import recording
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, short

SAMPLE = SAMPLES["vercel_ui.json"]


def message(*parts: dict[str, Any], role: str = "assistant") -> list[dict[str, Any]]:
    """Return one message with these parts."""
    return [{"id": "m", "role": role, "parts": list(parts)}]


def part(state: str, **more: Any) -> dict[str, Any]:
    """Return a call's part in a state."""
    return {"type": "tool-fire", "toolCallId": "c", "state": state, "input": {"cone": 6}, **more}


def test_sample_values() -> None:
    """A denial keeps its reason and has no executed arguments; JSON text in a result is parsed once."""
    run = one_run("vercel_ui", SAMPLE)
    listed, read_kiln, fired, cleared = run.calls
    assert listed.result == {"pots": ["P-11", "P-12"]}
    assert (read_kiln.arguments, read_kiln.error) == ({"kiln": 2}, "kiln 2 is off line")
    assert fired.result == {"firing": "F-900"}
    assert (cleared.arguments, cleared.proposed_arguments) == (None, {"shelf": "north"})
    assert cleared.approval.note == "Keep the north shelf."
    assert (run.title, run.model, run.notes) == ("Kiln plan", "model-sample", [])


@pytest.mark.parametrize(
    ("given", "outcome", "approval", "has_arguments"),
    [
        (part("output-available", output=1), "success", "unknown", True),
        (part("output-available", output=1, type="dynamic-tool", toolName="fire"), "success", "unknown", True),
        (part("output-available", output=1, approval={"approved": True}), "success", "approved", True),
        (
            part("output-available", output=1, approval={"approved": True, "isAutomatic": True}),
            "success",
            "not_required",
            True,
        ),
        (part("output-available", output=1, preliminary=True), "unknown", "unknown", False),
        (part("output-error", errorText="hot"), "failed", "unknown", True),
        (part("output-error", errorText="bad", input=None, rawInput={"cone": "x"}), "failed", "unknown", False),
        (part("output-denied"), "denied", "denied", False),
        (part("approval-requested", approval={"id": "a"}), "unknown", "unknown", False),
        (part("approval-responded", approval={"approved": True}), "unknown", "approved", False),
        (part("approval-responded", approval={"approved": False, "reason": "no"}), "denied", "denied", False),
        (part("input-available"), "unknown", "unknown", False),
        (part("input-streaming", input='{"cone'), "unknown", "unknown", False),
    ],
)
def test_states(given: dict[str, Any], outcome: str, approval: str, has_arguments: bool) -> None:
    """Each state of a part has its own outcome and approval; only calls that ran have executed arguments."""
    (call,) = one_run("vercel_ui", message(given)).calls
    assert (call.tool, call.outcome, call.approval.state) == ("fire", outcome, approval)
    assert (call.arguments is not None) == has_arguments


def test_older_form_has_no_approval() -> None:
    """Version 4 keeps the call one level deeper, or beside the text."""
    call = {"state": "result", "toolCallId": "c", "toolName": "fire", "args": {"cone": 6}, "result": {"ok": True}}
    inside = message({"type": "tool-invocation", "toolInvocation": call})
    beside = [{"role": "assistant", "content": "Done.", "toolInvocations": [call]}]
    for document in (inside, beside):
        (found,) = one_run("vercel_ui", document).calls
        assert short(found) == ("fire", 0, 0, "success", "unknown")
        assert found.result == {"ok": True}


def test_repeated_and_missing_ids_stay_separate() -> None:
    """A part holds its own result, whatever its id; a waiting call with the same id keeps waiting."""
    document = message(part("input-available"), part("output-available", output=2), part("output-available", output=3))
    document[0]["parts"][2].pop("toolCallId")
    run = one_run("vercel_ui", document)
    assert [(call.id, call.outcome, call.result) for call in run.calls] == [
        ("c", "unknown", None),
        ("c#2", "success", 2),
        ("call-1", "success", 3),
    ]


def test_unknown_parts_are_noted() -> None:
    """Data parts belong to the application; any other unknown part is noted with its place."""
    run = one_run("vercel_ui", message({"type": "data-chart"}, {"type": "tea"}, {"type": "tool-tea"}))
    assert run.notes == ["[0].parts[1]: unknown part 'tea'", "[0].parts[2]: unknown part 'tool-tea'"]
    with pytest.raises(MalformedTrace, match=r"\[0\]\.parts\[0\]\.state: expected text"):
        one_run("vercel_ui", message({"type": "tool-fire", "toolCallId": "c"}))


def chunk(kind: str, **more: Any) -> dict[str, Any]:
    """Return a chunk of the stream about call "c"."""
    return {"type": kind, "toolCallId": "c", **more}


def test_stream_joins_deltas_and_decisions() -> None:
    """Arguments come in pieces; a decision names the approval, not the call; the last result counts."""
    stream = [
        {"type": "start"},
        {"type": "start-step"},
        chunk("tool-input-start", toolName="fire"),
        chunk("tool-input-delta", inputTextDelta='{"cone"'),
        chunk("tool-input-delta", inputTextDelta=": 6}"),
        chunk("tool-approval-request", approvalId="a"),
        {"type": "tool-approval-response", "approvalId": "a", "approved": True, "reason": "go"},
        chunk("tool-output-available", output="half", preliminary=True),
        chunk("tool-output-available", output="whole"),
        {"type": "finish-step"},
        {"type": "text-delta", "id": "t", "delta": "Do"},
        {"type": "text-delta", "id": "t", "delta": "ne."},
    ]
    assert adapter("vercel_ui").accepts(stream)
    run = one_run("vercel_ui", stream)
    (call,) = run.calls
    assert (call.arguments, call.result, call.outcome) == ({"cone": 6}, "whole", "success")
    assert (call.approval.state, call.approval.note) == ("approved", "go")
    assert (run.outcome, run.notes) == ("success", [])


def test_stream_refusals_and_odd_chunks() -> None:
    """A denied call, input that a tool rejected, and chunks of no call."""
    stream = [
        {"type": "start"},
        chunk("tool-input-available", toolName="fire", input={"cone": 6}),
        chunk("tool-output-denied"),
        {**chunk("tool-input-start", toolName="melt"), "toolCallId": "d"},
        {**chunk("tool-input-error", toolName="melt", input="{", errorText="not JSON"), "toolCallId": "d"},
        {**chunk("tool-output-available", output=1), "toolCallId": "nobody"},
        {"type": "tool-approval-response", "approvalId": "nobody", "approved": True},
        {"type": "error", "errorText": "lost"},
        {"type": "tea"},
    ]
    run = one_run("vercel_ui", stream)
    fired, melted = run.calls
    assert short(fired) == ("fire", 0, 0, "denied", "denied")
    assert (melted.outcome, melted.arguments, melted.proposed_arguments) == ("failed", None, "{")
    assert run.notes == [
        "[5]: tool-output-available for 'nobody', but there is no such call",
        "[6]: a decision on a call that asked for none",
        "[7]: the stream ended: lost",
        "[8]: unknown chunk 'tea'",
    ]


def test_recorded_stream() -> None:
    """Two calls of one batch, whose arguments came only as text deltas."""
    (run,) = read(recording("vercel-ai/react-agent-tool-calling.json"))[1]
    assert run.format == "vercel_ui"
    assert [short(call) for call in run.calls] == [
        ("get_weather", 0, 0, "success", "unknown"),
        ("get_datetime", 0, 0, "success", "unknown"),
    ]
    assert run.calls[0].arguments == {"city": "Tokyo", "units": "celsius"}
    assert run.calls[1].result.endswith("Wednesday, December 17, 2025 at 04:00:28 AM")

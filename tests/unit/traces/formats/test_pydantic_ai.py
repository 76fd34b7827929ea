"""pydantic-ai message histories."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Usage
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, trace

SAMPLE = SAMPLES["pydantic_ai.json"]


def history(*parts: dict[str, Any], call: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return one call and the parts after it."""
    proposal = {
        "part_kind": "tool-call",
        "tool_name": "t",
        "args": {"x": 1},
        "tool_call_id": "c",
        **(call or {}),
    }
    return [{"kind": "response", "parts": [proposal]}, {"kind": "request", "parts": list(parts)}]


def tool_return(**more: Any) -> dict[str, Any]:
    """Return a tool-return part for the call in ``history``."""
    return {"part_kind": "tool-return", "tool_name": "t", "tool_call_id": "c", "content": "text", **more}


def test_sample_is_what_the_library_reads() -> None:
    """pydantic-ai itself reads the sample, so the sample is in its format."""
    pytest.importorskip("pydantic_ai", minversion="2.68")  # older ones do not know the outcome `retried`
    from pydantic_ai import messages

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = messages.ModelMessagesTypeAdapter.validate_python(SAMPLE)
    assert len(read) == len(SAMPLE)
    assert [part.outcome for part in read[4].parts] == ["success", "denied", "success"]
    assert one_run("pydantic_ai", json.loads(messages.ModelMessagesTypeAdapter.dump_json(read))).calls == (
        one_run("pydantic_ai", SAMPLE).calls
    )


def test_sample_values() -> None:
    """A denial has no executed arguments and keeps its reason; a retry is a failure; usage is summed."""
    run = one_run("pydantic_ai", SAMPLE)
    assert run.usage == Usage(input_tokens=450, output_tokens=60)
    assert run.system_text == "You tidy invoices.\n\nUse euros."
    assert run.model == "model-sample"
    assert run.started_at is not None
    assert run.ended_at is not None
    retried, booked, denied, _ = run.calls
    assert (retried.arguments, retried.error) == ({"invoice": "7"}, "ledger is locked, try again")
    assert (booked.arguments, booked.result) == ({"invoice": 7}, {"entry": "E-700"})
    assert (denied.arguments, denied.proposed_arguments) == (None, {"older_than": 2020})
    assert denied.approval.note == "Not without the accountant."


def test_pause_between_runs_is_noted() -> None:
    """A call with its result in another run waited for a person, who may have edited its arguments."""
    assert one_run("pydantic_ai", SAMPLE).notes == [
        "[4].parts[0]: call 'b2' waited between two runs, so its arguments may have been edited",
        "[4].parts[2]: call 'a1' waited between two runs, so its arguments may have been edited",
    ]


def test_json_text_inside_json_is_read() -> None:
    """XCom keeps a history as JSON in text, which is read as the same calls."""
    packed = json.dumps(SAMPLE)
    assert adapter("pydantic_ai").accepts(packed)
    assert one_run("pydantic_ai", packed).calls == one_run("pydantic_ai", SAMPLE).calls
    assert one_run("pydantic_ai", {"messages": SAMPLE}).calls == one_run("pydantic_ai", SAMPLE).calls


@pytest.mark.parametrize(
    ("part", "outcome", "has_arguments"),
    [
        (tool_return(), "success", True),
        (tool_return(outcome="failed"), "failed", True),
        (tool_return(outcome="interrupted"), "interrupted", False),
        (tool_return(outcome="denied"), "denied", False),
        (tool_return(outcome="retried", retry={"cause": "model_retry"}), "failed", True),
        (tool_return(outcome="retried", retry={"cause": "validation_error"}), "failed", False),
        (tool_return(outcome="retried", content=[{"loc": ["x"], "msg": "bad"}]), "failed", False),
        (tool_return(outcome="bored"), "unknown", True),
        (tool_return(part_kind="retry-prompt"), "failed", True),
        (tool_return(part_kind="builtin-tool-return"), "success", True),
    ],
)
def test_outcomes(part: dict[str, Any], outcome: str, has_arguments: bool) -> None:
    """Each outcome is read; a call that was refused before it ran has no executed arguments."""
    (call,) = one_run("pydantic_ai", history(part)).calls
    assert call.outcome == outcome
    assert (call.arguments is not None) == has_arguments


def test_rejected_output_and_unknown_parts_are_noted() -> None:
    """A retry without a call, and a kind of part from another version."""
    parts: list[dict[str, Any]] = [
        {"part_kind": "retry-prompt", "tool_name": None, "content": "no"},
        {"part_kind": "tea-break"},
    ]
    assert one_run("pydantic_ai", history(*parts)).notes == [
        "[1].parts[0]: the model's output was rejected: no",
        "[1].parts[1]: unknown part 'tea-break'",
    ]


def test_success_needs_a_final_text_and_no_pending_call() -> None:
    """Text at the end is success unless a call is pending; a final result is success."""
    done = {"kind": "response", "parts": [{"part_kind": "text", "content": "done"}]}
    assert one_run("pydantic_ai", [*history(tool_return()), done]).outcome == "success"
    assert one_run("pydantic_ai", [*history(), done]).outcome == "unknown"
    assert one_run("pydantic_ai", history(tool_return())).outcome == "unknown"
    final = history(tool_return(tool_name="final_result"), call={"tool_name": "final_result"})
    assert one_run("pydantic_ai", final).outcome == "success"


def test_run_without_an_id_has_the_digest() -> None:
    """Older versions wrote no run id."""
    document = history(tool_return())
    assert one_run("pydantic_ai", document).id == trace(document).fallback_id


def test_bad_part_names_its_place() -> None:
    """A part without a kind is malformed."""
    with pytest.raises(MalformedTrace, match=r"file\.json: \[0\]\.parts\[0\]\.part_kind: expected text"):
        one_run("pydantic_ai", [{"kind": "request", "parts": [{}]}])

"""Google ADK sessions."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Usage
from airflow_provider_vai.traces.formats import read
from tests.recordings import recording
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, short

SAMPLE = SAMPLES["google_adk.json"]


def event(*parts: dict[str, Any], author: str = "agent", **more: Any) -> dict[str, Any]:
    """Return an event with these parts."""
    return {"author": author, "invocationId": "i", "content": {"role": "x", "parts": list(parts)}, **more}


def call(name: str = "t", **more: Any) -> dict[str, Any]:
    """Return a part that calls a tool."""
    return {"functionCall": {"name": name, "args": {"x": 1}, **more}}


def function_response(response: Any, name: str = "t", **more: Any) -> dict[str, Any]:
    """Return a part with the result of a call."""
    return {"functionResponse": {"name": name, "response": response, **more}}


def test_sample_values() -> None:
    """The result after the confirmation counts, not the one that asks for it; a rejected call did not run."""
    run = one_run("google_adk", SAMPLE)
    _, tide, held, cancelled = run.calls
    assert (tide.error, tide.result) == ("no such port", None)
    assert (held.result, held.arguments) == ({"held": "F1"}, {"ferry": "F1"})
    assert (cancelled.arguments, cancelled.proposed_arguments) == (None, {"ferry": "F9"})
    assert (run.agent, run.model, run.usage) == ("ferry", "model-sample", Usage(input_tokens=90, output_tokens=12))
    assert (len(run.turns), run.notes) == (1, [])
    assert run.started_at is not None
    assert run.started_at.isoformat() == "2026-01-01T00:00:00+00:00"


def test_a_list_of_events_and_snake_case_read_alike() -> None:
    """Both spellings occur, with the session around the events or without it."""
    text = json.dumps(SAMPLE["events"])
    for camel, snake in {
        "functionCall": "function_call",
        "functionResponse": "function_response",
        "invocationId": "invocation_id",
    }.items():
        text = text.replace(f'"{camel}"', f'"{snake}"')
    assert adapter("google_adk").accepts(json.loads(text))
    assert one_run("google_adk", json.loads(text)).calls == one_run("google_adk", SAMPLE).calls


def test_calls_without_ids_pair_by_name_and_order() -> None:
    """Older sessions have no ids; unknown code parts are noted."""
    run = one_run(
        "google_adk",
        [
            event(call("a"), call("b"), {"executableCode": {"code": "1"}}),
            event(function_response({"n": 2}, "b"), function_response({"n": 1}, "a")),
        ],
    )
    assert [(found.tool, found.batch, found.result) for found in run.calls] == [("a", 0, {"n": 1}), ("b", 0, {"n": 2})]
    assert run.notes == ["[0].content.parts[2]: unknown part 'executable_code'"]


def test_pending_and_decided_calls_without_a_second_result() -> None:
    """A call without a decision stays unknown; a rejection counts even if the run ends with it."""
    waits = function_response({"error": "This tool call requires confirmation, please approve or reject."}, id="c")
    original = {"originalFunctionCall": {"id": "c", "name": "t", "args": {"x": 1}}}
    confirmation = {"functionCall": {"id": "k", "name": "adk_request_confirmation", "args": original}}
    pending = [event(call(id="c")), event(confirmation), event(waits)]
    assert [short(found) for found in one_run("google_adk", pending).calls] == [("t", 0, 0, "unknown", "unknown")]
    for confirmed, expected in ((False, ("denied", "denied")), (True, ("unknown", "approved"))):
        decision = function_response({"confirmed": confirmed, "payload": {"n": 3}}, "adk_request_confirmation", id="k")
        (found,) = one_run("google_adk", [*pending, event(decision, author="user")]).calls
        assert (found.outcome, found.approval.state) == expected
        assert found.arguments is None
        assert found.approval.note == '{"n":3}'


def test_rewound_and_partial_events_do_not_count() -> None:
    """A rewind names the first invocation that no longer counts; a partial event is repeated by a complete one."""
    document = [
        event({"text": "go"}, author="user"),
        event(call("kept")),
        event(call("gone"), invocationId="j"),
        {"author": "user", "invocationId": "k", "actions": {"rewindBeforeInvocationId": "j"}},
        event(call("part"), invocationId="k", partial=True),
        event(call("again"), invocationId="k"),
    ]
    assert [found.tool for found in one_run("google_adk", document).calls] == ["kept", "again"]


def test_flags_and_broken_parts() -> None:
    """MCP's error flag is a failure; a call without a name is malformed."""
    failure = function_response({"isError": True, "content": []}, id="c")
    run = one_run("google_adk", [event(call(id="c")), event(failure)])
    assert run.calls[0].outcome == "failed"
    broken = copy.deepcopy(SAMPLE)
    del broken["events"][1]["content"]["parts"][0]["functionCall"]["name"]
    with pytest.raises(MalformedTrace, match=r"events\[1\]\.content\.parts\[0\]\.function_call\.name: expected text"):
        one_run("google_adk", broken)


def test_recorded_session() -> None:
    """Two transfers between agents, in snake_case and without ids."""
    (run,) = read(recording("google-adk/sample.session.json"))[1]
    assert (run.format, run.id, run.agent) == ("google_adk", "683bcc98-7359-4b65-9cdb-307f85ae62c0", "spark_assistant")
    assert [call.arguments for call in run.calls] == [
        {"agent_name": "research_assistant"},
        {"agent_name": "spark_assistant"},
    ]
    assert [call.outcome for call in run.calls] == ["success", "success"]

"""Langfuse exports, and its ChatML."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run, Usage
from airflow_provider_vai.traces.formats import read
from tests.recordings import ABSENT, listed, name, recording
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, runs


def recorded(name: str) -> Run:
    """Return the run of a real recording, or skip."""
    (run,) = read(recording(f"langfuse/{name}.trace.json"))[1]
    return run


def test_sample_is_ordered_by_time() -> None:
    """Unsorted observations: JSON, JSON in text, a Python repr; calls of type SPAN and under a helper span."""
    run = one_run("langfuse", SAMPLES["langfuse.json"])
    assert [(call.id, call.arguments, call.result, call.error) for call in run.calls] == [
        ("t1", {"till": 3}, {"sum": 40}, None),
        ("t2", {"till": 3}, {"sum": 50}, None),
        ("t3", {"total": 90}, None, "out of paper"),
        ("t4", {"total": 90, "copies": 1}, "done", None),
    ]
    assert (run.title, run.model, run.system_text) == ("till", "scripted", "Mind the till.")
    assert run.usage == Usage(input_tokens=40, output_tokens=16, cost_usd=0.004)
    assert run.notes == []


def export(*observations: dict[str, Any]) -> dict[str, Any]:
    """Return an export of observations whose times follow their order."""
    made = [
        {"id": str(number), "startTime": f"2026-01-01T00:00:{number:02}Z", **item}
        for number, item in enumerate(observations)
    ]
    return {"trace": {"id": "x"}, "observations": made}


def generation(*calls: tuple[str, str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return the observation of a model request that proposes calls."""
    functions = [{"id": call[0], "function": {"name": call[1], "arguments": call[2]}} for call in calls]
    return {"type": "GENERATION", "output": {"role": "assistant", "tool_calls": functions}, **more}


def test_executed_arguments_take_precedence() -> None:
    """A difference to the proposed ones alone does not say that a person decided anything."""
    document = export(
        generation(("a", "send", {"to": "me"})),
        {"type": "TOOL", "name": "send", "input": {"to": "you"}, "output": "ok"},
    )
    (call,) = one_run("langfuse", document).calls
    assert (call.proposed_arguments, call.arguments, call.approval.state) == ({"to": "me"}, {"to": "you"}, "unknown")


def test_a_proposed_call_without_an_execution_is_unknown() -> None:
    """The call may be pending, denied or lost: the export does not record it."""
    (call,) = one_run("langfuse", export(generation(("a", "send", {})))).calls
    assert (call.outcome, call.arguments, call.approval.state) == ("unknown", None, "unknown")


def test_an_execution_before_its_proposal_is_another_call() -> None:
    """A call cannot run before the model proposed it."""
    document = export(
        {"type": "TOOL", "name": "f", "input": {}, "output": "1"},
        generation(("a", "f", {})),
        {"type": "TOOL", "name": "f", "input": {}, "output": "2"},
    )
    assert [(call.id, call.result) for call in one_run("langfuse", document).calls] == [("call-1", "1"), ("a", "2")]


def test_arguments_that_cannot_be_parsed_stay_text() -> None:
    """They are neither evaluated nor guessed."""
    document = export({"type": "TOOL", "name": "f", "input": "{'a': __import__('os')}", "output": "{'a': (1, None)}"})
    (call,) = one_run("langfuse", document).calls
    assert (call.arguments, call.result) == ("{'a': __import__('os')}", {"a": [1, None]})


@pytest.mark.parametrize("wrap", [lambda found: [found, found], lambda found: {**found["trace"], **found}])
def test_lists_and_traces_with_observations_inside(wrap: Any) -> None:
    """Several exports in one file are several runs; the API returns the observations inside the trace."""
    document = wrap(SAMPLES["langfuse.json"])
    assert adapter("langfuse").accepts(document)
    assert {run.id for run in runs("langfuse", document)} == {"lf-1"}


@pytest.mark.parametrize("broken", [{"trace": {}, "observations": [1]}, {"trace": 1, "observations": []}, [3]])
def test_broken_structure_is_refused_with_its_place(broken: Any) -> None:
    """Nothing is dropped, and there is no traceback."""
    with pytest.raises(MalformedTrace) as refusal:
        runs("langfuse", broken)
    assert refusal.value.where.startswith("file.json: ")


@pytest.mark.parametrize("entry", listed("langfuse", ".trace.json") or [ABSENT], ids=name)
def test_recording_has_what_the_manifest_counted(entry: dict[str, Any]) -> None:
    """The numbers of calls, failures and batches are those of the manifest."""
    (run,) = read(recording(entry["path"]))[1]
    batches = [call.batch for call in run.calls]
    assert run.format == "langfuse"
    assert len(run.calls) == entry["tool_calls"]
    assert sum(call.outcome == "failed" for call in run.calls) == entry["failed_tool_calls"]
    assert sum(batches.count(batch) > 1 for batch in set(batches)) == entry["parallel_batches"]
    assert run.notes == []


def test_recorded_call_of_type_span() -> None:
    """LangGraph: the arguments are a Python repr, the result is a tool message in JSON."""
    (call,) = recorded("langgraph-python-2025-08-22").calls
    assert (call.id, call.tool) == ("call_1oGK863sxQHlPreFhDdEs3yl", "Web-Search")
    assert (call.arguments, call.outcome, call.turn) == ({"query": "example"}, "success", 1)
    assert call.result == [{"url": "https://example.com", "title": "Example Result", "q": "example"}]


def test_recorded_call_without_an_id() -> None:
    """Google ADK: the id is on the execution, the result in the next request."""
    run = recorded("google-adk-2025-08-28")
    (call,) = run.calls
    assert (call.tool, call.arguments, call.result) == ("say_hello", {}, {"greeting": "Hello Langfuse 👋"})
    assert (run.turns[0].user_text, run.outcome) == ("hi", "success")


def test_recorded_parallel_calls() -> None:
    """pydantic-ai: three calls under a helper span, then three agents' turns and a structured output."""
    run = recorded("pydantic-ai-tools-2025-12-04")
    assert [(call.tool, call.batch, call.turn, call.outcome) for call in run.calls] == [
        ("get_pun_suggestion", 0, 0, "success"),
        ("get_dad_joke_suggestion", 0, 0, "success"),
        ("get_one_liner_suggestion", 0, 0, "success"),
        ("final_result", 1, 2, "unknown"),
    ]
    assert run.outcome == "success"


@pytest.mark.parametrize("entry", listed("langfuse", ".chatml.json") or [ABSENT], ids=name)
def test_chatml_has_the_calls_of_its_trace_or_is_refused(entry: dict[str, Any]) -> None:
    """If the order of the observations is known, the calls are the trace's; else the file is refused."""
    path = recording(entry["path"])
    whole = recorded(path.name.removesuffix(".chatml.json"))
    if any(framework in path.name for framework in ("google-adk", "langgraph", "tools-2025-12")):
        with pytest.raises(MalformedTrace, match="their order is unknown"):
            read(path)
        return
    (run,) = read(path)[1]
    assert run.format == "langfuse_chatml"
    assert [call.id for call in run.calls] == [call.id for call in whole.calls]


def test_chatml_of_one_conversation() -> None:
    """The longest input has the call and its result; observations that could not be parsed are noted."""
    user = {"role": "user", "content": "go"}
    proposal = {
        "role": "assistant",
        "tool_calls": [{"id": "a", "name": "f", "arguments": '{"n": 1}', "type": "function"}],
    }
    result = {"role": "tool", "tool_call_id": "a", "content": '{"r": 2}'}
    answer = {"role": "assistant", "content": "done"}
    document = {
        "second": {
            "input": {"success": True, "data": [user, proposal, result]},
            "output": {"success": True, "data": [answer]},
        },
        "tool": {"input": {"success": False, "error": {}}},
        "first": {"input": {"success": True, "data": [user]}, "output": {"success": True, "data": [proposal]}},
    }
    run = one_run("langfuse_chatml", document)
    assert [(call.id, call.arguments, call.result) for call in run.calls] == [("a", {"n": 1}, {"r": 2})]
    assert run.notes == ["tool: the exporter could not parse this observation"]
    assert run.outcome == "success"

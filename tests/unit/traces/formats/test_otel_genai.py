"""OpenTelemetry spans of agents: OTLP JSON, SDKs' own JSON, flat attributes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run, Usage
from airflow_provider_vai.traces.formats import read
from tests.recordings import recording
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, runs, short

SAMPLE = SAMPLES["otel_genai.json"]
KIND = "gen_ai.operation.name"


def any_value(value: Any) -> dict[str, Any]:
    """Return an attribute's value in OTLP's typed form."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": [{"key": key, "value": any_value(item)} for key, item in value.items()]}}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(item) for item in value]}}
    return {"stringValue": value}


def span(id: str, start: int, parent: str = "", trace: str = "aa", **more: Any) -> dict[str, Any]:
    """Return an OTLP span; attributes are keywords with ``_`` for ``.``, or under ``attributes``."""
    attributes = more.pop("attributes", {})
    return {
        "traceId": trace,
        "spanId": id,
        "parentSpanId": parent,
        "name": more.pop("name", id),
        "startTimeUnixNano": str(1_700_000_000_000_000_000 + start * 1_000_000),
        "endTimeUnixNano": str(1_700_000_000_000_000_000 + (start + 5) * 1_000_000),
        "attributes": [{"key": key, "value": any_value(value)} for key, value in attributes.items()],
        **more,
    }


def otlp(*spans: dict[str, Any]) -> dict[str, Any]:
    """Return spans as one OTLP object."""
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}]}


def chat(id: str, start: int, *calls: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the span of a model request that proposes calls, or whose response is a ``text``."""
    parts = list(calls) or [{"type": "text", "content": more.pop("text", "done")}]
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": json.dumps(more.pop("messages", [])),
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": parts}]),
        **more.pop("attributes", {}),
    }
    return span(id, start, attributes=attributes, **more)


def proposal(id: str | None, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return a proposed call."""
    return {"type": "tool_call", "id": id, "name": tool, "arguments": arguments}


def tool(id: str, start: int, name: str, call: str | None, **more: Any) -> dict[str, Any]:
    """Return a tool's span."""
    result = more.pop("result", ["ok"])
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": name,
        **({"gen_ai.tool.call.id": call} if call else {}),
        "gen_ai.tool.call.arguments": json.dumps(more.pop("arguments", {})),
        "gen_ai.tool.call.result": result if isinstance(result, str) else json.dumps(result),
        **more.pop("attributes", {}),
    }
    return span(id, start, attributes=attributes, **more)


def test_sample_has_proposals_executions_and_denials() -> None:
    """Recorded with pydantic-ai: two traces of one conversation, a sub-agent, a retry, three decisions."""
    run = one_run("otel_genai", SAMPLE)
    calls = {call.id: call for call in run.calls}
    assert list(calls) == ["c1", "c2", "c3", "c4", "c5", "c7", "c8", "c9", "c10"]
    assert (calls["c9"].proposed_arguments, calls["c9"].arguments) == (
        {"bed": "B2", "litres": 50},
        {"bed": "B2", "litres": 9},
    )
    assert calls["c9"].result == {"bed": "B2", "litres": 9, "done": True}
    assert (calls["c10"].arguments, calls["c10"].result, calls["c10"].approval.note) == (None, None, "B3 is wet")
    assert (calls["c3"].error, calls["c3"].arguments) == ("no such day: tomorow", {"day": "tomorow"})
    assert (calls["c7"].parent_id, calls["c7"].arguments) == ("c5", {"spot": "B2"})
    assert (run.agent, run.model, run.system_text) == ("gardener", "scripted", "Keep the beds alive.")
    assert [turn.user_text for turn in run.turns] == ["Water what is dry."]
    assert run.usage == Usage(input_tokens=535, output_tokens=168)
    assert run.notes == []


def pending_part() -> dict[str, Any]:
    """Return the sample's part before the decisions."""
    spans = SAMPLE["resourceSpans"][0]["scopeSpans"][0]["spans"]
    first = next(item["traceId"] for item in spans if item["name"] == "execute_tool list_beds")
    return otlp(*[item for item in spans if item["traceId"] == first])


def test_a_paused_run_is_unknown_and_its_calls_wait() -> None:
    """Nothing ran and nothing was decided."""
    run = one_run("otel_genai", pending_part())
    assert [short(call)[3:] for call in run.calls[-3:]] == [("unknown", "unknown")] * 3
    assert [call.arguments for call in run.calls[-3:]] == [None] * 3
    assert run.outcome == "unknown"


def test_the_second_trace_alone_has_the_whole_history() -> None:
    """Earlier calls are in the messages; their results count, and they come before the executed calls."""
    spans = SAMPLE["resourceSpans"][0]["scopeSpans"][0]["spans"]
    last = [item for item in spans if item["name"] == "execute_tool water"]
    run = one_run("otel_genai", otlp(*[item for item in spans if item["traceId"] == last[0]["traceId"]]))
    assert [call.id for call in run.calls] == ["c1", "c2", "c3", "c4", "c5", "c8", "c9", "c10"]
    assert [call.approval.state for call in run.calls[-3:]] == ["approved", "edited", "denied"]


LINES = [otlp(item) for item in SAMPLE["resourceSpans"][0]["scopeSpans"][0]["spans"]]


def test_one_object_per_line_is_the_same_run() -> None:
    """As the collector's file exporter writes it; each line names its trace."""
    assert runs("otel_genai", LINES) == [
        one_run("otel_genai", SAMPLE).model_copy(update={"notes": []}),
    ]
    keys = {key for line in LINES for key in adapter("otel_genai").line_key(line)}  # type: ignore[attr-defined]
    assert len(keys) == 2
    assert None not in keys


def declared_tools(**kinds: str) -> dict[str, Any]:
    """Return pydantic-ai's declaration of tools."""
    tools = [{"name": name, "kind": kind} for name, kind in kinds.items() if kind != "output"]
    outputs = [{"name": name, "kind": kind} for name, kind in kinds.items() if kind == "output"]
    return {"model_request_parameters": json.dumps({"function_tools": tools, "output_tools": outputs})}


def tool_message(id: str, result: Any) -> dict[str, Any]:
    """Return a message with one result."""
    return {"role": "user", "parts": [{"type": "tool_call_response", "id": id, "result": result}]}


def history(*calls: dict[str, Any]) -> dict[str, Any]:
    """Return an assistant message with calls."""
    return {"role": "assistant", "parts": list(calls)}


def test_calls_with_results_but_without_executions() -> None:
    """One failed validation, one tool does not exist, one is the structured output, one runs elsewhere."""
    calls = [
        proposal("a", "add", n="x"),
        proposal("b", "nope"),
        proposal("c", "final_result", n=1),
        proposal("d", "outside"),
    ]
    results = [tool_message(call_id, f"text {call_id}") for call_id in "abcd"]
    stages = {"pydantic_ai.tool.failure_stage": "validation"}
    document = otlp(
        chat("m1", 0, *calls, attributes=declared_tools(add="function", final_result="output", outside="external")),
        tool("t1", 10, "add", "a", arguments={"n": "x"}, result="not a number", attributes=stages, status={"code": 2}),
        chat("m2", 20, messages=[history(*calls), *results]),
    )
    run = one_run("otel_genai", document)
    facts = [(call.tool, call.outcome, call.arguments) for call in run.calls]
    assert facts == [
        ("add", "failed", None),
        ("nope", "failed", None),
        ("final_result", "success", {"n": 1}),
        ("outside", "success", {}),
    ]
    assert [note.split(": ", 1)[1] for note in run.notes] == ["'nope' has a result but was never executed"]


def test_a_tool_that_waits_for_approval_at_run_time() -> None:
    """The first span stops to wait; the second ran; the denied call has no second span."""
    calls = [proposal("a", "wipe", disk=1), proposal("b", "wipe", disk=2)]
    waits = {"pydantic_ai.tool.deferral.name": "ApprovalRequired"}
    document = otlp(
        chat("m1", 0, *calls, attributes=declared_tools(wipe="function")),
        tool("t1", 10, "wipe", "a", arguments={"disk": 1}, attributes=waits),
        tool("t2", 11, "wipe", "b", arguments={"disk": 2}, attributes=waits),
        tool("t3", 20, "wipe", "a", arguments={"disk": 1}, result={"wiped": 1}),
        chat("m2", 30, messages=[history(*calls), tool_message("a", {"wiped": 1}), tool_message("b", "keep it")]),
    )
    run = one_run("otel_genai", document)
    assert [(call.outcome, call.approval.state, call.arguments) for call in run.calls] == [
        ("success", "approved", {"disk": 1}),
        ("denied", "denied", None),
    ]


@pytest.mark.parametrize(
    "document",
    [
        otlp(
            span(
                "t",
                1,
                attributes={
                    "gen_ai.operation.name": "execute_tool",
                    "gen_ai.tool.name": "look",
                    "gen_ai.tool.call.id": "1",
                },
            )
        ),
        otlp(chat("m", 0, {"type": "tool_call", "id": "1", "name": "look"})),
        otlp(
            span("m", 0, attributes={"gen_ai.operation.name": "chat", "gen_ai.response.finish_reasons": ["tool_call"]})
        ),
    ],
    ids=["tool span", "message part", "finish reason"],
)
def test_spans_without_content_are_refused(document: Any) -> None:
    """Spans with only names and times are refused, and the remedy names the settings."""
    with pytest.raises(MalformedTrace, match="left out") as refusal:
        runs("otel_genai", document)
    assert "include_content" in refusal.value.remedy


def test_a_trace_of_something_else_is_refused_or_skipped() -> None:
    """A web request beside the agent's trace is not a run; alone, it is refused."""
    web = span("w", 0, trace="bb", attributes={"http.method": "GET"})
    assert len(runs("otel_genai", otlp(web, chat("m", 0)))) == 1
    with pytest.raises(MalformedTrace, match="no span is about"):
        runs("otel_genai", otlp(web))


def test_repeated_and_missing_ids() -> None:
    """Two calls with one id are two calls; calls without ids match by the tool's name and the arguments."""
    again = [history(proposal("x", "f", n=1)), tool_message("x", 1)]
    document = otlp(
        chat("m1", 0, proposal("x", "f", n=1)),
        tool("t1", 10, "f", "x", arguments={"n": 1}, result=[1]),
        chat("m2", 20, proposal("x", "f", n=2), proposal(None, "g", n=3), proposal(None, "g", n=4), messages=again),
        tool("t2", 30, "f", "x", arguments={"n": 2}, result=[2]),
        tool("t4", 31, "g", None, arguments={"n": 4}, result=[4]),
        tool("t3", 32, "g", None, arguments={"n": 3}, result=[3]),
        tool("t5", 40, "h", None, arguments={"n": 5}),
    )
    run = one_run("otel_genai", document)
    assert [(call.id, call.arguments, call.result, call.batch) for call in run.calls] == [
        ("x", {"n": 1}, [1], 0),
        ("x#2", {"n": 2}, [2], 1),
        ("call-1", {"n": 3}, [3], 1),
        ("call-2", {"n": 4}, [4], 1),
        ("call-3", {"n": 5}, ["ok"], 2),
    ]
    assert run.calls[-1].proposed_arguments is None  # no message has the proposal


def test_each_attempt_under_one_id_is_kept() -> None:
    """A framework that retries by itself writes one span for each attempt."""
    document = otlp(
        chat("m1", 0, proposal("x", "f", n=1)),
        tool("t1", 10, "f", "x", arguments={"n": 1}, result="503", status={"code": "STATUS_CODE_ERROR"}),
        tool("t2", 20, "f", "x", arguments={"n": 1}, result=[1]),
        chat("m2", 30),
    )
    run = one_run("otel_genai", document)
    assert [(call.id, call.outcome, call.error) for call in run.calls] == [
        ("x", "failed", "503"),
        ("x#2", "success", None),
    ]


def test_one_call_in_two_spans_counts_once() -> None:
    """The agent's span and the MCP session's span inside it are one call."""
    session = {"mcp.method.name": "tools/call", "gen_ai.tool.name": "f"}
    document = otlp(
        chat("m1", 0, proposal("x", "f", n=1)),
        tool("t1", 10, "f", "x", arguments={"n": 1}),
        span("s1", 11, parent="t1", name="tools/call f", attributes=session),
        chat("m2", 30),
    )
    assert len(one_run("otel_genai", document).calls) == 1


def test_a_result_without_an_execution_is_not_a_success() -> None:
    """Another call of the same tool has its span; this one has only a text."""
    calls = [proposal("x", "f", n=1), proposal("y", "f", n=2)]
    document = otlp(
        chat("m1", 0, *calls),
        tool("t1", 10, "f", "x", arguments={"n": 1}),
        chat("m2", 30, messages=[history(*calls), tool_message("x", "ok"), tool_message("y", "rejected by the user")]),
    )
    run = one_run("otel_genai", document)
    assert [call.outcome for call in run.calls] == ["success", "unknown"]
    assert run.calls[1].arguments is None
    assert "no span records its execution" in run.notes[0]


def test_turns_are_counted_once() -> None:
    """Every request repeats the conversation; a second user text starts the second turn."""
    hello, more = ({"role": "user", "parts": [{"type": "text", "content": text}]} for text in ("hello", "more"))
    answer = {"role": "assistant", "parts": [{"type": "text", "content": "hi"}]}
    document = otlp(
        chat("m1", 0, proposal("x", "f"), messages=[hello]),
        chat("m2", 10, messages=[hello, history(proposal("x", "f")), tool_message("x", 1)]),
        chat(
            "m3",
            20,
            proposal("y", "f"),
            messages=[hello, history(proposal("x", "f")), tool_message("x", 1), answer, more],
        ),
    )
    run = one_run("otel_genai", document)
    assert [turn.user_text for turn in run.turns] == ["hello", "more"]
    assert [(call.id, call.turn) for call in run.calls] == [("x", 0), ("y", 1)]


def test_items_of_one_response_share_a_batch() -> None:
    """OpenAI's Responses have each call as an item of its own, in the output and in later inputs."""
    items = [{"type": "function_call", "call_id": name, "name": "f", "arguments": "{}"} for name in "ab"]
    output = [{"type": "message", "role": "assistant", "content": "two at once"}, *items]
    back = [{"type": "function_call_output", "call_id": name, "output": f"r{name}"} for name in "ab"]
    first = {KIND: "chat", "gen_ai.output.messages": json.dumps(output)}
    later = {KIND: "chat", "gen_ai.input.messages": json.dumps([*items, *back])}
    history_only = [span("m2", 10, attributes=later)]
    for spans in ([span("m1", 0, attributes=first), *history_only], history_only):
        run = one_run("otel_genai", otlp(*spans))
        assert [(call.id, call.batch, call.result) for call in run.calls] == [("a", 0, "ra"), ("b", 0, "rb")]


def test_unknown_spans_and_parts_are_noted_once() -> None:
    """Each note has its place; later spans repeat the same parts."""
    strange = [{"role": "assistant", "parts": [{"type": "remote_call", "id": "z"}]}]
    document = otlp(
        chat("m1", 0, messages=strange), chat("m2", 5, messages=strange), span("s", 9, attributes={KIND: "run_skill"})
    )
    assert sorted(note.rsplit(": ", 1)[1] for note in one_run("otel_genai", document).notes) == [
        "unknown kind of span 'run_skill'",
        "unknown part 'remote_call'",
    ]


def dialects() -> Iterator[tuple[str, Any]]:
    """Yield one call in the form of each instrumentation."""
    openllmetry = {
        "llm.request.type": "chat",
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": "go",
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.tool_calls.0.id": "x",
        "gen_ai.completion.0.tool_calls.0.name": "f",
        "gen_ai.completion.0.tool_calls.0.arguments": '{"n": 1}',
    }
    entity = {
        "traceloop.span.kind": "tool",
        "traceloop.entity.name": "f",
        "traceloop.entity.input": '{"args": [], "kwargs": {"n": 1}}',
        "traceloop.entity.output": '{"r": 2}',
    }
    yield "openllmetry", otlp(span("m", 0, attributes=openllmetry), span("t", 10, attributes=entity))
    model = {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.prompt.messages": '[{"role": "user", "content": [{"type": "text", "text": "go"}]}]',
        "ai.response.toolCalls": '[{"toolCallId": "x", "toolName": "f", "input": "{\\"n\\": 1}"}]',
    }
    call = {
        "ai.operationId": "ai.toolCall",
        "ai.toolCall.name": "f",
        "ai.toolCall.id": "x",
        "ai.toolCall.args": '{"n": 1}',
        "ai.toolCall.result": '{"r": 2}',
    }
    yield (
        "vercel",
        [
            {
                "name": "m",
                "spanContext": {"traceId": "a", "spanId": "m"},
                "startTime": [1700000000, 0],
                "attributes": model,
            },
            {
                "name": "t",
                "spanContext": {"traceId": "a", "spanId": "t"},
                "startTime": [1700000001, 0],
                "attributes": call,
            },
        ],
    )
    events = [
        {"event.name": "gen_ai.user.message", "role": "user", "content": "go"},
        {
            "event.name": "gen_ai.choice",
            "message": {
                "role": "assistant",
                "tool_calls": [{"id": "x", "type": "function", "function": {"name": "f", "arguments": '{"n": 1}'}}],
            },
        },
    ]
    older = {
        "gen_ai.tool.name": "f",
        "gen_ai.tool.call.id": "x",
        "tool_arguments": '{"n": 1}',
        "tool_response": '{"r": 2}',
    }
    yield (
        "logfire",
        otlp(
            span(
                "m",
                0,
                attributes={"gen_ai.operation.name": "chat", "events": json.dumps(events), "logfire.span_type": "span"},
            ),
            span("t", 10, name="running tool", attributes=older),
        ),
    )
    yield (
        "span events",
        otlp(
            span(
                "m",
                0,
                attributes={"gen_ai.operation.name": "chat"},
                events=[
                    {"name": "gen_ai.user.message", "attributes": [{"key": "content", "value": any_value("go")}]},
                    {
                        "name": "gen_ai.choice",
                        "attributes": [{"key": "message", "value": any_value(json.dumps(events[1]["message"]))}],
                    },
                ],
            ),
            tool("t", 10, "f", "x", arguments={"n": 1}, result={"r": 2}),
        ),
    )
    yield (
        "python sdk",
        [
            {
                "name": item["name"],
                "context": {"trace_id": "0xaa", "span_id": f"0x{item['spanId']}"},
                "parent_id": None,
                "start_time": f"2026-01-01T00:00:0{index}.000000Z",
                "status": {"status_code": "UNSET"},
                "attributes": {entry["key"]: entry["value"]["stringValue"] for entry in item["attributes"]},
            }
            for index, item in enumerate(
                (
                    chat(
                        "m",
                        0,
                        proposal("x", "f", n=1),
                        messages=[{"role": "user", "parts": [{"type": "text", "content": "go"}]}],
                    ),
                    tool("t", 10, "f", "x", arguments={"n": 1}, result={"r": 2}),
                )
            )
        ],
    )


@pytest.mark.parametrize(("name", "document"), list(dialects()), ids=[name for name, _ in dialects()])
def test_every_instrumentation_is_read_as_the_same_call(name: str, document: Any) -> None:
    """One request, one proposal, one execution."""
    assert adapter("otel_genai").accepts(document)
    run = one_run("otel_genai", document)
    (call,) = run.calls
    assert (call.id, call.tool, call.proposed_arguments, call.arguments, call.result, call.outcome) == (
        "x",
        "f",
        {"n": 1},
        {"n": 1},
        {"r": 2},
        "success",
    )
    assert [turn.user_text for turn in run.turns] == ["go"]


def recorded(name: str) -> list[Run]:
    """Return the runs of a real recording, or skip."""
    return read(recording(f"otel-openinference/{name}"))[1]


def test_recorded_flat_span() -> None:
    """One span as attributes: the call and its result are in the input messages."""
    (run,) = recorded("otel_genai_client_span_tool_calls.json")
    (call,) = run.calls
    assert (run.format, call.id, call.tool, call.arguments, call.result) == (
        "otel_genai",
        "1234",
        "get_weather",
        {"location": "Paris"},
        "rainy, 57°F",
    )
    assert (run.model, run.usage) == ("gpt-4-0613", Usage(input_tokens=97, output_tokens=52))


def test_recorded_spans_without_tools() -> None:
    """Ten operations of the Vercel AI SDK without a call; embeddings are not a run."""
    found = recorded("all-spans.json")
    assert [call for run in found for call in run.calls] == []
    assert len(found) == 8
    assert found[2].system_text == "You are a helpful assistant."

"""Reading spans and the messages in them."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.traces.formats.spans.messages import ProposedCall, read_chat
from airflow_provider_vai.traces.formats.spans.span import (
    Span,
    line_traces,
    parse_span_time,
    read_span,
    read_value,
    some_spans,
)


def test_flattened_and_nested_attributes_read_alike() -> None:
    """A list is rebuilt as a list, and the span's own values are not changed."""
    nested = {"a": {"b": [{"c": 1}, {"c": 2}]}}
    assert Span("", "", attributes={"a.b.0.c": 1, "a.b.1.c": 2}).get("a.b") == [{"c": 1}, {"c": 2}]
    assert Span("", "", attributes=nested).get("a.b") == [{"c": 1}, {"c": 2}]
    assert Span("", "", attributes={**nested, "a.d.e": 3}).get("a.d") == {"e": 3}
    assert nested == {"a": {"b": [{"c": 1}, {"c": 2}]}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{'a': (1, 2), 'b': None}", {"a": [1, 2], "b": None}),
        ('{"a": 1}', {"a": 1}),
        ("[1, 2]", [1, 2]),
        ("{'a': {1, 2}}", "{'a': {1, 2}}"),
        ("{'a': open('x')}", "{'a': open('x')}"),
        ("(" * 90 + ")" * 90, "(" * 90 + ")" * 90),
        ("{'a': '\\ud800'}", "{'a': '\\ud800'}"),
        ("12", "12"),
        (None, None),
    ],
)
def test_values_in_text_are_parsed_once_and_never_run(value: Any, expected: Any) -> None:
    """JSON first, then a repr of plain values; everything else stays text."""
    assert read_value(value) == expected


@pytest.mark.parametrize(
    "value",
    ["1700000000000000000", 1_700_000_000_000, [1_700_000_000, 0], "2023-11-14T22:13:20Z", "2023-11-14T22:13:20"],
)
def test_times(value: Any) -> None:
    """Nanoseconds in text, milliseconds, JavaScript's pairs, ISO text with and without a time zone."""
    found = parse_span_time(value)
    assert found is not None
    assert found.isoformat() == "2023-11-14T22:13:20+00:00"


@pytest.mark.parametrize("document", [None, 1, "x", [], [1], [[]], {}, {"resourceSpans": 3}, {"spans": [1]}])
def test_inspection_never_raises(document: Any) -> None:
    """A document of another kind has no spans."""
    assert some_spans(document) == []
    assert line_traces(document) is None


def test_an_exception_is_the_error() -> None:
    """If the status has no message."""
    event = {"name": "exception", "attributes": {"exception.type": "KeyError", "exception.message": "x"}}
    found = read_span({"spanId": "1", "status": {"code": "STATUS_CODE_ERROR"}, "events": [event]}, "here")
    assert (found.failed, found.error) == (True, "KeyError: x")


PROPOSAL = ProposedCall("a", "f", {"n": 1})


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": '{"n": 1}'}}]}],
        {
            "choices": [
                {
                    "message": {
                        "role": "assistant",
                        "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": '{"n": 1}'}}],
                    }
                }
            ]
        },
        {"content": [{"type": "tool_use", "id": "a", "name": "f", "input": {"n": 1}}], "role": "assistant"},
        {
            "candidates": [
                {"content": {"role": "model", "parts": [{"functionCall": {"id": "a", "name": "f", "args": {"n": 1}}}]}}
            ]
        },
        {
            "object": "response",
            "output": [{"type": "function_call", "id": "fc", "call_id": "a", "name": "f", "arguments": '{"n": 1}'}],
        },
        {"type": "ai", "data": {"content": "", "tool_calls": [{"id": "a", "name": "f", "args": {"n": 1}}]}},
        [{"toolCallId": "a", "toolName": "f", "input": '{"n": 1}'}],
        '[{"role": "assistant", "parts": [{"type": "tool_call", "id": " a ", "name": "f", "arguments": {"n": 1}}]}]',
        [
            {
                "message": {
                    "role": "assistant",
                    "tool_calls": [{"tool_call": {"id": "a", "function": {"name": "f", "arguments": '{"n": 1}'}}}],
                }
            }
        ],
    ],
    ids=["openai", "completion", "anthropic", "google", "responses", "langchain", "vercel", "genai", "openinference"],
)
def test_a_proposal_in_every_frameworks_form(value: Any) -> None:
    """The same call is read from all of them."""
    assert [call for message in read_chat(value, "assistant") for call in message.calls] == [PROPOSAL]


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "tool", "tool_call_id": "a", "content": '{"r": 2}'}],
        [
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": '{"r": 2}'}]}
                ],
            }
        ],
        [{"type": "function_call_output", "call_id": "a", "output": '{"r": 2}'}],
        [{"type": "tool", "tool_call_id": "a", "content": "text", "artifact": {"r": 2}}],
        [
            {
                "role": "tool",
                "content": [{"type": "tool-result", "toolCallId": "a", "output": {"type": "json", "value": {"r": 2}}}],
            }
        ],
        [{"role": "user", "parts": [{"functionResponse": {"id": "a", "name": "f", "response": {"r": 2}}}]}],
        [{"role": "tool", "parts": [{"type": "tool_call_response", "id": "a", "response": {"r": 2}}]}],
    ],
    ids=["openai", "anthropic", "responses", "langchain", "vercel", "google", "genai"],
)
def test_a_result_in_every_frameworks_form(value: Any) -> None:
    """The result is parsed once, and a structured one is preferred."""
    results = [result for message in read_chat(value, "user") for result in message.results]
    assert [(result.id, result.value, result.outcome) for result in results] == [("a", {"r": 2}, "success")]


def test_errors_in_messages() -> None:
    """Anthropic's flag, LangChain's status and Vercel's type mark an error."""
    values = [
        {"type": "tool_result", "tool_use_id": "a", "content": "bad", "is_error": True},
        {"type": "tool", "tool_call_id": "a", "content": "bad", "status": "error"},
        {"type": "tool", "data": {"tool_call_id": "a", "content": "bad", "status": "error"}},
        {"type": "tool-result", "toolCallId": "a", "output": {"type": "error-text", "value": "bad"}},
    ]
    results = [result for value in values for message in read_chat([value]) for result in message.results]
    assert [(result.outcome, result.error) for result in results] == [("failed", "bad")] * 4


def test_unreadable_parts_are_reported() -> None:
    """A part that may be a call, and messages that an exporter cut off."""
    (part,) = read_chat([{"role": "assistant", "content": [{"type": "computer_tool", "content": "click"}]}])
    assert part.problems == ["unknown part 'computer_tool'"]
    (cut,) = read_chat('[{"role": "user", "content": "hel')
    assert (cut.text, cut.problems) == (None, ["messages whose JSON is broken or cut off"])


def test_text_in_other_shapes() -> None:
    """Serialised LangChain messages, the Python repr of a message, plain text."""
    lists = {"messages": [[{"lc": 1, "id": ["langchain", "HumanMessage"], "kwargs": {"content": "go"}}]]}
    shown = {"messages": ["role='system' content='be brief' name=None", "role='user' content='go' name=None"]}
    assert [(message.role, message.text) for message in read_chat(lists)] == [("user", "go")]
    assert [(message.role, message.text) for message in read_chat(shown)] == [("system", "be brief"), ("user", "go")]
    assert [(message.role, message.text) for message in read_chat("go")] == [("user", "go")]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"stringValue": None, "intValue": "7", "boolValue": None, "doubleValue": None}, 7),
        ({"string_value": None, "bool_value": False}, False),
        ({"stringValue": None, "doubleValue": 0.0}, 0.0),
        ({"stringValue": ""}, ""),
        ({"stringValue": None}, None),
    ],
)
def test_a_value_that_lists_every_type(value: dict[str, Any], found: Any) -> None:
    """Some exporters write all types, with null for those that do not apply."""
    span = {"traceId": "t", "spanId": "s", "name": "n", "attributes": [{"key": "x", "value": value}]}
    (read,) = some_spans({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})

    assert read.attributes.get("x") == found
    assert type(read.attributes.get("x")) is type(found)


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '[{"a": {"b": 1, "b": 2}}]'])
def test_refused_json_is_not_read_as_python(text: str) -> None:
    """JSON that the reader refuses because a value would change stays text: Python would change it silently."""
    assert read_value(text) == text

"""OpenAI Chat Completions."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from tests.unit.traces.formats.support import SAMPLES, one_run, trace


def assistant_message(*calls: dict[str, Any]) -> dict[str, Any]:
    """Return an assistant message with calls."""
    return {"role": "assistant", "content": None, "tool_calls": list(calls)}


def function(id: str | None, name: str, arguments: Any = "{}") -> dict[str, Any]:
    """Return a function call."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def test_sample_values() -> None:
    """Arguments and results are parsed; a custom tool's input stays text; the file's own facts are used."""
    run = one_run("openai_chat", SAMPLES["openai_chat.json"])
    assert (run.title, run.model, run.system_text) == ("Stock check", "gpt-sample", "You watch the stock.")
    assert [turn.user_text for turn in run.turns] == ["Is the lamp in stock?", "Reserve one."]
    find, sites, note = run.calls
    assert find.arguments == find.proposed_arguments == {"name": "lamp"}
    assert find.result == {"sku": "L-300", "units": 4}
    assert (sites.arguments, sites.result) == ({}, ["north", "south"])
    assert (note.arguments, note.result) == ("reserve L-300", "reserved as R-81")


def test_bare_list_has_the_digest_as_id() -> None:
    """A list has no id of its own."""
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    run = one_run("openai_chat", messages)
    assert run.id == trace(messages).fallback_id
    assert run.outcome == "success"
    assert run.calls == []


def test_call_without_a_result_is_unknown_and_not_executed() -> None:
    """Only the proposal of a call without a result is known."""
    run = one_run("openai_chat", [assistant_message(function("a", "t", '{"x": 1}'))])
    (call,) = run.calls
    assert (call.outcome, call.arguments, call.proposed_arguments) == ("unknown", None, {"x": 1})
    assert run.outcome == "unknown"


def test_unparsable_arguments_stay_text() -> None:
    """A truncated object is kept as it is written."""
    messages = [assistant_message(function("a", "t", '{"x": ')), {"role": "tool", "tool_call_id": "a", "content": "ok"}]
    assert one_run("openai_chat", messages).calls[0].arguments == '{"x": '


def test_older_form_without_ids() -> None:
    """``function_call`` and role ``function`` are paired by name and order."""
    messages = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": '{"x": 1}'}},
        {"role": "function", "name": "f", "content": '{"y": 2}'},
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": '{"x": 2}'}},
        {"role": "function", "name": "f", "content": "done"},
    ]
    calls = one_run("openai_chat", messages).calls
    assert [(call.id, call.arguments, call.result, call.batch) for call in calls] == [
        ("call-1", {"x": 1}, {"y": 2}, 0),
        ("call-2", {"x": 2}, "done", 1),
    ]


def test_unknown_role_part_and_tool_call_are_noted() -> None:
    """Unknown values are noted with their place."""
    messages = [
        {"role": "user", "content": [{"type": "smell", "data": "?"}]},
        assistant_message({"id": "a", "type": "telepathy"}),
        {"role": "narrator", "content": "meanwhile"},
        {"role": "tool", "tool_call_id": "zz", "content": ""},
    ]
    assert one_run("openai_chat", {"messages": messages}).notes == [
        "messages[0].content[0]: unknown part 'smell'",
        "messages[1].tool_calls[0]: unknown kind of tool call 'telepathy'",
        "messages[2]: unknown role 'narrator'",
        "messages[3]: a result for 'zz', but there is no such call",
    ]


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([assistant_message({"id": "a"})], r"file\.json: messages\[0\]\.tool_calls\[0\]\.function: expected an object"),
        (
            [assistant_message(function("a", "t") | {"id": 7})],
            r"messages\[0\]\.tool_calls\[0\]\.id: expected text, found int",
        ),
        (
            [{"role": "assistant", "tool_calls": {}}],
            r"messages\[0\]\.tool_calls: expected a list, found dict",
        ),
        ([{"role": 3}], r"messages\[0\]\.role: expected text, found int 3"),
        ([{"role": "user"}, "x"], r"messages\[1\]: expected an object, found str 'x'"),
        ("x", r"file\.json: messages: expected a list, found str"),
    ],
)
def test_bad_shape_names_its_place(messages: Any, problem: str) -> None:
    """The message has the place, the expected and the actual type."""
    with pytest.raises(MalformedTrace, match=problem):
        one_run("openai_chat", {"messages": messages})

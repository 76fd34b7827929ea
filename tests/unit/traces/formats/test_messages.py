"""Pairing results with calls, ids, batches, turns and content parts."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import ToolCall, Usage
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value, total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from tests.unit.traces.formats.support import trace


def conversation(*ids: str) -> Conversation:
    """Return a conversation with one message of calls ``tool-0``, ``tool-1``…"""
    made = Conversation(trace([]))
    for index, file_id in enumerate(ids):
        made.add_call(
            ToolCall(id=file_id, tool=f"tool-{index}", proposed_arguments={"n": index}), f"file.json: [{index}]"
        )
    return made


def results(made: Conversation) -> list[object]:
    """Return the results by call."""
    return [call.result for call in made.calls]


def test_results_in_another_order_are_paired_by_id() -> None:
    """The id decides, not the position."""
    made = conversation("a", "b")
    made.add_result(ToolResult(id="b", value=2), "")
    made.add_result(ToolResult(id="a", value=1), "")
    assert results(made) == [1, 2]


def test_results_without_ids_are_paired_by_order() -> None:
    """Without ids the first result belongs to the first call of the message."""
    made = conversation("", "")
    made.add_result(ToolResult(value=1), "")
    made.add_result(ToolResult(value=2), "")
    assert results(made) == [1, 2]
    assert [call.id for call in made.calls] == ["call-1", "call-2"]


def test_results_without_ids_are_paired_by_the_tool_first() -> None:
    """A result that names its tool goes to a call of that tool."""
    made = conversation("", "")
    made.add_result(ToolResult(tool="tool-1", value=2), "")
    assert results(made) == [None, 2]


def test_calls_without_ids_take_results_with_ids_by_order() -> None:
    """If only the results have ids, they are paired by order."""
    made = conversation("", "")
    made.add_result(ToolResult(id="x", value=1), "")
    assert results(made) == [1, None]


def test_a_repeated_id_pairs_with_the_next_result() -> None:
    """The second call with an id gets the second result, another id in the Run, and a note."""
    made = Conversation(trace([]))
    for value in (1, 2):
        made.start_message()
        made.add_call(ToolCall(id="same", tool="t"), f"file.json: [{value}]")
        made.add_result(ToolResult(id="same", value=value), "")
    assert results(made) == [1, 2]
    assert [call.id for call in made.calls] == ["same", "same#2"]
    assert made.notes == ["[2]: several calls have the id 'same'; this one is renamed to same#2"]


def test_generated_ids_avoid_those_of_the_file() -> None:
    """An id that the file uses itself is not generated."""
    assert [call.id for call in conversation("call-1", "", "a", "a#2", "a").calls] == [
        "call-1",
        "call-2",
        "a",
        "a#2",
        "a#3",
    ]


def test_the_result_of_a_repeated_pending_id_goes_to_the_newest_message() -> None:
    """A call that was proposed again after a pause gets the result at its second proposal."""
    made = Conversation(trace([]))
    for _ in range(2):
        made.start_message()
        made.add_call(ToolCall(id="same", tool="t"), "")
    made.add_result(ToolResult(id="same", value="late"), "")
    assert results(made) == [None, "late"]


@pytest.mark.parametrize("file_id", ["a", ""])
def test_equal_ids_are_paired_by_the_tool_first(file_id: str) -> None:
    """Calls of one message with one id, or with none: a result goes to its tool, and then in the order of the calls."""
    made = conversation(file_id, file_id, file_id)
    made.add_result(ToolResult(id=file_id or None, tool="tool-2", value=3), "")
    made.add_result(ToolResult(id=file_id or None, value=1), "")
    made.add_result(ToolResult(id=file_id or None, tool="tool-1", value=2), "")
    assert results(made) == [1, 2, 3]
    assert made.notes == ([] if not file_id else made.notes[:2])


def test_the_tool_decides_before_the_newest_message() -> None:
    """A repeated id in two messages: the result goes to the call of its tool, though it is the older one."""
    made = conversation("a")
    made.start_message()
    made.add_call(ToolCall(id="a", tool="other", proposed_arguments={}), "")
    made.add_result(ToolResult(id="a", tool="tool-0", value=1), "")
    assert results(made) == [1, None]


def test_a_result_without_a_call_is_noted_with_its_place() -> None:
    """A result without a call is neither dropped silently nor an error."""
    made = conversation("a")
    assert made.add_result(ToolResult(id="other", value=1), "file.json: messages[7]") is None
    assert made.notes == ["messages[7]: a result for 'other', but there is no such call"]
    assert made.has_pending_calls


def test_a_second_result_replaces_the_first_with_a_note() -> None:
    """The last result counts."""
    made = conversation("a")
    made.add_result(ToolResult(id="a", value="pending"), "")
    made.add_result(ToolResult(id="a", value="done"), "file.json: [5]")
    assert results(made) == ["done"]
    assert made.notes == ["[5]: another result for 'a': the last one counts, unless the call was denied"]


def test_a_denial_is_never_overwritten() -> None:
    """A denial wins over any later result."""
    made = conversation("a")
    made.add_result(ToolResult(id="a", outcome="denied", ran=False), "")
    made.add_result(ToolResult(id="a", value="done"), "")
    assert made.calls[0].outcome == "denied"
    assert made.calls[0].arguments is None


def test_a_call_before_any_user_text_opens_a_turn() -> None:
    """A call's turn always exists."""
    made = conversation("a")
    assert [turn.user_text for turn in made.turns] == [None]


def test_unknown_parts_are_noted_and_media_is_skipped() -> None:
    """Text parts are joined; a part of an unknown kind is noted."""
    made = Conversation(trace([]))
    parts = [{"type": "text", "text": "one"}, "two", {"type": "image_url"}, {"type": "hologram"}, 7]
    assert made.text_of(parts, "file.json: [0].content") == "one\ntwo"
    assert made.notes == [
        "[0].content[3]: unknown part 'hologram'",
        "[0].content[4]: unknown part 'of type int'",
    ]


def test_content_of_another_type_is_malformed() -> None:
    """A number is not content; the message names the place, the expected and the actual type."""
    with pytest.raises(MalformedTrace, match=r"file\.json: \[0\]\.content: expected a list, found int 7"):
        Conversation(trace([])).text_of(7, "file.json: [0].content")


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('["{\\"a\\": 1}"]', ['{"a": 1}']),  # parsed once, not twice
        ("12", "12"),
        ("{broken", "{broken"),
        ([{"type": "text", "text": "[1]"}], [1]),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],) * 2,
        ([{"type": "image"}],) * 2,
        (None, None),
        ({"a": 1}, {"a": 1}),
        ('["\\ud800"]', '["\\ud800"]'),  # half a surrogate pair could not be written out again
    ],
)
def test_result_value(content: object, value: object) -> None:
    """JSON text is parsed once; everything else stays as it is."""
    assert result_value(content) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, {}),
        ("", {}),
        ('{"a": 1}', {"a": 1}),
        ("{broken", "{broken"),
        ([1], "[1]"),
        ("text", "text"),
        ({}, {}),
    ],
)
def test_proposed_arguments(value: object, expected: object) -> None:
    """No arguments are an empty object; text that cannot be parsed stays text."""
    assert proposed_arguments(value) == expected


def test_error_text() -> None:
    """An error becomes text, whatever its shape."""
    assert error_text([{"type": "text", "text": "no"}]) == "no"
    assert error_text([{"loc": ["a"]}, 1]) == '[{"loc":["a"]},1]'
    assert error_text(None) is None


def test_usage_sums_old_and_new_names() -> None:
    """Older names count if the newer ones are missing; without known figures there is no usage."""
    usages: list[dict[str, Any]] = [{"in": 1, "out": 2}, {"old_in": 10, "old_out": "?"}]
    tokens = ("in", "out", "old_in", "old_out")
    assert total_usage(usages, tokens=tokens, costs=["0.5", 0.25, None, 10**400]) == Usage(
        input_tokens=11, output_tokens=2, cost_usd=0.75
    )
    assert total_usage([{}], tokens=tokens, costs=[None, "x"]) is None

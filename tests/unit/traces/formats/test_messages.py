"""Pairing results with calls, ids, batches, turns and content parts."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import ToolCall, Usage
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed, result_value, usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolAnswer
from tests.unit.traces.formats.support import trace


def conversation(*ids: str) -> Conversation:
    """Return a conversation with one message of calls ``tool-0``, ``tool-1``…"""
    made = Conversation(trace([]))
    for index, given in enumerate(ids):
        made.call(ToolCall(id=given, tool=f"tool-{index}", proposed_arguments={"n": index}), f"file.json: [{index}]")
    return made


def results(made: Conversation) -> list[object]:
    """Return the results by call."""
    return [call.result for call in made.calls]


def test_results_in_another_order_are_paired_by_id() -> None:
    """The id decides, not the position."""
    made = conversation("a", "b")
    made.answer(ToolAnswer(id="b", value=2), "")
    made.answer(ToolAnswer(id="a", value=1), "")
    assert results(made) == [1, 2]


def test_results_without_ids_are_paired_by_order() -> None:
    """Without ids the first result belongs to the first call of the message."""
    made = conversation("", "")
    made.answer(ToolAnswer(value=1), "")
    made.answer(ToolAnswer(value=2), "")
    assert results(made) == [1, 2]
    assert [call.id for call in made.calls] == ["call-1", "call-2"]


def test_results_without_ids_are_paired_by_the_tool_first() -> None:
    """A result that names its tool goes to a call of that tool."""
    made = conversation("", "")
    made.answer(ToolAnswer(tool="tool-1", value=2), "")
    assert results(made) == [None, 2]


def test_calls_without_ids_take_results_with_ids_by_order() -> None:
    """Where only the results have ids, the order is all there is."""
    made = conversation("", "")
    made.answer(ToolAnswer(id="x", value=1), "")
    assert results(made) == [1, None]


def test_a_repeated_id_pairs_with_the_next_result() -> None:
    """The second call with an id gets the second result, another id in the Run, and a note."""
    made = Conversation(trace([]))
    for value in (1, 2):
        made.message()
        made.call(ToolCall(id="same", tool="t"), f"file.json: [{value}]")
        made.answer(ToolAnswer(id="same", value=value), "")
    assert results(made) == [1, 2]
    assert [call.id for call in made.calls] == ["same", "same#2"]
    assert made.notes == ["[2]: the id 'same' stands on more than one call; this one is named same#2"]


def test_made_up_ids_keep_clear_of_given_ones() -> None:
    """A name that the file uses itself is not made up a second time."""
    assert [call.id for call in conversation("call-1", "", "a", "a#2", "a").calls] == [
        "call-1",
        "call-2",
        "a",
        "a#2",
        "a#3",
    ]


def test_a_repeated_id_of_which_the_first_never_answered_goes_to_the_newest_message() -> None:
    """A call that was asked again after a pause is answered at its second asking."""
    made = Conversation(trace([]))
    for _ in range(2):
        made.message()
        made.call(ToolCall(id="same", tool="t"), "")
    made.answer(ToolAnswer(id="same", value="late"), "")
    assert results(made) == [None, "late"]


def test_a_result_without_a_call_is_noted_with_its_place() -> None:
    """An orphan result is never dropped in silence, and no error either."""
    made = conversation("a")
    assert made.answer(ToolAnswer(id="other", value=1), "file.json: messages[7]") is None
    assert made.notes == ["messages[7]: a result for 'other', but no such call"]
    assert made.is_waiting


def test_a_second_result_replaces_the_first_with_a_note() -> None:
    """The last result that came is the result."""
    made = conversation("a")
    made.answer(ToolAnswer(id="a", value="pending"), "")
    made.answer(ToolAnswer(id="a", value="done"), "file.json: [5]")
    assert results(made) == ["done"]
    assert made.notes == ["[5]: another result for 'a': the last counts, except after a denial"]


def test_a_denial_is_never_overwritten() -> None:
    """Denied wins over everything."""
    made = conversation("a")
    made.answer(ToolAnswer(id="a", outcome="denied", ran=False), "")
    made.answer(ToolAnswer(id="a", value="done"), "")
    assert made.calls[0].outcome == "denied"
    assert made.calls[0].arguments is None


def test_a_call_before_any_user_text_opens_a_turn() -> None:
    """A call's turn always exists."""
    made = conversation("a")
    assert [turn.user_text for turn in made.turns] == [None]


def test_unknown_parts_are_noted_and_media_is_passed_over() -> None:
    """Text parts are joined; a part of a kind that nobody knows is reported."""
    made = Conversation(trace([]))
    parts = [{"type": "text", "text": "one"}, "two", {"type": "image_url"}, {"type": "hologram"}, 7]
    assert made.text(parts, "file.json: [0].content") == "one\ntwo"
    assert made.notes == [
        "[0].content[3]: unknown part 'hologram'",
        "[0].content[4]: unknown part 'of type int'",
    ]


def test_content_of_another_type_is_malformed() -> None:
    """A number is no content; the message names place, expectation and finding."""
    with pytest.raises(MalformedTrace, match=r"file\.json: \[0\]\.content: expected a list, found int 7"):
        Conversation(trace([])).text(7, "file.json: [0].content")


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
        ('["\\ud800"]', '["\\ud800"]'),  # half a surrogate pair could not be written again
    ],
)
def test_result_value(content: object, value: object) -> None:
    """JSON text becomes a value once; everything else stays what it is."""
    assert result_value(content) == value


@pytest.mark.parametrize(
    ("given", "expected"),
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
def test_proposed_arguments(given: object, expected: object) -> None:
    """No arguments are an empty object, what cannot be parsed stays text."""
    assert proposed(given) == expected


def test_error_text() -> None:
    """An error is text, whatever shape it came in."""
    assert error_text([{"type": "text", "text": "no"}]) == "no"
    assert error_text([{"loc": ["a"]}, 1]) == '[{"loc":["a"]},1]'
    assert error_text(None) is None


def test_usage_sums_old_and_new_names() -> None:
    """Older names count where the newer are missing; nothing known is no usage at all."""
    spent: list[dict[str, Any]] = [{"in": 1, "out": 2}, {"old_in": 10, "old_out": "?"}]
    tokens = ("in", "out", "old_in", "old_out")
    assert usage(spent, tokens=tokens, costs=["0.5", 0.25, None, 10**400]) == Usage(
        input_tokens=11, output_tokens=2, cost_usd=0.75
    )
    assert usage([{}], tokens=tokens, costs=[None, "x"]) is None

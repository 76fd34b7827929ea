"""The rules of ``dev/docs/formats.md`` for results, calls and their order hold in every conversation format."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.reading.values import arguments_problem
from tests.unit.traces.formats.conversation_forms import FORMS, INSIDE, Call, Result, Step
from tests.unit.traces.formats.support import adapter, one_run

NAMES_TOOL = {
    *("openai_chat", "agentdojo", "langchain", "pydantic_ai", "vercel_model", "google_adk", "autogen"),
    *("semantic_kernel", "haystack"),
}
"""Formats whose results name the tool."""


def read_form(form: str, *steps: Step) -> Run:
    """Write a conversation in a format, and read it."""
    document = {**FORMS, **INSIDE}[form](list(steps))
    assert adapter(form).accepts(document), "the form is not that of the format"
    return one_run(form, document)


def facts(run: Run) -> list[tuple[str, int, Any, Any]]:
    """Return each call's id, batch, argument and result."""
    return [
        (call.id, call.batch, (call.proposed_arguments or {})["n"], (call.result or {}).get("r"))  # type: ignore[index]
        for call in run.calls
    ]


@pytest.mark.parametrize("form", FORMS)
def test_the_id_decides_and_the_batch_keeps_its_order(form: str) -> None:
    """Results in another order than the calls; calls stay in the order in which the model proposed them."""
    calls = [Call("c", "t", 1), Call("a", "t", 2), Call("b", "u", 3)]
    run = read_form(form, calls, [Result("b", "u", 3), Result("c", "t", 1), Result("a", "t", 2)])
    assert facts(run) == [("c", 0, 1, 1), ("a", 0, 2, 2), ("b", 0, 3, 3)]
    assert [call.outcome for call in run.calls] == ["success"] * 3
    assert [call.arguments for call in run.calls] == [call.arguments for call in calls]


@pytest.mark.parametrize("form", FORMS)
def test_a_repeated_id_is_made_unique(form: str) -> None:
    """Each call with the id gets the result after it; the next ones are renamed, and noted."""
    steps: list[Step] = []
    for number in (1, 2, 3):
        steps += [[Call("same", "t", number)], [Result("same", "t", number)]]
    run = read_form(form, *steps)
    assert facts(run) == [("same", 0, 1, 1), ("same#2", 1, 2, 2), ("same#3", 2, 3, 3)]
    assert sum("several calls have the id 'same'" in note for note in run.notes) == 2


@pytest.mark.parametrize("form", FORMS)
def test_equal_ids_in_one_batch_are_paired_in_order(form: str) -> None:
    """Two calls of one message with one id: the results go to them in order."""
    run = read_form(form, [Call("x", "t", 1), Call("x", "t", 2)], [Result("x", "t", 1), Result("x", "t", 2)])
    assert facts(run) == [("x", 0, 1, 1), ("x#2", 0, 2, 2)]


@pytest.mark.parametrize("form", sorted(NAMES_TOOL))
def test_the_tool_decides_between_equal_ids(form: str) -> None:
    """If a result names its tool, it goes to a call of that tool."""
    run = read_form(form, [Call("x", "t", 1), Call("x", "u", 2)], [Result("x", "u", 2), Result("x", "t", 1)])
    assert facts(run) == [("x", 0, 1, 1), ("x#2", 0, 2, 2)]


@pytest.mark.parametrize("form", FORMS)
def test_empty_ids_are_numbered(form: str) -> None:
    """The calls are named in the order of the file, and the results go to them in order."""
    steps: list[Step] = [[Call("", "t", 1), Call("", "t", 2)], [Result("", "t", 1), Result("", "t", 2)]]
    run = read_form(form, *steps, [Call("", "t", 3)], [Result("", "t", 3)])
    assert facts(run) == [("call-1", 0, 1, 1), ("call-2", 0, 2, 2), ("call-3", 1, 3, 3)]


@pytest.mark.parametrize("form", FORMS)
def test_a_result_without_a_call_is_noted(form: str) -> None:
    """It is not used, and no call takes it."""
    run = read_form(form, [Call("a", "t", 1)], [Result("a", "t", 1), Result("lost", "u", 9)])
    assert facts(run) == [("a", 0, 1, 1)]
    assert any("'lost'" in note and "no such call" in note for note in run.notes)


@pytest.mark.parametrize("form", FORMS)
def test_the_last_of_two_results_counts(form: str) -> None:
    """A second result for one call replaces the first, with a note."""
    run = read_form(form, [Call("a", "t", 1)], [Result("a", "t", 8)], [Result("a", "t", 1)])
    assert facts(run) == [("a", 0, 1, 1)]
    assert any("another result for 'a'" in note for note in run.notes)


@pytest.mark.parametrize("form", FORMS)
def test_a_call_without_a_result_stays_open(form: str) -> None:
    """Its outcome is unknown, and nothing is said to have been executed."""
    run = read_form(form, [Call("a", "t", 1), Call("b", "t", 2)], [Result("b", "t", 2)])
    assert [(call.outcome, call.arguments) for call in run.calls] == [("unknown", None), ("success", {"n": 2})]
    assert run.outcome == "unknown"


@pytest.mark.parametrize("form", INSIDE)
def test_results_inside_their_calls(form: str) -> None:
    """Order, equal, repeated and empty ids, where a result cannot go to another call."""
    run = read_form(
        form,
        [Call("c", "t", 1), Call("a", "u", 2)],
        [Result("c", "t", 1), Result("a", "u", 2)],
        [Call("same", "t", 3), Call("same", "t", 4)],
        [Result("same", "t", 3), Result("same", "t", 4)],
        [Call("", "t", 5), Call("", "t", 6)],
        [Result("", "t", 5), Result("", "t", 6)],
    )
    assert facts(run) == [
        ("c", 0, 1, 1),
        ("a", 0, 2, 2),
        ("same", 1, 3, 3),
        ("same#2", 1, 4, 4),
        ("call-1", 2, 5, 5),
        ("call-2", 2, 6, 6),
    ]


@pytest.mark.parametrize("form", INSIDE)
def test_a_call_without_a_result_inside(form: str) -> None:
    """It stays open."""
    run = read_form(form, [Call("a", "t", 1), Call("b", "t", 2)])
    assert [call.arguments for call in run.calls] == [None, None]
    assert run.outcome == "unknown"


TEXTS = ("openai_chat", "openai_responses", "autogen", "agent_framework", "semantic_kernel", "letta", "langchain")
"""Formats that keep arguments as JSON text, or may do so."""


@pytest.mark.parametrize(
    "text", ['{"n": NaN}', '{"n": -Infinity}', '{"n": 1, "n": 2}', '{"n": "\\ud83d"}', '{"n": 1e999}']
)
@pytest.mark.parametrize("form", TEXTS)
def test_arguments_that_are_no_json_are_kept_as_recorded(form: str, text: str) -> None:
    """The call is read with its text and its result; the reason is that of the value."""
    written = json.dumps(FORMS[form]([[Call("a", "t", 1)], [Result("a", "t", 1)]]))
    plain = json.dumps(Call("a", "t", 1).text) if json.dumps(Call("a", "t", 1).text) in written else '{"n": 1}'
    document = json.loads(written.replace(plain, json.dumps(text)))
    (call,) = one_run(form, document).calls
    assert (call.arguments, call.outcome, call.result) == (text, "success", {"r": 1})
    assert "not a JSON object" not in arguments_problem(text)

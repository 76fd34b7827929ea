"""Selecting calls: only successful ones become steps, and every other call is listed with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.select import require_success, select
from airflow_provider_vai.exceptions import NothingToCrystallize, RunNotSuccessful
from airflow_provider_vai.model.run import Approval, Run, ToolCall, Turn
from tests.unit.support import call, run


def reasons(recorded: Run, **policy: Any) -> dict[str, str]:
    """Return each left-out call's reason by id."""
    return {entry.call_id: entry.reason for entry in select(recorded, Policy(**policy))[1]}


def ids(recorded: Run, **policy: Any) -> list[str]:
    """Return the chosen calls' ids."""
    return [chosen.id for chosen in select(recorded, Policy(**policy))[0]]


@pytest.mark.parametrize(
    ("left_out", "code", "reason"),
    [
        (call(outcome="failed", error="no\n such   table"), "failed", "failed: no such table"),
        (call(outcome="failed"), "failed", "failed"),
        (call(outcome="denied", approval="denied"), "denied", "a person denied it"),
        (
            call(outcome="denied", approval=Approval(state="denied", note="not now")),
            "denied",
            "a person denied it: not now",
        ),
        (call(outcome="denied", error="rejected by policy"), "denied", "a person denied it: rejected by policy"),
        (call(outcome="interrupted"), "interrupted", "was interrupted"),
        (call(outcome="interrupted", error="timeout"), "interrupted", "was interrupted: timeout"),
        (call(outcome="unknown"), "no_result", "the trace contains no result for it"),
        (
            call(arguments="free text"),
            "arguments_unknown",
            "succeeded, but no step can have its recorded arguments: they are text, not a JSON object",
        ),
        (
            call(actor="user"),
            "made_by_user",
            "the user's side made it; later calls of the agent may have depended on it",
        ),
        (call(parent_id="c2"), "inside_call", "was made inside the call c2, which is one step"),
        (
            call("final_result", {"answer": 1}, "Final result processed."),
            "answer",
            "is the agent's answer, not an action",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_did_not_succeed_becomes_no_step(left_out: ToolCall, code: str, reason: str) -> None:
    """Denied, failed, interrupted, unknown, the user's own, a sub-call, an answer: listed, with the reason."""
    recorded = run(left_out, call("other"))
    assert ids(recorded) == ["c2"]
    assert reasons(recorded) == {"c1": reason}
    assert [entry.code for entry in select(recorded, Policy())[1]] == [code]


def test_succeeded_without_arguments_in_the_trace_becomes_no_step() -> None:
    """Executed arguments are frozen, never the proposed ones."""
    unknown = ToolCall(id="c1", tool="look", proposed_arguments={"q": 1}, arguments=None, outcome="success")
    assert reasons(run(unknown, call("other"))) == {"c1": "succeeded, but its executed arguments are not recorded"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"limit": NaN}', "NaN is not JSON"),
        ('{"day": 1, "day": 2}', "the key 'day' occurs twice in one object"),
        ('{"name": "\\ud800"}', "contains half a surrogate pair"),
        ('{"id": 1e999}', "too large for a 64-bit float"),
        ('{"name": ', "not JSON at line 1"),
        ("water bed 3", "they are text, not a JSON object"),
        ("[1]", "they are text, not a JSON object"),
    ],
)
def test_arguments_that_no_step_can_have_are_named(text: str, problem: str) -> None:
    """Arguments that were recorded, but are no JSON object, are left out with what is wrong with them."""
    recorded = run(call(id="c", arguments={"a": 1}), call(id="d", arguments=text))
    reason = reasons(recorded)["d"]
    assert reason.startswith("succeeded, but no step can have its recorded arguments: ")
    assert problem in reason


def test_a_parent_outside_the_trace_hides_no_call() -> None:
    """A call whose caller was not recorded is the only trace of what happened."""
    assert ids(run(call(parent_id="elsewhere"))) == ["c1"]


@pytest.mark.parametrize("tool", ["final_result", "other"])
def test_only_an_accepted_answer_is_an_answer(tool: str) -> None:
    """A tool with that name or that result alone is still an action."""
    result = "Final result processed." if tool == "other" else {"saved": True}
    assert ids(run(call(tool, {}, result))) == ["c1"]


@pytest.mark.parametrize(
    ("later", "again"),
    [
        ([call("look", {"q": 2})], "c2"),
        ([call("look", outcome="failed"), call("look")], "c3"),
        ([call("look", outcome="denied"), call("look")], "c3"),
        ([call("other", outcome="failed"), call("look")], "c3"),
        ([call("other"), call("look")], None),
        ([call("look", server="mail")], None),
        ([call("other")], None),
        ([call("look", outcome="unknown"), call("other")], None),
    ],
)
def test_retry_that_succeeded_is_named(later: list[ToolCall], again: str | None) -> None:
    """A failed call collapses into the next success of the same tool, unless the agent did something else between."""
    reason = reasons(run(call("look", {"q": 1}, outcome="failed", error="E"), *later))["c1"]
    assert reason == (f"failed: E; succeeded when retried as {again}" if again else "failed: E")


def test_calls_of_the_same_batch_do_not_end_a_retry() -> None:
    """Calls of the failed call's own batch do not hide a retry."""
    recorded = run(call("look", outcome="failed", batch=0), call("other", batch=0), call("look", batch=1))
    assert reasons(recorded) == {"c1": "failed; succeeded when retried as c3"}


def test_every_call_is_a_step_or_listed() -> None:
    """None disappears."""
    recorded = run(*(call(outcome=outcome) for outcome in ("success", "failed", "denied", "interrupted", "unknown")))
    chosen, left_out = select(recorded, Policy())
    assert [entry.id for entry in chosen] + [entry.call_id for entry in left_out] == [c.id for c in recorded.calls]


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        ({"turns": frozenset({0})}, ["c1", "c2"]),
        ({"turns": frozenset({1, 2})}, ["c3"]),
        ({"calls": ("1", "c3")}, ["c1", "c3"]),
        ({"exclude": ("2",)}, ["c1", "c3"]),
        ({"exclude": ("c1", "s*")}, ["c3"]),
        ({"calls": ("1", "2"), "exclude": ("1",)}, ["c2"]),
    ],
)
def test_choice(policy: dict[str, Any], kept: list[str]) -> None:
    """Turns, numbers, ids and globs over tool names; what is excluded is excluded even if it was chosen."""
    recorded = run(
        call("look"), call("send"), call("look", turn=1), turns=[Turn(index=0), Turn(index=1), Turn(index=2)]
    )
    assert ids(recorded, **policy) == kept


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ({"turns": frozenset({9})}, "there is no turn 9"),
        ({"calls": ("9",)}, "--calls names '9'"),
        ({"calls": ("look",)}, "--calls names 'look', but no call has that number or id"),
        ({"exclude": ("c9",)}, "--exclude names 'c9'"),
        ({"exclude": ("l*",)}, "no tool call (of 1) can become a step: look (c1) was excluded"),
    ],
)
def test_a_choice_that_names_nothing_is_refused(policy: dict[str, Any], problem: str) -> None:
    """A misspelt id is no silent omission."""
    with pytest.raises(NothingToCrystallize) as refusal:
        select(run(call("look")), Policy(**policy))
    assert problem.replace(" or id", "") in refusal.value.problem.replace(", id", "").replace(" or id", "")
    assert refusal.value.remedy


def test_a_run_without_successes_is_refused() -> None:
    """The message gives the reason for each of the first calls."""
    with pytest.raises(NothingToCrystallize, match="contains no tool calls"):
        select(run(), Policy())
    with pytest.raises(NothingToCrystallize, match=r"\(of 7\) can become a step: look \(c1\) failed.*; and 2 more"):
        select(run(*[call(outcome="failed")] * 7), Policy())


@pytest.mark.parametrize(("outcome", "is_refused"), [("failed", True), ("success", False), ("unknown", False)])
def test_failed_run_is_refused(outcome: str, is_refused: bool) -> None:
    """A failed run is refused unless the policy allows it."""
    recorded = run(call(), outcome=outcome)
    require_success(recorded, Policy(allow_unsuccessful=True))
    if not is_refused:
        require_success(recorded, Policy())
        return
    with pytest.raises(RunNotSuccessful, match="--allow-unsuccessful"):
        require_success(recorded, Policy())

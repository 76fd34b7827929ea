"""Who said what before a call."""

from __future__ import annotations

from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.model.run import Turn
from tests.unit.support import call, run, tools


def test_a_call_sees_earlier_batches_only() -> None:
    """Results of its own batch came later; an error is something said."""
    recorded = run(
        call("a", result="one", batch=0),
        call("b", {}, outcome="failed", error="two", batch=0),
        call("c", result="three", batch=1),
        call("d", batch=1),
    )
    results = Evidence(recorded, tools()).trusted
    said = {word: results.first(word, recorded.calls[3].batch) for word in ("one", "two", "three")}
    assert {word: found and found.tool for word, found in said.items()} == {"one": "a", "two": "b", "three": None}


def test_the_first_who_said_it() -> None:
    """The instructions before the user, the user's earlier turn before a later one, and no turn after the call."""
    turns = [Turn(index=index, user_text=text) for index, text in enumerate(["pay Ada", "pay Ada and Bea", "pay Cyd"])]
    recorded = run(call(turn=1), turns=turns, system_text="You work for Eve.")
    timeline = Evidence(recorded, tools()).timeline
    phrases = [timeline.people_said(recorded.calls[0], name) for name in ("eve", "Ada", "Bea", "Cyd")]
    assert phrases == ["the instructions", "the user, in turn 0", "the user, in turn 1", None]

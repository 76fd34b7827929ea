"""Texts that repeat the recorded day's figures are listed, told at the gate, and never silently sent again."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.run import Turn
from tests.unit.support import call, crystallized, run

READ = {"match": "sales", "kind": "mcp_tool", "conn_id": "mcp", "effect": "read"}
SEND = {"match": "*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "write"}
ROWS = [{"shop": "North", "net": 18123.5}, {"shop": "South", "net": 20904.0}, {"shop": "West", "net": 771.25}]


def made(text: str, words: str = "Tell the team how it went.", **effects: Any) -> Automation:
    """Return what is made of a run that reads the rows and then sends a text."""
    calls = call("sales", {}, ROWS), call("send", {"text": text})
    return crystallized(run(*calls, turns=[Turn(index=0, user_text=words)]), READ, {**SEND, **effects})


def stale(automation: Automation) -> list[str]:
    """Return the figures of the listed texts."""
    places = automation.steps[-1].arguments["arguments"].undecided
    return [line for place in places if place.code == "stale_text" for line in place.evidence]


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("We sold well: 39,798.75 in all, most of it in South", ["39,798.75"]),  # a total
        ("South did best today with a net of 20904.0, well done", ["20904.0"]),
        ("Rounded, the north sold 18,124 on this fine day", ["18,124"]),
    ],
)
def test_a_text_with_figures_of_a_result(text: str, figures: list[str]) -> None:
    """A name or figure beside it is not explained, so the whole text stays, and says so."""
    automation = made(text)
    assert automation.steps[-1].arguments["arguments"].value == {"text": text}
    assert stale(automation) == figures
    gate = next(step for step in automation.steps if step.kind == "approval_gate")
    assert f"arguments.text repeats figures of the recorded run: {figures[0]}." in gate.arguments["reason"].value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Please read the report before Friday noon", "Tell the team."),  # no figure
        ("There are 3 shops in our beautiful town", "Tell the team."),  # too few digits to mean anything
        ("The target for this year is 20904 as agreed", "The target is 20904."),  # the user's own number
        ("Call 555 0199 if there is a problem, please", "Tell the team."),  # in no result
    ],
)
def test_other_texts_are_not_listed(text: str, words: str) -> None:
    """Only figures that the results hold make a text out of date."""
    assert stale(made(text, words)) == []


def test_a_read_sends_no_text() -> None:
    """What a read asks for is not a message to anybody."""
    assert stale(made("South did best today with a net of 20904.0, well done", effect="read")) == []

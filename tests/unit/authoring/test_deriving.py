"""Proposals for one argument: what gives its recorded value, what a person's words mean, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.authoring.deriving import (
    AcceptProposal,
    Proposed,
    derivable_places,
    propose,
    stored_run,
)
from airflow_provider_vai.authoring.editing import set_argument
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.argument import Argument, Output, Secret
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.run import Run, Turn
from tests.unit.crystallizer.deriving.made import BERTHS, OPENS, READS, WRITES
from tests.unit.support import call, crystallized, review_lines, run

REPORT = "Dues: EUR 7,379 of 6 berths; one ship has 31 crates."


def made(given: dict[str, Any], *, rows: Any = None, tool: str = "file_report") -> tuple[Automation, Run]:
    """Return the automation of a run that lists berths and then makes a call, and the run."""
    listed = call("list_berths", {}, {"rows": BERTHS if rows is None else rows})
    recorded = run(listed, call(tool, given, {"ok": True}), turns=[Turn(index=0, user_text="Do it.")])
    return crystallized(recorded, READS, OPENS, WRITES), recorded


def proposed(given: dict[str, Any], place: str, *say: str, **more: Any) -> Proposed:
    """Return the proposals for a place in the arguments of such a call."""
    automation, recorded = made(given, **more)
    return propose(automation, automation.steps[-1].key, f"arguments.{place}", recorded, say)


def expressions(given: dict[str, Any], place: str, *say: str, **more: Any) -> list[str]:
    """Return the expressions of the proposals."""
    return [one.expression for one in proposed(given, place, *say, **more).proposals]


def test_every_behaviour_is_proposed_once_with_its_recorded_values() -> None:
    """The user said nothing about the value, so nothing proves it; a person may still choose."""
    found = proposed({"n": 2410.75}, "n")
    assert found.value == 2410.75
    assert found.proposals[0].expression == "highest(wired('list_berths', 'rows'), 'dues')"
    assert found.proposals[0].tree == ("highest dues of 6 rows of list_berths = 2410.75",)
    texts = [one.expression for one in found.proposals]
    assert len(texts) == len(set(texts)) == 2
    assert texts[1] == "smallest(wired('list_berths', 'rows'), by='crates')['dues']"
    assert [one.rivals for one in found.proposals] == [(2,), (1,)]


def test_words_come_first() -> None:
    """What the words mean is the first proposal, and has no rival that they mean as well."""
    found = proposed({"n": 2410.75}, "n", "the fewest crates")
    assert found.proposals[0].expression == "smallest(wired('list_berths', 'rows'), by='crates')['dues']"
    assert [one.fits_words for one in found.proposals] == [True, False]
    assert found.proposals[0].rivals == ()


@pytest.mark.parametrize(
    ("value", "say", "expression"),
    [
        (2, "how many where quay is South", "count(where(wired('list_berths', 'rows'), quay='South'))"),
        (2, "count quay South", "count(where(wired('list_berths', 'rows'), quay='South'))"),
        (1032.65, "total of dues of South", "total(where(wired('list_berths', 'rows'), quay='South'), 'dues')"),
        (3, "distinct quay", "distinct(wired('list_berths', 'rows'), 'quay')"),
        ("BT-0751", "berth of Iron Duke", "only(where(wired('list_berths', 'rows'), ship='Iron Duke'))['berth_id']"),
        ("BT-0751", "latest docked on", "largest(wired('list_berths', 'rows'), by='docked_on')['berth_id']"),
        (["BT-0982", "BT-0664"], "pluck South", "pluck(where(wired('list_berths', 'rows'), quay='South'), 'berth_id')"),
    ],
)
def test_words(value: Any, say: str, expression: str) -> None:
    """Plain words and names of functions, fields and values are read; few digits and ids are proposed, too."""
    assert expression in expressions({"v": value}, "v", say)[0]


def test_a_text_keeps_what_nothing_explains() -> None:
    """The parts that stay are named; with words for them they follow."""
    first = proposed({"text": REPORT}, "text").proposals[0]
    assert "{" in first.expression
    assert first.kept == ("31",)
    (all_of,) = proposed({"text": REPORT}, "text", "total of dues", "crates where ship is Grey Heron").proposals
    assert all_of.kept == ()
    assert "only(where(wired('list_berths', 'rows'), ship='Grey Heron'))['crates']" in all_of.expression


def test_accepting() -> None:
    """The value is derived, its record stays for comparison, and a text with a rest is still listed for review."""
    automation, recorded = made({"text": REPORT, "n": 7379.0})
    key = automation.steps[-1].key
    after = AcceptProposal(propose(automation, key, "arguments.text", recorded), 1).apply(automation, "ada")
    (wire,) = [one for one in after.steps[-1].arguments["arguments"].wires if one.at == ["text"]]
    assert wire.derive is not None
    assert wire.derive["function"] == "text"
    assert any("arguments.text: repeats figures" in line for line in review_lines(after))
    words = ("total of dues", "crates where ship is Grey Heron")
    full = AcceptProposal(propose(automation, key, "arguments.text", recorded, words), 1).apply(automation, "ada")
    assert not any("repeats figures" in line for line in review_lines(full))
    with pytest.raises(SpecError, match="there is no proposal 9"):
        AcceptProposal(propose(automation, key, "arguments.text", recorded), 9).apply(automation, "ada")


def test_a_value_that_is_derived_or_wired_already() -> None:
    """Its recorded value is what the recording gives; of a param it is not known."""
    automation, recorded = made({"n": 2410.75})
    key = automation.steps[-1].key
    after = AcceptProposal(propose(automation, key, "arguments.n", recorded), 2).apply(automation, "ada")
    assert propose(after, key, "arguments.n", recorded).value == 2410.75
    wired = set_argument(
        automation, key, "arguments.n",
        Argument(class_="wired", from_=Output(step="list_berths", path=["rows", "[ship=Salt Maiden]", "crates"])),
    )  # fmt: skip
    assert propose(wired, key, "arguments.n", recorded).value == 12
    templated = set_argument(automation, key, "arguments.n", Argument(class_="template", value="{{ ds }}"))
    with pytest.raises(SpecError, match="its recorded value is not known"):
        propose(templated, key, "arguments.n", recorded)


@pytest.mark.parametrize(
    ("given", "place", "say", "problem"),
    [
        ({"n": 5555.5}, "arguments.n", (), "nothing in an earlier result gives 5555.5"),
        ({"n": 7379.0}, "arguments.n", ("banana",), "no word of 'banana' is known"),
        ({"n": 7379.0}, "arguments.n", ("  ",), "no word of"),
        ({"n": 7379.0}, "arguments.n", ("mean of dues",), "none is what 'mean of dues' means"),
        ({"n": 7379.0}, "arguments", (), "it holds several values"),
        ({"n": 7379.0}, "arguments.m", (), "there is nothing at this place"),
        ({"n": 7379.0}, "tool", (), "tool decides what runs"),
        ({"n": 7379.0}, "conn_id", (), "conn_id decides what runs"),
        ({"n": 7379.0}, "nonsense", (), "has no argument 'nonsense'"),
        ({"recipient": "Iron Duke"}, "arguments.recipient", (), "whom the write reaches"),
        ({"amount": 7379.0}, "arguments.amount", (), "what it pays"),
    ],
)
def test_what_is_refused(given: dict[str, Any], place: str, say: tuple[str, ...], problem: str) -> None:
    """Each refusal names the place and what to do."""
    automation, recorded = made(given)
    with pytest.raises(SpecError, match=re.escape(problem)) as refused:
        propose(automation, automation.steps[-1].key, place, recorded, say)
    assert refused.value.remedy
    assert refused.value.where


def test_steps_without_a_recorded_value() -> None:
    """Gates, and steps that were added, have none; nor has another run."""
    automation, recorded = made({"n": 7379.0})
    gate = next(step for step in automation.steps if step.kind == "approval_gate")
    with pytest.raises(SpecError, match="a gate's arguments are never derived"):
        propose(automation, gate.key, "reason", recorded)
    with pytest.raises(SpecError, match="other results of list_berths"):
        propose(automation, automation.steps[-1].key, "arguments.n", made({"n": 7379.0}, rows=BERTHS[:5])[1])
    with pytest.raises(SpecError, match="none of its calls"):
        propose(automation, automation.steps[-1].key, "arguments.n", run(call("x", id="other")))
    by_hand = automation.model_copy(update={"steps": [
        *automation.steps[:-1], automation.steps[-1].model_copy(update={"call_ids": []}),
    ]})  # fmt: skip
    with pytest.raises(SpecError, match="the step was not recorded"):
        propose(by_hand, automation.steps[-1].key, "arguments.n", recorded)


def test_a_secret_is_never_derived() -> None:
    """Neither is it proposed as a place."""
    automation, recorded = made({"key": 7379.0})
    key = automation.steps[-1].key
    secret = Argument(class_="frozen", value=None, secrets=[Secret(at=[], connection="mail")], origin="secret")
    after = set_argument(automation, key, "arguments.key", secret)
    with pytest.raises(SpecError, match="it is a credential"):
        propose(after, key, "arguments.key", recorded)
    assert "arguments.key" not in derivable_places(after.steps[-1])


def test_places() -> None:
    """Places that decide what runs or whom a write reaches are not offered."""
    automation, _ = made({"n": 1, "to": "x", "list": ["a"]})
    assert derivable_places(automation.steps[-1]) == ["arguments.n", "arguments.list.0"]


def test_the_recording_is_not_stored(tmp_path: Path) -> None:
    """The message names the recording and the folder; without a recording there are no recorded values."""
    automation, _ = made({"n": 1})
    with pytest.raises(SpecError, match="its recording run-1 is not stored in"):
        stored_run(automation, tmp_path)
    with pytest.raises(SpecError, match="made without a recording"):
        stored_run(automation.model_copy(update={"source": None}), tmp_path)

"""Derived values in a run: what they replace, their evidence, and what is settled with them."""

from __future__ import annotations

from airflow_provider_vai.crystallizer.deriving.derive import PICKED
from airflow_provider_vai.model.run import Turn
from tests.unit.crystallizer.deriving.made import BERTHS, OPENS, READS, WRITES, argument, derived
from tests.unit.support import call, crystallized, run

IDS = [row["berth_id"] for row in BERTHS]
TOTAL = "Report the total dues of the berths."


def test_a_derived_value_is_a_proposal_with_its_reasons() -> None:
    """And without the policy there is none."""
    (line,) = argument(TOTAL, {"figures": {"total": 7379.0}}).evidence
    assert "figures.total: total of dues over rows of list_berths; proposed from one run" in line
    assert "by the user's words (5 points)" in line
    assert derived(TOTAL, {"figures": {"total": 7379.0}}, derive="never") == {}


def test_an_argument_is_derived_as_a_whole_or_in_parts() -> None:
    """The rest of it stays as recorded."""
    made = argument(TOTAL, {"title": "Dues", "n": 7379.0})
    assert [wire.at for wire in made.wires] == [["n"]]
    assert made.value == {"title": "Dues", "n": None}


def test_two_tables_that_are_one_answer_again_are_one() -> None:
    """The newest is read."""
    listed = call("list_berths", {}, {"rows": BERTHS})
    recorded = run(listed, listed, call("file_report", {"n": 7379.0}), turns=[Turn(index=0, user_text=TOTAL)])
    made = crystallized(recorded, READS, OPENS, WRITES, gates="recorded")
    assert [output.step for output in made.steps[-1].arguments["arguments"].outputs()] == ["list_berths_2"]


def test_a_later_result_is_not_seen() -> None:
    """A call cannot use what was answered after it."""
    listed = call("list_berths", {}, {"rows": BERTHS})
    recorded = run(call("file_report", {"n": 7379.0}), listed, turns=[Turn(index=0, user_text=TOTAL)])
    made = crystallized(recorded, READS, OPENS, WRITES, gates="recorded")
    assert made.steps[0].arguments["arguments"].trees() == []


def test_a_named_record_and_a_whole_list_follow_together() -> None:
    """Settled one after the other, each would freeze the other: the list has the record's id."""
    recorded = run(
        call("list_berths", {}, {"rows": BERTHS}),
        call("get_berth", {"berth_id": "BT-0751"}, {"berth_id": "BT-0751"}),
        call("start_export", {"ids": IDS}),
        turns=[Turn(index=0, user_text="Show Iron Duke. Export every berth.")],
    )
    made = crystallized(recorded, READS, OPENS, WRITES, gates="recorded")
    named, exported = (step.arguments["arguments"] for step in made.steps[1:])
    assert [output.path for output in named.outputs()] == [["rows", "[ship=Iron Duke]", "berth_id", "is:text"]]
    assert [at for at, _ in exported.trees()] == [["ids"]]


def test_a_list_stays_beside_a_record_that_stays() -> None:
    """Nothing names the record, so the read keeps it; a list that follows would leave it behind."""
    recorded = run(
        call("list_berths", {}, {"rows": BERTHS}),
        call("get_berth", {"berth_id": "BT-0751"}, {"berth_id": "BT-0751"}),
        call("start_export", {"ids": IDS}),
        turns=[Turn(index=0, user_text="Look at one. Export every berth.")],
    )
    made = crystallized(recorded, READS, OPENS, WRITES, gates="recorded")
    assert made.steps[2].arguments["arguments"].trees() == []


def test_an_ambiguous_name_is_told() -> None:
    """With its code."""
    made = argument(
        "Show Blue Lantern. Open the berth with the largest dues.", {"berth_id": "BT-0233"}, tool="get_berth"
    )
    assert ("named_and_picked", PICKED) in [(place.code, place.evidence[-1]) for place in made.undecided]


def test_a_value_inside_a_wired_object_is_not_derived_again() -> None:
    """The wire stays as it is."""
    made = argument("Copy the berth Iron Duke.", {"berth": BERTHS[3]}, tool="copy_berth")
    assert made.trees() == []

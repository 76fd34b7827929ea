"""The search in a step's arguments: which places are open, and what each kind of value is tried with."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.model.run import Turn
from tests.unit.crystallizer.deriving.made import BERTHS, OPENS, READS, WRITES, argument, derived
from tests.unit.support import call, crystallized, run

KEYED = {row["berth_id"]: row for row in BERTHS}


def test_figures_of_a_report() -> None:
    """Those of few digits lean on one that is proven, if their names mean them."""
    words = "Report the total dues of the berths, the average, and how many berths there are."
    found = derived(words, {"figures": {"total": 7379.0, "average": 1229.83, "count": 6, "page_size": 6}})
    assert found.keys() == {"figures.total", "figures.average", "figures.count"}


def test_a_value_that_the_user_said_is_not_worked_out() -> None:
    """It stays a literal or a param."""
    assert derived("The total dues of the berths are 7379.", {"n": 7379}) == {}


@pytest.mark.parametrize(("name", "code"), [("berth_id", "picked_by_criterion"), ("account_id", ""), ("recipient", "")])
def test_no_id_or_name_of_a_write_follows_a_criterion(name: str, code: str) -> None:
    """A read may look at whatever record it is. What is held is listed; a target is never searched."""
    words = "Mark the berth with the largest dues."
    made = argument(words, {name: "BT-0233"}, tool="update_berth")
    assert made.trees() == []
    assert [one.evidence for one in made.undecided if one.code == code] == (
        [["berth_id of the row with the largest dues of rows of list_berths"]] if code else []
    )
    assert derived(words, {name: "BT-0233"}, tool="get_berth") != {}


NUMBERED = [
    {
        **row,
        "bollard": 41700 + at,
        "ship": row["ship"].replace(" ", "").capitalize(),
        "berth_id": f"BERTH-{row['berth_id']}",
    }
    for at, row in enumerate(BERTHS)
]


@pytest.mark.parametrize(
    ("words", "given", "result"),
    [
        ("Mark the berth with the largest dues.", {"berth": {"ids": ["BT-0233"]}}, None),
        ("Mark the berth with the largest dues.", {"berth_id": "BT-0233"}, KEYED),
        ("Mark the latest docked berth.", {"ship": "Iron Duke"}, None),
        ("Mark the berth with the highest bollard.", {"bollard_id": 41705}, {"rows": NUMBERED}),
        ("Mark the ship with the largest dues.", {"note": "Bluelantern"}, {"rows": NUMBERED}),
    ],
)
def test_every_form_of_an_id_is_held_in_a_write(words: str, given: dict[str, Any], result: Any) -> None:
    """Inside objects and lists, keys, names, numbers, and texts that are nothing else."""
    made = argument(words, given, tool="update_berth", result=result)
    assert made.trees() == []
    assert [one.code for one in made.undecided] == ["picked_by_criterion"]
    assert derived(words, given, tool="get_berth", result=result) != {}


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("Report the largest dues.", {"dues": 2410.75}),
        ("Report the ship with the largest dues.", {"note": "Largest: Blue Lantern"}),
        ("Report the ids of the north berths.", {"ids": ["BT-0417", "BT-0233"]}),
    ],
)
def test_figures_texts_and_filters_may_follow_in_a_write(words: str, given: dict[str, Any]) -> None:
    """Only ids and names may not."""
    assert derived(words, given) != {}


def test_a_write_does_not_follow_a_criterion_through_a_read() -> None:
    """The read keeps its record, too: both are about one. Without the write, the read follows."""
    berth = call("get_berth", {"berth_id": "BT-0233"}, {"id": "BT-0233", "papers": "PP-2210"})
    turn = Turn(index=0, user_text="Open the berth with the largest dues, and mark its papers.")
    listed = call("list_berths", {}, {"rows": BERTHS})
    recorded = run(listed, berth, call("mark_papers", {"papers": "PP-2210"}), turns=[turn])
    made = crystallized(recorded, READS, OPENS, WRITES, gates="recorded").steps[-1].arguments["arguments"]
    assert made.outputs() == []
    assert [one.code for one in made.undecided] == ["picked_by_criterion"]
    assert made.undecided[0].evidence[-1] == "get_berth picks by a criterion, proposed from one run"


def test_a_record_by_a_criterion() -> None:
    """With its filter; the record of a filter in the sentence before, too."""
    words = "Open the {} berth with the lowest dues."
    assert "quay='East'" in derived(words.format("east"), {"berth_id": "BT-0751"}, tool="get_berth")["berth_id"]
    before = "Some berths are east. Open whichever of them has the lowest dues."
    assert "quay='East'" in derived(before, {"berth_id": "BT-0751"}, tool="get_berth")["berth_id"]
    assert derived(words.format("south"), {"berth_id": "BT-0982"}, tool="get_berth") == {}


def test_a_picked_record_that_is_named_elsewhere_stays() -> None:
    """Which sentence does the call answer?"""
    words = "Open the berth with the largest dues."
    assert derived(words, {"berth_id": "BT-0233"}, tool="get_berth") != {}
    assert derived(f"{words} Show Blue Lantern.", {"berth_id": "BT-0233"}, tool="get_berth") == {}
    assert (
        derived(f"{words} Post the best of Blue Lantern and Iron Duke.", {"berth_id": "BT-0233"}, tool="get_berth")
        == {}
    )
    assert derived(f"{words} Show Iron Duke.", {"berth_id": "BT-0233"}, tool="get_berth") != {}


def test_an_ambiguous_id_is_not_found_as_a_text() -> None:
    """An id is not a text with a single slot."""
    words = "Open the berth with the largest dues. Show Bluelantern."
    given: dict[str, Any] = {"tool": "get_berth", "result": {"rows": NUMBERED}}
    assert derived(words, {"berth_id": "BERTH-BT-0233"}, **given) == {}
    assert derived(words.partition(" Show")[0], {"berth_id": "BERTH-BT-0233"}, **given) != {}


@pytest.mark.parametrize(
    ("words", "follows"),
    [
        ("Show Blue Lantern.", True),
        ("Show Blue Lantern. Open the berth with the largest dues.", False),
        ("Show Blue Lantern. Montre le navire au plus grand dues.", False),
        ("Show Blue Lantern. What do the dues come to?", True),
        ("Show Blue Lantern. Open the berth with the lowest dues.", True),
    ],
)
def test_a_named_record_that_is_picked_elsewhere_stays(words: str, follows: bool) -> None:
    """Even if a sentence's words for the criterion are not known."""
    for result in (None, KEYED):
        made = argument(words, {"berth_id": "BT-0233"}, tool="get_berth", result=result)
        assert bool(made.outputs()) is follows, result


def test_the_largest_of_a_tie_is_picked_elsewhere_too() -> None:
    """No function gives it, but the sentence may mean it."""
    rows = [{**row, "dues": 2410.75 if row["ship"] == "Iron Duke" else row["dues"]} for row in BERTHS]
    words = "Show Blue Lantern. Open the berth with the largest dues."
    assert argument(words, {"berth_id": "BT-0233"}, tool="get_berth", result={"rows": rows}).outputs() == []


def test_keys_of_entries() -> None:
    """By name, and by a criterion."""
    named = derived("Show Iron Duke.", {"berth_id": "BT-0751"}, tool="get_berth", result=KEYED)
    assert named == {"berth_id": "key_of(wired('list_berths'), ship='Iron Duke')"}
    largest = derived("Open the berth with the largest dues.", {"berth_id": "BT-0233"}, tool="get_berth", result=KEYED)
    assert largest == {"berth_id": "key_of(wired('list_berths'), by='dues')"}


def test_two_criteria_for_one_entry_decide_nothing() -> None:
    """The latest berth is the one with the most crates."""
    words = "Mark the most recent berth by docked date. Open the berth with the most crates."
    assert derived(words, {"berth_id": "BT-0751"}, tool="get_berth", result=KEYED) == {}
    assert derived(words, {"berth_id": "BT-0751"}, tool="get_berth") == {}


def test_a_date_some_days_later() -> None:
    """The days are the user's."""
    words = "Create a task due {} after the latest docked date."
    for span in ("14 days", "2 weeks"):
        assert "days_after(" in derived(words.format(span), {"due": "2026-04-13"}, tool="create_task")["due"]
    assert derived(words.format("3 weeks"), {"due": "2026-04-13"}, tool="create_task") == {}


@pytest.mark.parametrize(("tool", "derives"), [("get_page", True), ("open_page", False)])
def test_an_address_in_a_text(tool: str, derives: bool) -> None:
    """For a read only, and only if it is the only one."""
    one: dict[str, Any] = {"notes": "The papers are at https://papers.example/417.pdf until noon."}
    two = {"notes": f"{one['notes']} See https://papers.example/9.pdf."}
    given = {"url": "https://papers.example/417.pdf"}
    assert bool(derived("Open the link.", given, tool=tool, result=one)) is derives
    assert derived("Open the link.", given, tool=tool, result=two) == {}


@pytest.mark.parametrize(("tool", "derives"), [("get_file", True), ("open_file", False)])
def test_a_file_name_in_a_text(tool: str, derives: bool) -> None:
    """For a read only; the ending tells which one, if only one has it."""
    one: dict[str, Any] = {"notes": "Fill in cargo-list.xlsx, and then send me berth_plan.v2.docx."}
    two = {"notes": f"{one['notes']} The old one is berth_plan.docx."}
    found = derived("Open the files.", {"name": "berth_plan.v2.docx"}, tool=tool, result=one)
    assert list(found.values()) == (["found(wired('list_berths', 'notes'), 'file', ending='.docx')"] if derives else [])
    assert derived("Open the files.", {"name": "berth_plan.v2.docx"}, tool=tool, result=two) == {}
    hosts = {"notes": "Our page is harbour-of-gouda.example, and yours is harbour-417.com."}
    assert derived("Open the files.", {"name": "harbour-417.com"}, tool=tool, result=hosts) == {}


@pytest.mark.parametrize(
    ("words", "asked", "result"),
    [
        ("Refund the berth with the largest dues.", {"berth_id": "BT-0233"}, BERTHS),
        ("Refund what the page says.", {"url": "https://harbour.example/map"}, "See https://harbour.example/map"),
    ],
)
@pytest.mark.parametrize(
    "told", [{"amount": 481.25}, {"address": "4 Long Quay Street, Gouda"}, {"recipient": "ada@harbour.example"}]
)
def test_no_target_of_a_write_follows_a_criterion_through_a_read(
    words: str, asked: dict[str, Any], result: Any, told: dict[str, Any]
) -> None:
    """Whom it reaches and what it pays stay as recorded; a read may go on."""
    calls = [call("list_berths", {}, {"rows": result}), call("get_owner", asked, told)]
    for tool, follows in (("refund", False), ("get_history", True)):
        recorded = run(*calls, call(tool, told, {"ok": True}), turns=[Turn(index=0, user_text=words)])
        steps = crystallized(recorded, READS, OPENS, WRITES, gates="recorded").steps
        assert steps[1].arguments["arguments"].trees()
        assert bool(steps[-1].arguments["arguments"].placed_outputs()) is follows


@pytest.mark.parametrize(
    ("words", "asked", "result", "name"),
    [
        ("Pay the owners of the berth with the largest dues.", {"berth_id": "BT-0233"}, BERTHS, "owner_id"),
        ("Pay the owners of the berth with the largest dues.", {"berth_id": "BT-0233"}, BERTHS, "recipient"),
        ("Pay the owners.", {"url": "https://harbour.example/o"}, "See https://harbour.example/o", "recipient"),
    ],
)
def test_no_mapped_write_goes_through_a_list_that_a_criterion_chose(
    words: str, asked: dict[str, Any], result: Any, name: str
) -> None:
    """It would reach whoever is in the list tomorrow: each call stays a step of its own, as recorded."""
    owners = ["OWN-4711", "OWN-4712", "OWN-4713"]
    calls = [call("list_berths", {}, {"rows": result}), call("get_owners", asked, {"owners": owners})]
    recorded = run(
        *calls, *(call("pay", {name: one}, batch=2000) for one in owners), turns=[Turn(index=0, user_text=words)]
    )
    steps = crystallized(recorded, READS, OPENS, WRITES, gates="recorded", loops=True).steps
    assert steps[1].arguments["arguments"].trees()
    assert [step.each for step in steps[2:]] == [None] * 3
    assert [step.arguments["arguments"].value for step in steps[2:]] == [{name: one} for one in owners]


@pytest.mark.parametrize(
    ("words", "given", "below"),
    [
        ("Report the total dues of the berths.", {"dues": 7379.0}, BERTHS),
        ("Hello.", {"ids": [row["berth_id"] for row in BERTHS]}, BERTHS),
        ("Hello.", {"url": "https://harbour.example/map"}, "See https://harbour.example/map"),
    ],
)
def test_nothing_is_read_below_a_key_that_is_a_credential(words: str, given: Any, below: Any) -> None:
    """The path would be written to the file."""
    key = "sk-proj-" + "Ab3dEf6hIj9l" * 4
    assert derived(words, given, tool="get_report", result={"berths": below}) != {}
    assert derived(words, given, tool="get_report", result={"berths": {key: below}}) == {}

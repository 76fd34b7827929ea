"""The bench's whole chains: lists arranged in another way, made-up answers, and what becomes of a write."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.languages.text_forms import form_of
from airflow_provider_vai.model.argument import Argument, Output, Wire
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.model.step_approval import StepApproval
from tests.paths import ROOT

sys.path.insert(0, str(ROOT / "dev"))

from truth import chain_report, other_lists, recordings, tables, whole_chain, worlds
from truth.other_lists import ALONE, WORLDS, arranged

BOOKINGS: dict[str, Any] = {
    "guest": "Kim Lee",
    "bookings": [
        {"booking_id": "#B101", "room": "Blue Room", "state": "open", "day": "2031-05-02", "price": 80.5},
        {"booking_id": "#B202", "room": "Red Room", "state": "closed", "day": "2031-06-02", "price": 95.0},
    ],
    "cards": {"card_4711": {"brand": "visa"}},
}


def ids(value: Any) -> list[str]:
    """Return the booking ids, in order."""
    return [entry["booking_id"] for entry in value["bookings"]]


def test_as_recorded_changes_nothing() -> None:
    """The first world is the recording itself."""
    assert arranged(BOOKINGS, WORLDS["as recorded"]) is BOOKINGS


@pytest.mark.parametrize("name", ["reversed", "rotated"])
def test_another_order_keeps_the_records(name: str) -> None:
    """Every record is there, in another place."""
    changed = arranged(BOOKINGS, WORLDS[name])

    assert ids(changed) == ["#B202", "#B101"]
    assert ids(BOOKINGS) == ["#B101", "#B202"]


def test_a_longer_list_has_another_item_at_its_front() -> None:
    """What names the item is altered, what describes it stays; the recorded items follow unchanged."""
    added, *rest = arranged(BOOKINGS, WORLDS["longer"])["bookings"]

    assert rest == BOOKINGS["bookings"]
    assert added["booking_id"] not in ids(BOOKINGS)
    assert added["room"] != "Blue Room"
    assert [added[key] for key in ("state", "day", "price")] == ["open", "2031-05-02", 80.5]


def test_an_object_of_ids_is_a_list_too() -> None:
    """A second card stands beside the only one."""
    cards = arranged(BOOKINGS, WORLDS["longer"])["cards"]

    assert len(cards) == 2
    assert cards["card_4711"] == {"brand": "visa"}


def test_a_list_of_one_stays_short_where_only_longer_ones_grow() -> None:
    """So that "the only one" holds, and what comes after it is seen."""
    changed = arranged({"one": ["x1"], "two": ["x1", "x2"]}, WORLDS["longer where several"])

    assert changed["one"] == ["x1"]
    assert len(changed["two"]) == 3


def test_one_list_is_arranged_alone() -> None:
    """The pattern says which; lists inside other items have one pattern."""
    data = {"orders": [{"items": ["a1"]}, {"items": ["b1"]}], "ids": ["c1"]}

    assert set(other_lists.patterns(data)) == {("orders",), ("orders", "*", "items"), ("ids",)}
    changed = arranged(data, ALONE["one list longer"], ("orders", "*", "items"))
    assert [len(order["items"]) for order in changed["orders"]] == [2, 2]
    assert changed["ids"] == ["c1"]


@pytest.mark.parametrize(
    "text",
    [
        "- name: Blue Room\n  day: '2031-05-02 10:00'\n- name: Red Room\n  day: '2031-05-03 10:00'\n",
        "['Blue Room', 'Red Room']",
        "Rooms in Oslo: Blue Room\nRed Room\n",
        "- Blue Room\n- Red Room",
        "Name: Blue Room, Id: R101\nName: Red Room, Id: R202\n",
        "| Name | Id |\n| --- | --- |\n| Blue Room | R101 |\n| Red Room | R202 |\n",
    ],
)
def test_a_text_is_written_back_in_its_own_form(text: str) -> None:
    """The form stays, its items are in another order."""
    before, after = form_of(text), form_of(arranged(text, WORLDS["reversed"]))

    assert before is not None
    assert after == (before[0], before[1][::-1])


@pytest.mark.parametrize("text", ["Your booking is done.", "Done [twice]", "Name: Blue Room\nId: R101\n", "42"])
def test_a_text_without_a_list_stays(text: str) -> None:
    """Nothing is made up where there is nothing to arrange."""
    assert arranged(text, WORLDS["reversed, longer"]) == text


@given(items=st.lists(st.integers(0, 9).map(str) | st.text("abc", min_size=1), max_size=5))
def test_no_arrangement_loses_an_item(items: list[str]) -> None:
    """At most one item is added."""
    for to in (*WORLDS.values(), *ALONE.values()):
        changed = arranged(items, to)
        assert whole_chain.is_within(items, changed)
        assert len(changed) <= len(items) + 1


def test_the_same_value_gets_the_same_new_name() -> None:
    """Related results stay consistent; another salt gives another name."""
    assert other_lists.renamed("#B101") == other_lists.renamed("#B101") != "#B101"
    assert other_lists.renamed("#B101", "a") != other_lists.renamed("#B101", "b")


def test_a_made_up_answer_is_about_the_new_arguments() -> None:
    """It has the recorded shape, the new id, and no other name of the recorded record."""
    result = {"booking_id": "#B101", "card": "card_4711", "state": "open"}
    made = worlds.made_up(result, {"booking_id": "#B101"}, {"booking_id": "#B999"})

    assert made["booking_id"] == "#B999"
    assert made["card"] != "card_4711"
    assert made["state"] == "open"
    assert made == worlds.made_up(result, {"booking_id": "#B101"}, {"booking_id": "#B999"})


def test_a_made_up_answer_has_an_entry_for_each_item_asked_for() -> None:
    """Known items keep what was recorded, also in a text."""
    made = worlds.made_up(
        "{'Blue Room': 80.5, 'Red Room': 95.0}", {"rooms": ["Blue Room", "Red Room"]}, {"rooms": ["Red Room", "Oak"]}
    )

    form = form_of(made)
    assert form is not None
    assert form[1].keys() == {"Red Room", "Oak"}
    assert form[1]["Red Room"] == 95.0


RIGHT = {"booking_id": "#B101", "rooms": ["R1", "R2"]}


@pytest.mark.parametrize(
    ("taken", "end"),
    [
        (RIGHT, "same"),
        (RIGHT | {"rooms": ["R2", "R1"]}, "ordered"),
        (RIGHT | {"rooms": ["R9", "R1", "R2"]}, "longer"),
        (RIGHT | {"rooms": ["R1"]}, "other"),
        (RIGHT | {"booking_id": "#B202"}, "other"),
        (RIGHT | {"booking_id": "#B202", "rooms": ["R9", "R1", "R2"]}, "other"),
    ],
)
def test_what_became_of_a_write(taken: Any, end: str) -> None:
    """Only the recorded arguments are the same target."""
    assert whole_chain.end_of_write(RIGHT, taken, [("rooms",), ("booking_id",)]) == end


def step(key: str, value: dict[str, Any], *, effect: str = "read", **paths: list[Any]) -> Step:
    """Return a step whose arguments are filled in from ``list_bookings`` or ``get_booking`` at these paths."""
    wires = [Wire(at=[name], from_=Output(step=path[0], path=path[1:])) for name, path in paths.items()]
    argument = Argument(class_="wired", value=value, wires=wires) if wires else Argument.frozen(value)
    return Step(
        **{"key": key, "task_id": key, "kind": "python_tool", "operator": "x.Y", "effect": effect},
        call_ids=[key],
        arguments={"arguments": argument},
        approval=StepApproval(recorded="unknown", reason="a test"),
    )


def chain(booking: list[Any], cancelled: list[Any]) -> whole_chain.Chain:
    """Run a chain of three steps: list the bookings, look at one, cancel one."""
    calls = [("list_bookings", {}, BOOKINGS), ("get_booking", {"booking_id": "#B202"}, BOOKINGS["bookings"][1])]
    calls.append(("cancel", {"booking_id": "#B202"}, "done"))
    run = Run(
        id="r",
        source="agent_run",
        format="test",
        calls=[
            ToolCall(id=tool, tool=tool, batch=number, arguments=arguments, result=result, outcome="success")
            for number, (tool, arguments, result) in enumerate(calls)
        ],
    )
    steps = [
        step("list_bookings", {}),
        step("get_booking", {"booking_id": None}, booking_id=booking),
        step("cancel", {"booking_id": None}, effect="write", booking_id=cancelled),
    ]
    spec = Automation(dag_id="d", source_type="MANUAL", steps=steps)
    found = whole_chain.Chain()
    for name in worlds.NAMES:
        for world in worlds.recorded_worlds(name, run, 7, whole_chain.frozen_values(spec, run)):
            whole_chain.run_chain(spec, run, name, world, found)
    return found


BY_POSITION: list[Any] = ["list_bookings", "bookings", 1, "booking_id"]
BY_NAME: list[Any] = ["list_bookings", "bookings", "[room=Red Room]", "booking_id"]
OF_THE_READ: list[Any] = ["get_booking", "booking_id"]


@pytest.mark.parametrize("cancelled", [BY_POSITION, OF_THE_READ])
def test_a_write_that_follows_a_position_is_seen(cancelled: list[Any]) -> None:
    """Directly, and through the read before it."""
    found = chain(BY_POSITION, cancelled)

    assert found.counts["as recorded"]["same"] == 1
    for name in ("reversed", "rotated", "longer", "one list longer"):
        assert found.counts[name]["other"] >= 1, name
        assert found.counts[name]["right"] < found.counts[name]["reads"]
    assert {one.kind for one in found.unlike} == {"read", "write: other"}


def test_a_write_that_follows_a_name_is_the_same_in_any_order() -> None:
    """And with one more record; where the name itself is another one, it stops."""
    found = chain(BY_NAME, OF_THE_READ)

    assert sum(chain_report.harmed(count) for count in found.counts.values()) == 0
    assert found.counts["reversed, longer"]["same"] == 1
    assert found.counts["reversed, longer"]["right"] == 1


def test_a_run_that_finds_nothing_stops_before_its_writes() -> None:
    """A write that was not reached counts as stopped, and harms nobody."""
    found = chain(["list_bookings", "bookings", 0, "nothing"], OF_THE_READ)

    assert found.counts["reversed"]["stopped"] == found.counts["reversed"]["writes"] == 1
    assert found.counts["reversed"]["stopped_runs"] == 1
    assert chain_report.harmed(found.counts["reversed"]) == 0


def test_the_lowest_suite_comes_first() -> None:
    """A write on another target weighs more than a read of another record."""
    good, unread, harmful = (whole_chain.Chain() for _ in range(3))
    good.counts["reversed"].update(runs=1, writes=4, same=4, reads=2, right=2)
    unread.counts["reversed"].update(runs=1, writes=4, same=4, reads=2, right=1)
    harmful.counts["reversed"].update(runs=1, writes=4, same=3, longer=1, reads=2, right=2)
    chains = {"good": good, "unread": unread, "harmful": harmful}

    assert [suite for suite, _ in chain_report.lowest_first(chains, worlds.NAMES)] == ["harmful", "unread", "good"]
    assert ("same target", "harmful, test", 3, 4) in chain_report.shares("test", chains)
    assert "harmful" in chain_report.text(chains, chains, every=True)


def test_shares_and_tables() -> None:
    """A share of nothing is no number."""
    assert tables.percent(1, 4) == "25.0 %"
    assert tables.percent(0, 0) == "-"
    assert tables.table(["a", "b"], [[1, 22]]) == "a   b\n1  22"


def call(name: str) -> dict[str, Any]:
    """Return a call as AgentDojo writes it."""
    return {"function": name, "args": {}, "id": name}


def test_answers_are_read_from_blocks_and_may_be_missing() -> None:
    """A newer file has lists of blocks; a run that was cut off has a call without an answer."""
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": [{"type": "text", "content": "Cancel it."}]},
        {"role": "assistant", "content": None, "tool_calls": [call("a"), call("b")]},
        {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "content": "two"}]},
        {"role": "tool", "tool_call_id": "a", "content": "one"},
        {"role": "assistant", "content": "", "tool_calls": [call("c")]},
    ]

    assert recordings.answers(messages) == ["one", "two", ""]
    assert recordings.text_of(messages[0]["content"]) == "Cancel it."
    with pytest.raises(ValueError, match="no call"):
        recordings.answers([{"role": "tool", "content": "one"}])


def test_other_values_are_plain_json() -> None:
    """What a world answers can be written down."""
    assert json.loads(json.dumps(other_lists.other_item(BOOKINGS)))["bookings"][0]["state"] == "open"

"""Lists: made as a whole, by a column, a projection, a filter that is said."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.languages.derivation.source import written
from airflow_provider_vai.model.run import Turn
from tests.unit.crystallizer.deriving.made import BERTHS, OPENS, READS, WRITES, argument, derived
from tests.unit.support import call, crystallized, run

HOUSES = ["Adler's Table", "Blue Door", "Casa Nove", "Dim Corner", "Elm House"]
CUISINES = dict(zip(HOUSES, ["Greek", "Thai", "Greek", "Thai", "Greek"], strict=True))
PRICES = dict(zip(HOUSES, [18.0, 42.0, 25.5, 31.0, 60.0], strict=True))
DISHES = dict(zip(HOUSES, [["Moussaka"], ["Curry", "Soup"], ["Soup"], ["Curry"], ["Moussaka"]], strict=True))
GREEK = ["Adler's Table", "Casa Nove", "Elm House"]


def then(words: str, answer: Any, names: list[str], *, tool: str = "get_tables", asked: list[str] = HOUSES) -> str:
    """Return what a list of names follows after one tool was asked about houses; empty if it stays.

    :param answer: what the tool answered. :param names: the recorded list. :param tool: which tool gets it.
    """
    first = call("get_cuisines_of_houses", {"houses": asked}, answer)
    recorded = run(first, call(tool, {"names": names}, {"ok": True}), turns=[Turn(index=0, user_text=words)])
    made = crystallized(recorded, READS, OPENS, WRITES, gates="recorded").steps[-1].arguments["arguments"]
    return "; ".join(written(tree) for _, tree in made.trees())


@pytest.mark.parametrize(
    ("words", "answer", "names", "condition"),
    [
        ("Find houses with Greek food.", CUISINES, GREEK, "value='Greek'"),
        ("Find a house that costs below 30 euros.", PRICES, ["Adler's Table", "Casa Nove"], "value=below(30)"),
        ("Which houses have curry?", DISHES, ["Blue Door", "Dim Corner"], "value=containing('Curry')"),
        ("Which houses have soups?", DISHES, ["Blue Door", "Casa Nove"], "value=containing('Soup')"),
    ],
)
def test_names_are_filtered_by_what_was_answered_for_each(
    words: str, answer: Any, names: list[str], condition: str
) -> None:
    """By a value, by a bound, or by an item of a list; the user says it."""
    assert then(words, answer, names) == (
        f"pluck(where(entries_of(wired('get_cuisines_of_houses')), {condition}), 'key')"
    )
    assert then(words, answer, names, tool="book").startswith("not_empty(pluck(where(")
    assert then("Find some houses.", answer, names) == ""
    assert then(words, answer, names[::-1]) == ""


def test_the_names_that_a_call_was_given_are_no_list_from_its_answer() -> None:
    """An answer repeats them. Names that the call was not given are fields of a record."""
    assert then("Hello.", CUISINES, HOUSES) == ""
    assert then("Find houses with Greek food.", CUISINES, GREEK, asked=["Elm House"]) == ""


def chain(*towns: list[str], names: list[str], words: str = "Compare the houses.", tool: str = "get_tables") -> str:
    """Return what a list of names follows after the houses of several towns were listed."""
    lists = [call("list_houses", {"town": f"t{number}"}, {"houses": town}) for number, town in enumerate(towns)]
    recorded = run(*lists, call(tool, {"names": names}, {"ok": True}), turns=[Turn(index=0, user_text=words)])
    made = crystallized(recorded, READS, OPENS, WRITES, gates="recorded").steps[-1].arguments["arguments"]
    return "; ".join(written(tree) for _, tree in made.trees())


def test_a_list_of_several_whole_lists() -> None:
    """One after the other, in the order of the recording; each list is used once, and as a whole."""
    one, other = HOUSES[:2], HOUSES[2:]
    both = "concatenated(wired('list_houses', 'houses'), wired('list_houses_2', 'houses'))"
    assert chain(one, other, names=HOUSES) == both
    assert chain(one, other, names=HOUSES, tool="book") == f"not_empty({both})"
    assert chain(other, one, names=HOUSES).index("'list_houses_2'") < len("concatenated(wired('list_houses_2'")
    assert chain(one, other, names=HOUSES[:-1]) == ""
    assert chain(one, other, names=[*one, *one]) == ""
    assert chain(one, other, names=HOUSES, words=f"Compare {', '.join(HOUSES)}.") == ""


IDS = [row["berth_id"] for row in BERTHS]
NORTH = ["BT-0417", "BT-0233"]


def ids_of(words: str, ids: list[Any], **more: Any) -> str | None:
    """Return the expression of an exported list; ``None`` if it stays."""
    return derived(words, {"ids": ids}, tool="start_export", **more).get("ids")


def test_a_whole_column_needs_no_words() -> None:
    """In its order; a write does not send an empty list."""
    assert ids_of("Hello.", IDS) == "not_empty(pluck(wired('list_berths', 'rows'), 'berth_id'))"
    assert ids_of("Hello.", IDS[::-1]) is None
    assert ids_of("Hello.", IDS[:-1]) is None


def test_weak_values_are_no_list() -> None:
    """Six small numbers prove nothing."""
    assert ids_of("Hello.", [1, 2, 3], result={"rows": [{"n": 1}, {"n": 2}, {"n": 3}]}) is None


def test_a_filter_must_be_said() -> None:
    """By equality, or as a bound."""
    assert "quay='North'" in str(ids_of("Export the north berths.", NORTH))
    assert ids_of("Export some berths.", NORTH) is None
    over = ["BT-0417", "BT-0233", "BT-0108"]
    assert "dues=over(1000)" in str(ids_of("Export the berths with dues over 1000.", over))
    assert "dues=over(1000)" in str(ids_of("Export the berths above 1000.", over))


def test_a_filter_that_all_rows_fit_decides_nothing() -> None:
    """All rows, or those over 5?"""
    assert ids_of("Export every berth with dues over 5.", IDS) is None


@pytest.mark.parametrize("name", ["berth_id", "reference"])
def test_a_projection(name: str) -> None:
    """With the table's names, or with others."""
    items = [{name: row["berth_id"], "crates": row["crates"]} for row in BERTHS]
    found = derived("Hello.", {"items": items}, tool="create_batch")["items"]
    assert found.startswith("not_empty(project(")
    assert ("reference='berth_id'" in found) is (name == "reference")


def test_a_projection_with_something_else_stays() -> None:
    """A field that no column has."""
    items = [{"berth_id": row["berth_id"], "place": number} for number, row in enumerate(BERTHS)]
    assert derived("Hello.", {"items": items}, tool="create_batch") == {}


@pytest.mark.parametrize(("words", "follows"), [("Export them.", True), ("Export Grey Heron and another.", False)])
def test_a_named_row_of_a_few_is_no_whole_list(words: str, follows: bool) -> None:
    """The other one may be in the list for another reason."""
    made = argument(words, {"ids": IDS[:2]}, tool="start_export", result={"rows": BERTHS[:2]})
    assert bool(made.trees()) is follows
    many = argument("Export them. Show Grey Heron.", {"ids": IDS}, tool="start_export")
    assert many.trees()

"""Lists: made as a whole, by a column, a projection, a filter that is said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.crystallizer.deriving.made import BERTHS, argument, derived

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

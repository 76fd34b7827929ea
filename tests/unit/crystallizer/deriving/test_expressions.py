"""Expressions: what is tried over a table, and which words each needs."""

from __future__ import annotations

import pytest

from airflow_provider_vai.crystallizer.deriving.expressions import (
    Condition,
    Expression,
    changes_of,
    conditions_of,
    figures_of,
    filtered,
    keys_of,
    named_keys_of,
    part_of,
    picks_of,
)
from airflow_provider_vai.crystallizer.deriving.sentences import Sentence
from airflow_provider_vai.languages.derivation.source import written
from tests.unit.crystallizer.deriving.made import BERTHS, said, table

NORTH = Condition("quay", "North")


def figure(start: str, *conditions: Condition) -> Expression:
    """Return the figure of the berths whose expression starts like this."""
    return next(one for one in figures_of(table(), conditions) if written(one.node).startswith(start))


def test_like_with_like_only() -> None:
    """Differences and changes are of one field's last and first value, shares of a part and its whole."""
    made = [written(one.node) for one in figures_of(table(), [NORTH])]
    assert not [one for one in made if one.startswith(("difference", "change", "ratio"))]
    for one in made:
        if one.startswith("percentage(total"):
            assert one.count("'dues'") in (0, 2)
    months = table([{"month": f"2026-0{number}", "n": 7 * number} for number in (1, 2, 3)])
    assert {one.operation for one in changes_of(months)} == {"difference", "change", "latest", "earliest"}


def test_the_share_in_an_object_of_objects_has_a_list_as_its_whole() -> None:
    """An object has no rows."""
    keyed = table(keys=tuple(row["berth_id"] for row in BERTHS))
    shares = [one for one in figures_of(keyed, [NORTH]) if one.operation == "percentage" and one.fields == ("dues",)]
    assert [round(one.value, 2) for one in shares] == [32.67, 50.08]  # of the largest, and of the filter


def test_a_filter_is_a_value_that_the_user_said() -> None:
    """Or a bound, for the fields that its sentence names, else for all numbers."""
    assert conditions_of(table(), said("the north berths")) == [NORTH]
    assert conditions_of(table(), said("dues over 900")) == [Condition("dues", 900, "over")]
    assert [one.field for one in conditions_of(table(), said("berths over 900"))] == ["dues", "crates"]


def test_a_filter_that_leaves_no_row_is_no_filter() -> None:
    """Nothing can be worked out from nothing."""
    assert [chosen for chosen, _, _ in filtered(table(), [NORTH, Condition("dues", 9000, "over")])] == [(), (NORTH,)]


@pytest.mark.parametrize(
    ("words", "points"),
    [
        ("the total dues of the berths", 5),
        ("the total dues", 4),
        ("the dues", 0),
        ("the total of the berths", 3),
        ("the total of the crates of the berths", 0),
    ],
)
def test_points(words: str, points: int) -> None:
    """The operation must be said; a field that is not counts nothing, and none if the sentence names another one."""
    assert figure("total(wired('list_berths', 'rows'), 'dues')").points(Sentence(words)) == points


def test_a_filter_in_another_sentence_gives_no_points() -> None:
    """Even where all its other words are said."""
    one = figure("total(where(", NORTH)
    assert one.points(Sentence("the total dues of the north berths")) == 6 + 1
    assert one.points(Sentence("the total dues of the berths")) == 0


def test_the_only_number_needs_no_name() -> None:
    """The largest of a list with one number is the largest by it."""
    (one,) = [it for it in picks_of(table([{"n": 1}, {"n": 5}]), []) if it.operation == "largest"]
    assert one.points(Sentence("the largest berth")) == 2 + 1 + 1


def test_the_words_of_a_text_help_but_for_a_filter() -> None:
    """A text repeats a filter whatever it is about."""
    total, part = figure("total(wired"), figure("count(where(", NORTH)
    assert total.points(Sentence("the dues, please"), Sentence("the berths come to 7379")) == 5
    assert part.points(Sentence("how many berths"), Sentence("2 north")) == 0


def test_a_name_in_the_table_is_no_operation() -> None:
    """ "Last Tern" is a ship."""
    latest = next(one for one in picks_of(table(), []) if one.operation == "latest")
    assert latest.points(Sentence("show last tern")) == 0
    assert latest.points(Sentence("show the last berth")) >= 3


@pytest.mark.parametrize(
    ("words", "meant"), [("count", True), ("berth", True), ("north", True), ("page size", False), ("floor", False)]
)
def test_what_a_name_means(words: str, meant: bool) -> None:
    """An argument named "page_size" does not count berths."""
    assert figure("count(where(", NORTH).is_meant_by(Sentence(words)) is meant


def test_keys_by_a_criterion() -> None:
    """Of an object of objects: by function, or by the field that repeats the key; else they are rivals only."""
    keyed = table(keys=tuple(row["berth_id"] for row in BERTHS))
    made = {written(one.node): one.value for one in keys_of(keyed, picks_of(keyed, []))}
    assert made["key_of(wired('list_berths', 'rows'), by='dues')"] == "BT-0233"
    assert made["smallest(values_of(wired('list_berths', 'rows')), by='dues')['berth_id']"] == "BT-0982"
    bare = table([{"n": 3}, {"n": 9}], keys=("a", "b"))
    assert [one.value for one in keys_of(bare, picks_of(bare, []))] == ["b", {"n": 3}]
    assert list(keys_of(table(), picks_of(table(), []))) == []


def test_keys_by_a_name() -> None:
    """That no other entry has."""
    keyed = table(keys=tuple(row["berth_id"] for row in BERTHS))
    (one,) = named_keys_of(keyed, said("Show Iron Duke on the north quay."))
    assert (written(one.node), one.value) == ("key_of(wired('list_berths', 'rows'), ship='Iron Duke')", "BT-0751")
    assert list(named_keys_of(table(), said("Show Iron Duke."))) == []


def test_a_tie_picks_nothing() -> None:
    """The language fails rather than take the first of them."""
    assert [one.operation for one in picks_of(table([{"n": 5}, {"n": 5}, {"n": 1}]), [])] == ["smallest"]


def test_a_part_of_a_record() -> None:
    """With the field's value."""
    one = next(it for it in picks_of(table(), []) if it.fields == ("dues",))
    assert part_of(one, "ship").value == "Blue Lantern"

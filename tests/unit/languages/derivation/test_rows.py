"""Choosing rows, records and fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.derivation import rows as language
from airflow_provider_vai.languages.derivation.conditions import (
    among,
    at_least,
    at_most,
    below,
    containing,
    mentioning,
    over,
)

ORDERS: list[dict[str, Any]] = [
    {"id": "a", "status": "open", "total": 500, "day": "2025-12-01"},
    {"id": "b", "status": "closed", "total": 700.5, "day": "2025-12-03"},
    {"id": "c", "status": "open", "total": "900.50", "day": "2025-11-30"},
]
UNITS = {"north": {"units": 5, "open": True}, "south": {"units": 9, "open": False}}


def ids(rows: list[dict[str, Any]]) -> list[str]:
    """Return the ids of rows."""
    return [row["id"] for row in rows]


def test_where_keeps_rows_that_fit() -> None:
    """Conditions are equal values or bounds, all of them must hold, and the rows keep their order."""
    assert ids(language.where(ORDERS, status="open")) == ["a", "c"]
    assert ids(language.where(ORDERS, total=over(500))) == ["b", "c"]
    assert ids(language.where(ORDERS, total=at_least(500))) == ["a", "b", "c"]
    assert ids(language.where(ORDERS, total=below(700.5))) == ["a"]
    assert ids(language.where(ORDERS, total=at_most("700.50"))) == ["a", "b"]
    assert ids(language.where(ORDERS, status="open", day=over("2025-11-30"))) == ["a"]
    assert language.where([], status="open") == []
    assert language.where(ORDERS, status="Open") == []


def test_where_keeps_lists_with_an_item() -> None:
    """The item is compared like a value; a field that is not a list is an error."""
    rows = [{"name": "a", "types": ["van", "SUV"]}, {"name": "b", "types": ["van", True]}, {"name": "c", "types": []}]
    assert [row["name"] for row in language.where(rows, types=containing("SUV"))] == ["a"]
    assert language.where(rows, types=containing(1)) == []
    lists = [{"id": 1, "items": [{"name": "desk", "n": 2}, "desk"]}, {"id": 2, "items": [{"n": 2}, {"name": "lamp"}]}]
    assert [row["id"] for row in language.where(lists, items=containing(name="desk"))] == [1]
    assert [row["id"] for row in language.where(lists, items=containing(n=2))] == [1, 2]
    assert language.where(lists, items=containing(name="desk", n=3)) == []
    objects = [{"id": 1, "options": {"size": "large", "n": 1}}, {"id": 2, "options": {"size": "small"}}]
    assert [row["id"] for row in language.where(objects, options=containing(size="large"))] == [1]
    assert language.where(objects, options=containing(size="large", n=2)) == []
    with pytest.raises(DerivationError, match="is not a list"):
        language.where(objects, options=containing("large"))
    with pytest.raises(DerivationError, match="give one of them"):
        containing("desk", n=2)
    with pytest.raises(DerivationError, match="the field 'status' of row 1 is not a list: found"):
        language.where(ORDERS, status=containing("open"))


def test_entries_of_gives_rows() -> None:
    """One for each entry, in the object's order; anything but an object is an error."""
    assert language.entries_of({"b": 1, "a": [2]}) == [{"key": "b", "value": 1}, {"key": "a", "value": [2]}]
    with pytest.raises(DerivationError, match="expected an object"):
        language.entries_of(["b"])


def test_concatenated_lists_keep_their_order() -> None:
    """One list after the other; a value that is not a list is an error."""
    assert language.concatenated(["b", "a"], [], ["b"]) == ["b", "a", "b"]
    with pytest.raises(DerivationError, match="expected a list"):
        language.concatenated(["b"], "a")


def test_where_does_not_mix_types() -> None:
    """True is not 1, and a text is not a number when values are compared for equality."""
    rows = [{"n": 1}, {"n": True}, {"n": "1"}, {"n": 1.0}, {"n": None}]
    assert language.where(rows, n=1) == [{"n": 1}, {"n": 1.0}]
    assert language.where(rows, n=True) == [{"n": True}]
    assert language.where(rows, n=None) == [{"n": None}]


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"state": "open"}, "no row has the field 'state'"),
        ({"total": over(None)}, "the limit of over is not a number: found null"),
        ({"status": over(5)}, "the field 'status' of row 1 is neither a number nor an ISO date"),
        ({"day": over(5)}, "one is a date, the other a number"),
        ({"day": over("2025-12")}, "one is a date, the other a month"),
    ],
)
def test_where_fails(conditions: dict[str, Any], message: str) -> None:
    """A field that no row has, and values that cannot be compared, are errors."""
    with pytest.raises(DerivationError, match=message):
        language.where(ORDERS, **conditions)


def test_a_bound_needs_the_field_in_each_row() -> None:
    """A row without the field fails with a bound, and does not fit a plain value."""
    rows = [{"n": 1}, {}]
    assert language.where(rows, n=1) == [{"n": 1}]
    with pytest.raises(DerivationError, match="row 2 has no field 'n'"):
        language.where(rows, n=over(0))


def test_one_row() -> None:
    """The single, the first and the last row; an empty list is an error for each."""
    assert language.only([5]) == 5
    assert language.first(ORDERS) is ORDERS[0]
    assert language.last(ORDERS) is ORDERS[2]
    for choose in (language.only, language.first, language.last):
        with pytest.raises(DerivationError, match=r"no items|empty"):
            choose([])
        with pytest.raises(DerivationError, match="expected a list: found an object"):
            choose({"rows": []})  # type: ignore[arg-type]
    with pytest.raises(DerivationError, match="found 3 items instead of one"):
        language.only(ORDERS)


def test_extremes() -> None:
    """Numbers, texts with numbers and dates are compared by value."""
    assert language.largest(ORDERS, by="total")["id"] == "c"
    assert language.smallest(ORDERS, by="total")["id"] == "a"
    assert language.largest(ORDERS, by="day")["id"] == "b"
    assert ids(language.top(ORDERS, 2, by="total")) == ["c", "b"]
    assert ids(language.top(ORDERS, 3, by="total")) == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "there are no rows"),
        ([5, 5], "two rows tie for the first place by the field 'n': both have 5"),
        ([5, "5.0"], "two rows tie"),
        ([5, None], "the field 'n' of row 2 is not a number: found null"),
        ([5, True], "the field 'n' of row 2 is not a number: found a boolean"),
        (["9", "1,000"], "the field 'n' of row 2 is neither a number nor an ISO date"),
        (["2025-12-01", "2025-12"], "cannot be compared: date and month"),
        (["2025-12-01", "2025-12-01T10:00:00"], "cannot be compared: date and time without offset"),
        (["2025-12-01T10:00:00", "2025-12-01T10:00:00Z"], "cannot be compared: time and time without offset"),
        (["2025-02-30"], "neither a number nor an ISO date"),
        (["2025-13-01T10:00:00"], "neither a number nor an ISO date"),
        (["2025-12-01T10:00:00+99:99"], "neither a number nor an ISO date"),
        (["\u0662\u0660\u0662\u0665-\u0661\u0662-\u0660\u0661"], "neither a number nor an ISO date"),
        ([[1]], "not a number: found a list"),
        ([10**40], "too many digits"),
        ([1e300], "too many digits"),
    ],
)
def test_extremes_fail(values: list[Any], message: str) -> None:
    """Ties, nulls, other types and dates of different forms are errors, never a guess."""
    with pytest.raises(DerivationError, match=message):
        language.largest([{"n": value} for value in values], by="n")


def test_times_with_offsets_are_compared_in_utc() -> None:
    """Ten o'clock in Berlin is before ten o'clock in UTC; fractions of any length count."""
    times = ["2025-12-01T10:00:00+01:00", "2025-12-01T09:30:00Z", "2025-12-01 09:30:00.25+00:00"]
    rows = [{"n": time} for time in times]
    assert language.smallest(rows, by="n")["n"] == times[0]
    assert language.largest(rows, by="n")["n"] == times[2]


def test_top_fails() -> None:
    """Too few rows, a tie at the edge, and a count that is none are errors; a tie inside is not."""
    rows = [{"n": 3}, {"n": 3}, {"n": 2}, {"n": 2}]
    assert language.top(rows, 2, by="n") == [{"n": 3}, {"n": 3}]
    with pytest.raises(DerivationError, match="tie for place 3"):
        language.top(rows, 3, by="n")
    with pytest.raises(DerivationError, match="expected 5 rows or more: found 4"):
        language.top(rows, 5, by="n")
    for count in (0, -1, True, 1.5, "2", None):
        with pytest.raises(DerivationError, match="a number of rows is 1 or more"):
            language.top(rows, count, by="n")  # type: ignore[arg-type]


def test_fields() -> None:
    """A field of each row, or several, optionally under new names."""
    assert language.pluck(ORDERS, "id") == ["a", "b", "c"]
    assert language.pluck([], "id") == []
    assert language.project(ORDERS[:1], "id", amount="total") == [{"id": "a", "amount": 500}]
    assert language.values_of({"a": 1, "b": 2}) == [1, 2]
    with pytest.raises(DerivationError, match="row 1 has no field 'name': found an object with the keys"):
        language.pluck(ORDERS, "name")
    with pytest.raises(DerivationError, match="a field has a name: found a list"):
        language.pluck(ORDERS, ["id"])  # type: ignore[arg-type]
    with pytest.raises(DerivationError, match="row 2 is an integer"):
        language.project([{}, 5])
    with pytest.raises(DerivationError, match="expected an object"):
        language.values_of([])


def test_key_of() -> None:
    """The key of the largest entry, of the one that fits, or of the only one."""
    assert language.key_of(UNITS, by="units") == "south"
    assert language.key_of(UNITS, open=True) == "north"
    assert language.key_of(UNITS, by="units", open=True) == "north"
    assert language.key_of({"x": 1}) == "x"
    assert language.key_of({"x": 1, "y": 3}, by="") == "y"
    with pytest.raises(DerivationError, match="found 2 items"):
        language.key_of(UNITS)
    with pytest.raises(DerivationError, match="found no items"):
        language.key_of(UNITS, units=1)
    with pytest.raises(DerivationError, match="the entry 'x' is not an object"):
        language.key_of({"x": 1}, units=1)
    with pytest.raises(DerivationError, match="tie"):
        language.key_of({"x": 1, "y": 1}, by="")


def test_equal_entries_are_told_apart() -> None:
    """Two entries with equal values are two entries."""
    with pytest.raises(DerivationError, match="found 2 items"):
        language.key_of({"x": {"a": 1}, "y": {"a": 1}}, a=1)


def test_part() -> None:
    """A part of a value by keys and positions."""
    assert language.part({"a": [1, {"b": 2}]}, "a", 1, "b") == 2
    assert language.part(5) == 5
    with pytest.raises(DerivationError, match="no value at"):
        language.part({"a": 1}, "b")
    for wrong in (True, None, [], {}, 1.0):
        with pytest.raises(DerivationError, match="keys and positions"):
            language.part({"a": 1}, wrong)  # type: ignore[arg-type]


def test_gathered() -> None:
    """Results of one shape become rows."""
    assert language.gathered({"a": 1}, {"a": 2}) == [{"a": 1}, {"a": 2}]
    with pytest.raises(DerivationError, match="different fields"):
        language.gathered({"a": 1}, {"b": 2})
    with pytest.raises(DerivationError, match="row 2 is a list"):
        language.gathered({"a": 1}, [])


def test_labelled() -> None:
    """One row for each text, with the labels at the beginning of its lines."""
    texts = {"a": "Rating: 4.6\nNotes: calm: quiet\nno label", "b": "  Price range: 1 - 2\nnot-\nx: "}
    assert language.labelled(texts) == [
        {"key": "a", "Rating": "4.6", "Notes": "calm: quiet"},
        {"key": "b", "Price range": "1 - 2"},
    ]
    assert language.labelled({}) == []


def test_a_label_that_is_there_twice_is_left_out() -> None:
    """Nobody knows which one counts; nor may a label hide the entry's name."""
    assert language.labelled({"a": "Note: x\nNote: y\nkey: z"}) == [{"key": "a"}]


@pytest.mark.parametrize("wrong", [None, ["Rating: 4"], "Rating: 4", {"a": 4}, {"a": None}])
def test_labelled_fails(wrong: Any) -> None:
    """It reads objects of texts."""
    with pytest.raises(DerivationError, match=r"expected an object|is not a text"):
        language.labelled(wrong)


@given(st.dictionaries(st.text(max_size=5), st.from_regex(r"\A[A-Z][a-z]{1,8}\Z"), max_size=4), st.integers(0, 999))
def test_every_label_is_found(labels: dict[str, str], value: int) -> None:
    """Whatever the entries are called."""
    texts = {key: f"Hello\n{label}: {value}\nBye" for key, label in labels.items()}
    assert language.labelled(texts) == [{"key": key, label: str(value)} for key, label in labels.items()]


def test_where_among_and_mentioning() -> None:
    """One of several values, and a word of a text."""
    told = [{"n": 1, "text": "Open on Mondays"}, {"n": 2, "text": "closed"}, {"n": True, "text": "mondays-only"}]
    assert language.where(told, n=among([1, 3])) == told[:1]
    assert language.where(told, n=among([])) == []
    assert language.where(told, text=mentioning("mondays")) == [told[0], told[2]]
    assert language.where(told, text=mentioning("Monday")) == []
    assert language.where(told, text=mentioning("open ON")) == told[:1]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: among("a"), "among needs a list: found"),
        (lambda: language.where([{"a": 1}], a=mentioning("x")), "the field 'a' of row 1 is not a text"),
        (lambda: language.where([{"a": "x"}], a=mentioning(" ")), "mentioning needs a word"),
        (lambda: language.where([{"a": "x"}], a=mentioning(5)), "mentioning needs a word"),  # type: ignore[arg-type]
        (lambda: language.where([{"a": "x"}, {}], a=among(["x"])), "row 2 has no field"),
    ],
)
def test_among_and_mentioning_fail(made: Any, message: str) -> None:
    """Nothing else can be looked for."""
    with pytest.raises(DerivationError, match=message):
        made()


@given(
    st.lists(st.sampled_from(["ebb", "flood", "slack water"]), min_size=1, max_size=4),
    st.sampled_from(["ebb", "Flood"]),
)
def test_mentioning_agrees_with_the_words_of_a_text(words: list[str], wanted: str) -> None:
    """Whatever separates them."""
    found = language.where([{"a": "; ".join(words)}], a=mentioning(wanted))
    assert bool(found) is (wanted.lower() in words)

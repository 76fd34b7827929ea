"""Counts, totals, means and other figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.derivation import figures, rows as language
from airflow_provider_vai.languages.derivation.numbers import LARGEST

NUMBERS = st.one_of(
    st.integers(-(10**15), 10**15),
    st.decimals(-(10**9), 10**9, places=2).map(float),
    st.decimals(-(10**9), 10**9, places=2).map(str).filter(lambda text: not text.startswith("-0.00")),
)


def column(*values: Any) -> list[dict[str, Any]]:
    """Return rows with the values in the field ``n``."""
    return [{"n": value} for value in values]


def test_counts() -> None:
    """0 is a value; equal numbers of different types are different values."""
    assert figures.count([]) == 0
    assert figures.count(column(1, 1)) == 2
    assert figures.distinct([], "n") == 0
    assert figures.distinct(column("a", "a", "b", None, 1, "1"), "n") == 5
    with pytest.raises(DerivationError, match="expected a list: found a string of 3 characters"):
        figures.count("abc")  # type: ignore[arg-type]
    with pytest.raises(DerivationError, match="no field"):
        figures.distinct([{}], "n")


def test_totals_are_exact() -> None:
    """A float counts as the decimal number that JSON shows; integers stay integers."""
    assert figures.total(column(0.1, 0.2), "n") == 0.3
    assert json_text.canonical(figures.total(column(1, 2), "n")) == "3"
    assert json_text.canonical(figures.total(column(1, 2.0), "n")) == "3.0"
    assert figures.total(column("12.50", 1), "n") == 13.5
    assert figures.total([], "n") == 0
    assert figures.total(column(10**29, 1, -(10**29)), "n") == 1
    assert figures.total(column(10**25, 1e-10), "n") == pytest.approx(10**25)


@pytest.mark.parametrize("figure", [figures.total, figures.mean, figures.highest, figures.lowest])
@pytest.mark.parametrize(
    "wrong", [None, True, "", "n/a", "1,234", "1e5", "12.", " 5", [], {}, LARGEST, -LARGEST, 1e-300]
)
def test_what_is_no_number(figure: Callable[[Any, str], Any], wrong: Any) -> None:
    """Nulls, booleans and texts that are not plain numbers fail; the message names the field and the row."""
    with pytest.raises(DerivationError, match="the field 'n' of row 2"):
        figure(column(1, wrong), "n")


def test_mean() -> None:
    """A mean is a float; of no rows there is none."""
    assert figures.mean(column(1, 2), "n") == 1.5
    assert figures.mean(column(0.1, 0.1, 0.1), "n") == 0.1
    with pytest.raises(DerivationError, match="the number of rows is 0"):
        figures.mean([], "n")


def test_extremes_allow_equal_values() -> None:
    """Several rows may have the highest value, also in different spellings."""
    assert figures.highest(column(5, 5, 1), "n") == 5
    assert figures.lowest(column("5.0", 5, 5.0), "n") == "5.0"
    assert figures.highest(column("2025-12-01", "2025-11-30"), "n") == "2025-12-01"
    for figure in (figures.highest, figures.lowest):
        with pytest.raises(DerivationError, match="no rows"):
            figure([], "n")


def test_arithmetic() -> None:
    """Differences, ratios and relative changes."""
    assert figures.difference(0.3, 0.1) == 0.2
    assert figures.difference(10**29 + 1, 10**29) == 1
    assert figures.difference(0, 10**29 + 1) == -(10**29) - 1
    assert figures.ratio(1, 4) == 0.25
    assert figures.change(15, 10) == 0.5
    assert figures.change("5", 10) == -0.5
    with pytest.raises(DerivationError, match="the second value is 0"):
        figures.ratio(1, 0)
    with pytest.raises(DerivationError, match="the second value is 0"):
        figures.change(1, "0.00")
    with pytest.raises(DerivationError, match="the first value is not a number: found null"):
        figures.difference(None, 1)


@pytest.mark.parametrize(
    ("how", "made"),
    [("half_even", [2, 4, -2, 3]), ("half_up", [3, 4, -3, 3]), ("down", [2, 3, -2, 2])],
)
def test_rounding(how: Any, made: list[int]) -> None:
    """The three ways of rounding, of 2.5, 3.5, -2.5 and 2.51."""
    assert [figures.rounded(value, how=how) for value in (2.5, 3.5, -2.5, 2.51)] == made


def test_rounding_is_decimal() -> None:
    """2.675 is half way between 2.67 and 2.68, although the float is below it. There is no negative zero."""
    assert figures.rounded(2.675, 2) == 2.68
    assert figures.rounded(2.665, 2, how="half_up") == 2.67
    assert json_text.canonical(figures.rounded(-0.2)) == "0"
    assert json_text.canonical(figures.rounded(5, 2)) == "5.0"
    for digits in (-1, 16, True, 1.5, "2", None):
        with pytest.raises(DerivationError, match="a number of decimals is between 0 and 15"):
            figures.rounded(1, digits)  # type: ignore[arg-type]
    for how in ("up", None, []):
        with pytest.raises(DerivationError, match="there is no rounding"):
            figures.rounded(1, how=how)  # type: ignore[arg-type]


@given(st.lists(NUMBERS), st.data())
def test_the_total_of_parts_is_the_total(values: list[Any], data: st.DataObject) -> None:
    """However rows are divided or ordered, their totals add up."""
    cut = data.draw(st.integers(0, len(values)))
    shuffled = data.draw(st.permutations(values))
    parts = [figures.total(column(*part), "n") for part in (values[:cut], values[cut:])]

    whole = figures.total(column(*values), "n")

    assert whole == figures.total(column(*shuffled), "n")
    assert whole == pytest.approx(figures.total(column(*parts), "n"))


@given(st.lists(NUMBERS, min_size=1))
def test_the_mean_is_between_the_extremes(values: list[Any]) -> None:
    """No mean is above the highest or below the lowest value."""
    rows = column(*values)
    low, high = (float(figure(rows, "n")) for figure in (figures.lowest, figures.highest))
    assert low <= figures.mean(rows, "n") <= high or figures.mean(rows, "n") == pytest.approx(low)


@given(st.lists(NUMBERS, min_size=1, unique_by=float))
def test_the_largest_row_has_the_highest_value(values: list[Any]) -> None:
    """Rows and figures agree, and the order of the rows does not matter."""
    rows = column(*values)
    assert language.largest(rows, by="n")["n"] == figures.highest(rows, "n")
    assert language.smallest(rows[::-1], by="n")["n"] == figures.lowest(rows, "n")

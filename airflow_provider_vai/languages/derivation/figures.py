"""Figures worked out from rows: counts, totals, means, differences, ratios. All arithmetic is decimal."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.derivation.numbers import (
    Rounding,
    added,
    as_json,
    divided,
    negated,
    number,
    rounded_to,
)
from airflow_provider_vai.languages.derivation.rows import Rows, checked_list, extreme, pluck

Number = int | float


def count(rows: Rows) -> int:
    """Return how many items a list has; 0 for an empty list.

    :raises DerivationError: it is not a list.
    """
    return len(checked_list(rows))


def distinct(rows: Rows, field: str) -> int:
    """Return how many different values a field has.

    :raises DerivationError: a row lacks the field.
    """
    return len({json_text.canonical(value) for value in pluck(rows, field)})


def total(rows: Rows, field: str) -> Number:
    """Return the sum of a field; 0 for no rows.

    :raises DerivationError: a row lacks the field, or its value is not a number.
    """
    return as_json(added(_column(rows, field)))


def mean(rows: Rows, field: str) -> float:
    """Return the arithmetic mean of a field.

    :raises DerivationError: there are no rows, a row lacks the field, or its value is not a number.
    """
    values = _column(rows, field)
    return divided(added(values), number(len(values), "the number of rows"), "the number of rows")


def highest(rows: Rows, field: str) -> Any:
    """Return the largest value, or the latest date, of a field.

    :raises DerivationError: there are no rows, a row lacks the field, or values cannot be compared.
    """
    return extreme(rows, field, is_largest=True)


def lowest(rows: Rows, field: str) -> Any:
    """Return the smallest value, or the earliest date, of a field.

    :raises DerivationError: there are no rows, a row lacks the field, or values cannot be compared.
    """
    return extreme(rows, field, is_largest=False)


def difference(value: Any, other: Any) -> Number:
    """Return ``value - other``.

    :raises DerivationError: one of them is not a number.
    """
    return as_json(added([number(value, "the first value"), negated(number(other, "the second value"))]))


def ratio(value: Any, other: Any) -> float:
    """Return ``value / other``.

    :raises DerivationError: one of them is not a number, or ``other`` is 0.
    """
    return divided(number(value, "the first value"), number(other, "the second value"), "the second value")


def percentage(value: Any, other: Any) -> float:
    """Return ``value`` as per cent of ``other``: 100 for equal numbers.

    :raises DerivationError: one of them is not a number, or ``other`` is 0.
    """
    return divided(number(value, "the first value") * 100, number(other, "the second value"), "the second value")


def change(value: Any, other: Any) -> float:
    """Return the relative change from ``other`` to ``value``: ``(value - other) / other``.

    :raises DerivationError: one of them is not a number, or ``other`` is 0.
    """
    before = number(other, "the second value")
    return divided(added([number(value, "the first value"), negated(before)]), before, "the second value")


def rounded(value: Any, digits: int = 0, how: Rounding = "half_even") -> Number:
    """Return a number rounded to this many decimals; an integer for 0.

    :param how: ``half_even`` (2.5 is 2), ``half_up`` (2.5 is 3) or ``down`` (2.9 is 2).
    :raises DerivationError: the value is not a number, or there is no such rounding.
    """
    return as_json(rounded_to(number(value, "the value"), digits, how))


def _column(rows: Rows, field: str) -> list[Any]:
    return [
        number(value, f"the field {field!r} of row {position + 1}") for position, value in enumerate(pluck(rows, field))
    ]

"""Numbers as they are written."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.crystallizer.deriving.digits import digits_of, is_json_number, significant


@pytest.mark.parametrize(
    ("number", "is_whole", "digits"),
    [
        ("0.5", False, 1),
        ("28.0", False, 3),
        ("4,600", True, 2),
        ("4600", True, 2),
        ("396,618", True, 6),
        ("0", True, 0),
    ],
)
def test_significant_digits(number: str, is_whole: bool, digits: int) -> None:
    """People choose round numbers."""
    assert significant(number, is_whole=is_whole) == digits


@pytest.mark.parametrize(
    ("value", "digits"),
    [(5.0, 1), (4600, 2), (0.5, 1), (28.5, 3), ("4,600", 2), ("4,600.00", 6), ("+12%", 2), ("1.234,50", 6), ("a 5", 0)],
)
def test_digits_of_what_was_recorded(value: Any, digits: int) -> None:
    """The digits of a JSON number or of a number in a text; other values have none."""
    assert digits_of(value) == digits


def test_a_boolean_is_no_number() -> None:
    """In Python it would be."""
    assert [is_json_number(value) for value in (1, 1.5, True, "1", None)] == [True, True, False, False, False]

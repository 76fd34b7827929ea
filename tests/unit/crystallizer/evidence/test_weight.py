"""What values and names prove."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.crystallizer.evidence.weight import kinship, named_after, weight


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "nothing"),
        ("", "nothing"),
        ("  ", "nothing"),
        ([], "nothing"),
        (True, "flag"),
        (0, "count"),
        (-9, "count"),
        (3.0, "count"),
        (0.5, "number"),
        (10, "number"),
        (98.7, "number"),
        ("9", "number"),
        ("2024", "number"),
        ("123456", "strong"),
        ("2024-05-19", "date"),
        ("2024-05-19 10:00:00", "date"),
        ("2024-05-19T10:00:00+02:00", "date"),
        ("10:30", "date"),
        ("Friday", "date"),
        ("May 19th, 2024", "date"),
        ("March", "date"),
        ("NC", "word"),
        ("Charlotte", "word"),
        ("in_progress", "word"),
        ("of us", "word"),
        ("W-12", "strong"),
        ("mia@example.org", "strong"),
        ("bill.txt", "strong"),
        ("Le Baratin", "strong"),
        ({"a": "x"}, "word"),
        ({"a": "x", "b": "y"}, "strong"),
        ([1, 2, 3], "word"),
        ([100, 200], "strong"),
    ],
)
def test_weight(value: Any, expected: str) -> None:
    """Chance explains flags, counts, dates and words; addresses, file names and phrases it does not."""
    assert weight(value) == expected


@pytest.mark.parametrize(
    ("name", "other", "expected"),
    [
        ("id", "id_", 3),
        ("userEmail", "user_email", 3),
        ("recipients", "recipient", 3),
        ("cities", "city", 3),
        ("file_id", "id", 2),
        ("email", "user_email", 2),
        ("order_id", "user_id", 0),
        ("address", "addr", 0),
        ("status", "statu", 0),
        ("", "id", 0),
    ],
)
def test_kinship(name: str, other: str, expected: int) -> None:
    """The same words, or one name ends with the other."""
    assert kinship(name, other) == kinship(other, name) == expected


@pytest.mark.parametrize(
    ("name", "tool", "expected"),
    [
        ("channel", "get_channels", True),
        ("company_name", "get_all_car_rental_companies", True),
        ("file_id", "list_ids", False),
        ("name", "get_name", False),
        ("url", "get_channels", False),
    ],
)
def test_named_after(name: str, tool: str, expected: bool) -> None:
    """A tool is named after the values that it returns; `id` and `name` are too common to count."""
    assert named_after(name, tool) is expected

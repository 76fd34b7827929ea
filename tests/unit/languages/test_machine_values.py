"""Times and generated ids are recognised by their form."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from airflow_provider_vai.languages.machine_values import (
    has_zone,
    id_form,
    may_be_generated,
    time_of_number,
    time_of_text,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "zoned"),
    [
        ("2026-03-01T12:00:00Z", True),
        ("2026-03-01 12:00:00.000000 UTC", True),
        ("2026-03-01T13:00+01:00", True),
        ("2026-03-01T13:00:00.000000000+01", True),
        ("2026-03-01 12:00", False),
        ("Sun, 01 Mar 2026 12:00:00 GMT", True),
    ],
)
def test_times_as_text(text: str, zoned: bool) -> None:
    """Times are returned in UTC, whatever their time zone is."""
    assert time_of_text(text) == NOON
    assert has_zone(text) == zoned


@pytest.mark.parametrize("text", ["2026-03-01", "12:00", "2026-13-01T12:00:00Z", "9999-99-99T99:99", "x" * 50, ""])
def test_texts_that_are_no_times(text: str) -> None:
    """A date without a time of day does not count: a person may have meant it."""
    assert time_of_text(text) is None


@pytest.mark.parametrize(
    ("number", "time"),
    [(1_772_366_400, NOON), (1_772_366_400_000, NOON), (1_772_366_400.0, NOON), (950_000_000, None), (10**400, None)],
)
def test_times_as_numbers(number: float, time: datetime | None) -> None:
    """Numbers in the range of Unix timestamps of this century are times, in seconds or milliseconds."""
    assert time_of_number(number) == time


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("0f8fad5b-d9cb-469f-a165-70867728950e", "UUID"),
        ("00000020000000000000000000000001", "UUID"),
        ("0f8fad5bd9cb469fa16570867728950e", "hexadecimal"),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "ULID"),
        ("req_7KdPq2LmX9vTnB8sW", "random"),
    ],
)
def test_generated_ids(value: str, form: str) -> None:
    """Generated ids are recognised, with their form."""
    assert id_form(value) == form
    assert may_be_generated(value)


@pytest.mark.parametrize("value", ["ord_a1b2c3d4e5g6h7i8j9", "report2026january"])
def test_ids_that_may_be_generated(value: str) -> None:
    """A mix of digits and letters of one case may be generated or chosen by a person."""
    assert id_form(value) is None
    assert may_be_generated(value)


@pytest.mark.parametrize("value", ["INV-2026-0117", "customer", "1234567890123456", "ada@example.com", 17, None])
def test_ids_that_are_not_generated(value: object) -> None:
    """Serial numbers and names are not generated ids."""
    assert not may_be_generated(value)

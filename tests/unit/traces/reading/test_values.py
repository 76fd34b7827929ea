"""The readers of single values."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from airflow_provider_vai.exceptions import MalformedTrace, UnreadableTrace
from airflow_provider_vai.traces.reading.values import (
    DEEPEST,
    parse_arguments,
    parse_document,
    parse_json,
    parse_time,
    require_objects,
)

UTC_NOON = datetime(2025, 1, 2, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2025-01-02T12:00:00Z", UTC_NOON),
        ("2025-01-02T12:00:00.5Z", UTC_NOON + timedelta(milliseconds=500)),
        ("2025-01-02T12:00:00.123456789+00:00", UTC_NOON + timedelta(microseconds=123456)),
        ("2025-01-02T12:00:00", UTC_NOON),
        (UTC_NOON.timestamp(), UTC_NOON),
        (UTC_NOON.timestamp() * 1e3, UTC_NOON),
        (UTC_NOON.timestamp() * 1e6, UTC_NOON),
        (UTC_NOON.timestamp() * 1e9, UTC_NOON),
        ("yesterday", None),
        (True, None),
        (-1, None),
        (1e30, None),
        (None, None),
        ([], None),
    ],
)
def test_parse_time(written: object, expected: datetime | None) -> None:
    """ISO text with any number of fraction digits and numbers in four units are times; nothing else is."""
    assert parse_time(written) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "nested more than 200 levels"),
        ("[" * 100_000, "nested too deeply"),
        ('["\\ud83d"]', "half a surrogate pair"),
        ('{"\\udc00": 1}', "half a surrogate pair"),
    ],
)
def test_document_that_a_run_could_not_hold_is_refused(text: str, problem: str) -> None:
    """A value that could not be written out again as JSON is refused when it is read."""
    with pytest.raises(UnreadableTrace, match=problem):
        parse_document(text, "file.json")


def test_document_keeps_whole_pairs_and_allowed_depth() -> None:
    """A whole surrogate pair is a character, and nesting up to the limit is allowed."""
    assert parse_document('["\\ud83d\\ude00"]', "file.json") == ["\N{GRINNING FACE}"]
    assert parse_document("[" * DEEPEST + "]" * DEEPEST, "file.json")


def test_nested_text_that_cannot_be_kept_stays_text() -> None:
    """JSON in text is parsed only if a Run can hold its value."""
    deep = "[" * 300 + "]" * 300
    assert parse_json(deep) == deep
    assert parse_arguments('{"\\ud800": 1}') == '{"\\ud800": 1}'


def test_items_of_the_wrong_type_are_named_by_place() -> None:
    """An item of the wrong type is reported with its index."""
    with pytest.raises(MalformedTrace, match=r"file: calls\[1\]: expected an object, found int 2"):
        list(require_objects([{}, 2], "file: calls"))
    with pytest.raises(MalformedTrace, match="file: calls: expected a list, found nothing"):
        list(require_objects(None, "file: calls"))

"""The trace file, and the readers of single values."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from airflow_provider_vai.exceptions import MalformedTrace, UnreadableTrace
from airflow_provider_vai.traces.reading.trace import DEEPEST, Trace, arguments, document, moment, parsed, records

UTC_NOON = datetime(2025, 1, 2, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2025-01-02T12:00:00Z", UTC_NOON),
        ("2025-01-02T12:00:00.5Z", UTC_NOON + timedelta(milliseconds=500)),
        ("2025-01-02T12:00:00.123456789+00:00", UTC_NOON + timedelta(microseconds=123456)),
        ("2025-01-02T12:00:00", UTC_NOON.replace(tzinfo=None)),
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
def test_moment(written: object, expected: datetime | None) -> None:
    """ISO text with any number of fraction digits, and numbers in four units, are times; the rest is none."""
    assert moment(written) == expected


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
    """What could not be written out again as JSON is refused when it is read."""
    with pytest.raises(UnreadableTrace, match=problem):
        document(text, "file.json")


def test_document_keeps_whole_pairs_and_allowed_depth() -> None:
    """A whole surrogate pair is a character, and the limit itself is allowed."""
    assert document('["\\ud83d\\ude00"]', "file.json") == ["\N{GRINNING FACE}"]
    assert document("[" * DEEPEST + "]" * DEEPEST, "file.json")


def test_nested_text_that_cannot_be_kept_stays_text() -> None:
    """JSON in text is only parsed where its value can be kept."""
    deep = "[" * 300 + "]" * 300
    assert parsed(deep) == deep
    assert arguments('{"\\ud800": 1}') == '{"\\ud800": 1}'


def test_records_name_the_place() -> None:
    """An item of the wrong type is reported with its index."""
    with pytest.raises(MalformedTrace, match=r"file: calls\[1\]: expected an object, found int 2"):
        list(records([{}, 2], "file: calls"))
    with pytest.raises(MalformedTrace, match="file: calls: expected a list, found nothing"):
        list(records(None, "file: calls"))


def test_fallback_id_is_the_start_of_the_digest(tmp_path: Path) -> None:
    """Equal bytes have equal ids."""
    (tmp_path / "a.json").write_text("[]")
    trace = Trace(tmp_path / "a.json")
    assert trace.fallback_id == f"sha256:{trace.sha256[:16]}"

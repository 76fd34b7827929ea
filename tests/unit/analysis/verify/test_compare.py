"""Comparing two results: each level, and the rules by which a difference does not count."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.analysis.verify.compare import LEVELS, compare, compare_schema
from airflow_provider_vai.analysis.verify.volatile import Moment, rule, same_instant, time
from airflow_provider_vai.languages import json_text

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
MOMENT = Moment(NOW, NOW + timedelta(seconds=9))
ROWS = [{"id": n, "name": f"n{n}", "total": n * 1.5} for n in (3, 1, 2)]
RANKED = [{"name": f"n{n}", "total": 100 - n} for n in range(6)]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda part: st.lists(part, max_size=5) | st.dictionaries(st.text(), part, max_size=5),
    max_leaves=25,
)


def changes(recorded: Any, today: Any, **how: Any) -> list[tuple[str, str, str, str, int]]:
    """Return the differences as plain tuples."""
    found = compare(recorded, today, **how).differences
    return [(".".join(one.place), one.change, one.recorded, one.today, one.times) for one in found]


@pytest.mark.parametrize(
    ("recorded", "today", "level"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "equal bytes"),
        ('{"a": 1}', {"a": 1}, "equal"),
        ({"a": '[{"b": "[1]"}]'}, {"a": [{"b": [1]}]}, "equal"),
        ({"a": 1}, {"a": 1.0}, "equal"),
        ("a\r\nb\n", "a\nb", "equal"),
        ({"at": "2026-01-01T00:00:00Z"}, {"at": "2026-01-01T01:00:00+01:00"}, "equal"),
        ({"a": 1}, {"a": 2}, "same schema"),
        ({"a": None}, {"a": 2}, "same schema"),
        (ROWS, ROWS[:2], "same schema"),
        ([], ROWS, "same schema"),
        (ROWS, [], "drifted"),
        ({"a": True}, {"a": 1}, "drifted"),
        ({"a": 1}, {"a": "1"}, "drifted"),
        ({"a": 1}, {"a": None}, "drifted"),
        ({"a": 1}, [1], "drifted"),
        ({"a": 1}, {"a": 1, "b": 1}, "drifted"),
        ({"a": 1}, {}, "drifted"),
        (ROWS, list(reversed(ROWS)), "equal but for"),
        (RANKED, [RANKED[1], RANKED[0], *RANKED[2:]], "same schema"),
    ],
)
def test_level(recorded: Any, today: Any, level: str) -> None:
    """Each pair of results gets the expected level."""
    assert compare(recorded, today).level == level


@pytest.mark.parametrize(
    ("key", "recorded", "today", "name"),
    [
        ("fetchedAt", "2026-01-05T08:00:05Z", "2026-02-05T08:00:05Z", "time"),
        ("Last-Modified", "Mon, 05 Jan 2026 08:00:05 GMT", "Tue, 06 Jan 2026 08:00:05 GMT", "time"),
        ("timestamp", 1767600005, 1772366400, "time"),
        ("timestamp", 1767600005123, 1772366400456, "time"),
        ("meeting", "2026-01-05 08:00:05.123456789+0000", NOW.isoformat(), "time"),
        ("elapsed_ms", 12, 15, "duration"),
        ("response_time", "12 ms", "14.5 ms", "duration"),
        ("request_id", "abc", "def", "id"),
        ("runId", 17, 18, "id"),
        ("id", "c0ffee00-0000-4000-8000-000000000001", "c0ffee00-0000-4000-8000-000000000002", "id"),
        ("order_id", "ord_8Hq2LmXz91KdPw0s", "ord_1Bq2LmXz91KdPw0t", "id"),
        ("meeting", "2026-01-05T08:00:05Z", "2026-02-05T08:00:05Z", None),
        ("day", "2026-01-05", "2026-01-06", None),
        ("total", 1767600005, 1772366400, None),
        ("timestamp", "soon", "later", None),
        ("timestamp", "2026-13-45T99:00:00Z", "2026-01-01T00:00:00Z", None),
        ("order_id", 17, 18, None),
        ("name", "c0ffee00-0000-4000-8000-000000000001", "c0ffee00-0000-4000-8000-000000000002", None),
        ("customer_id", "Quarter3Report2026", "Quarter3Report2026x", None),
        ("timeout_seconds", 30, 60, None),
        ("request_id", True, False, None),
        (None, 1, 2, None),
    ],
)
def test_what_every_run_makes_anew(key: str | None, recorded: Any, today: Any, name: str | None) -> None:
    """A rule looks at the key and at both values; other differences count as data."""
    found = rule(key, recorded, today, MOMENT)

    assert (found.name if found else None) == name
    if key and name:
        result = compare({key: recorded, "n": 1}, {key: today, "n": 1}, moment=MOMENT)
        assert (result.level, [(mask.place, mask.rule) for mask in result.masks]) == ("equal but for", [((key,), name)])
        assert result.masks[0].reason


def test_times() -> None:
    """Times are read in different spellings; text that only looks like a time is not a time."""
    assert time("2026-01-01 00:00:00.123456789 +01", "") == datetime(2025, 12, 31, 23, 0, 0, 123456, timezone.utc)
    assert time("2026-02-30T00:00:00Z", "") is None
    assert same_instant("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000+00:00")
    assert not same_instant("2026-01-01T00:00:00Z", "2026-01-01T00:00:00")


def test_renamed_field() -> None:
    """A renamed field is recognised by its values or its name, and is reported once for all rows."""
    renamed = [{"id": row["id"], "name": row["name"], "amount": row["total"]} for row in ROWS]
    assert changes(ROWS, renamed) == [("*.total", "renamed", "total", "amount", 3)]
    other = [{"customer": "a", "unit_price": 5}]
    assert changes(other, [{"customer": "b", "unitPrice": 6}])[0] == (
        "*.unit_price", "renamed", "unit_price", "unitPrice", 1,
    )  # fmt: skip
    assert [change[1] for change in changes([{"a": 1}], [{"zzz": 2}])] == ["missing", "new"]
    assert [change[1] for change in changes([{"total": 1}], [{"totals": "x"}])] == ["missing", "new"]


def test_rows() -> None:
    """If the length of a list differs, the counts and the numbers of new and gone elements are reported."""
    more = [*ROWS, {"id": 4, "name": "n4", "total": 6.0}]
    assert changes({"rows": ROWS}, {"rows": more}) == [("rows", "count", "3 elements", "4 elements (1 new, 0 gone)", 1)]
    assert compare({"rows": ROWS}, {"rows": [*ROWS, {"id": "4", "name": None, "total": 1}]}).level == "drifted"
    lacking = [{"id": 3, "name": "n3"}, *ROWS[1:]]
    assert ("*.total", "missing", "number", "nothing in 1 of 3", 1) in changes(ROWS, lacking)


def test_optional_and_nullable_fields() -> None:
    """A field that was missing or null in some recorded rows may be so again."""
    recorded = [{"a": 1, "b": None}, {"b": 2}]
    assert compare(recorded, [{"b": 3}, {"a": 2, "b": None}]).level == "same schema"
    assert compare(recorded, [{"b": 3}, {"b": None}]).level == "same schema"
    assert [change[1] for change in changes(recorded, [{"a": 1}, {"a": 1, "b": 2}])].count("missing") == 1


def test_reordered_with_new_times() -> None:
    """Rows are matched without their volatile values, and differences inside them are reported."""
    recorded = [{"n": n, "seen_at": "2026-01-05T08:00:05Z", "tags": ["x", "y"]} for n in (5, 3, 4)]
    today = [{"n": n, "seen_at": NOW.isoformat(), "tags": ["y", "x"]} for n in (4, 5, 3)]
    found = compare(recorded, today, moment=MOMENT)

    assert found.level == "equal but for"
    assert [(".".join(mask.place), mask.rule, mask.times) for mask in found.masks] == [
        ("", "order", 1),
        ("*.seen_at", "time", 3),
        ("*.tags", "order", 3),
    ]


def test_ignored_places() -> None:
    """Neither the values nor the schema at an ignored place count; everything else does."""
    recorded, today = {"rows": [{"a": 1, "p": 1}], "n": 1}, {"rows": [{"a": 1, "p": "x"}], "n": 1}
    assert compare(recorded, today).level == "drifted"
    assert compare(recorded, today, ignored=[("rows", "*", "p")]).level == "equal but for"
    assert compare(recorded, {**today, "n": 2}, ignored=[("rows", "*", "p")]).level == "same schema"
    assert compare({"x": {"p": 1}, "n": 2}, {"x": {}, "n": 2}, ignored=[("*", "p")]).level in ("equal", "equal but for")


def test_credentials_are_not_shown() -> None:
    """Credentials are masked in the report, in values and in keys."""
    token = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"
    found = compare({"password": "hunter2hunter2", "x": 1}, {"password": token, "x": 2, token: 1})
    shown = json.dumps([[one.recorded, one.today] for one in found.differences])

    assert "hunter2" not in shown
    assert token not in shown
    assert found.level == "drifted"


def test_deep_and_large_results() -> None:
    """Deep nesting, many nested lists and many rows neither raise an error nor take long."""
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    assert compare(deep, [deep]).level in LEVELS
    wide: Any = {"a": 1}
    for _ in range(25):
        wide = [wide, {"b": 2}]
    other = json.loads(json.dumps(wide).replace("1", "3"))
    assert compare(wide, other).level == "same schema"
    rows = [{"id": n, "v": str(n)} for n in range(20_000)]
    assert compare(rows, list(reversed(rows[1:])) + rows[:1]).level == "same schema"


def test_against_a_sidecar() -> None:
    """With only a digest and a schema, there are three levels."""
    schema, digest = json_text.schema({"rows": ROWS}), json_text.digest({"rows": ROWS})
    assert compare_schema(schema, digest, {"rows": ROWS}).level == "equal bytes"
    assert compare_schema(schema, digest, {"rows": ROWS[:1]}).level == "same schema"
    assert compare_schema(schema, digest, {"rows": [{**ROWS[0], "more": 1}]}).level == "drifted"
    assert compare_schema(schema, digest, {"rows": []}).level == "same schema"


@given(JSON)
def test_a_value_equals_itself(value: Any) -> None:
    """Any value is equal to itself and to its own JSON text."""
    assert compare(value, value).level == "equal bytes"
    if isinstance(value, (dict, list)):
        assert compare(json.dumps(value), value).level in ("equal", "equal bytes")


@given(JSON, JSON)
def test_both_directions_agree(recorded: Any, today: Any) -> None:
    """Comparing is symmetric, and differences are reported only if the results differ."""
    there, back = compare(recorded, today), compare(today, recorded)
    good = ("equal bytes", "equal", "equal but for")

    assert (there.level in good) == (back.level in good)
    assert (there.level in good) == (not there.differences)
    assert there.level != "equal bytes" or json_text.canonical(recorded) == json_text.canonical(today)

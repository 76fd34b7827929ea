"""What another run says about an expression."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.crystallizer.deriving.agreement import OtherRun, ValueInRuns

ROWS = {"function": "wired", "step": "look", "path": []}
TOTAL = {"function": "total", "rows": ROWS, "field": "n"}


def run_with(rows: Any) -> OtherRun:
    """Return a run in which the step gave these rows."""
    return OtherRun({}, lambda reference: rows)


@pytest.mark.parametrize(
    ("rows", "value", "expected"),
    [
        ([{"n": 1}, {"n": 2}], 3, True),
        ([{"n": 1}, {"n": 2}], 3.0, False),
        ([{"n": 1}], 3, False),
        ([{"n": None}], 3, False),
        ("rows", 3, False),
    ],
)
def test_a_run_gives_exactly_its_value(rows: Any, value: Any, expected: bool) -> None:
    """Byte by byte; a failure is none."""
    assert run_with(rows).gives(TOTAL, value) == expected


def test_every_run_counts() -> None:
    """One that differs refutes."""
    right, wrong = (run_with([{"n": 5}]), 5), (run_with([{"n": 5}]), 6)

    assert ValueInRuns(3, [right]).holds(TOTAL)
    assert not ValueInRuns(3, [right, wrong]).holds(TOTAL)
    assert ValueInRuns(3).holds(TOTAL)


def test_equal_values_do_not_differ() -> None:
    """1 and 1.0 are two values, as JSON."""
    run = run_with([])

    assert not ValueInRuns(3, [(run, 3), (run, 3)]).differs
    assert ValueInRuns(1, [(run, 1.0)]).different == [1, 1.0]


def test_the_entries_of_keys() -> None:
    """Of each run its own; a run without the key has none."""
    runs = [
        (run_with({"b": {"n": 2}}), "b"),
        (run_with({"c": {"n": 3}}), "b"),
        (run_with([]), "b"),
        (run_with({}), None),
    ]
    found = ValueInRuns("a", runs).entry_of(ROWS, {"n": 1})

    assert found.value == {"n": 1}
    assert [value for _, value in found.others] == [{"n": 2}, None, None, None]

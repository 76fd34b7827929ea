"""When several runs are enough to accept an expression, and when the user's words must decide."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.crystallizer.deriving.accept import Judge
from airflow_provider_vai.crystallizer.deriving.agreement import OtherRun, ValueInRuns
from airflow_provider_vai.crystallizer.deriving.expressions import Expression, figures_of, part_of, picks_of
from airflow_provider_vai.crystallizer.deriving.sentences import sentences_of
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable
from airflow_provider_vai.crystallizer.evidence.result_values import RecordedResult
from tests.unit.support import call

ROWS = [{"id": f"row-{number}", "size": size} for number, size in enumerate((31, 12, 55, 47, 20))]
TABLE = ResultTable(RecordedResult(call("look", {}, ROWS), 0, "look", "look", ROWS, frozenset()), (), ROWS)
OTHER = OtherRun({}, lambda reference: ROWS)


def figure(operation: str) -> Expression:
    """Return a figure of the table."""
    return next(one for one in figures_of(TABLE, []) if one.operation == operation)


def largest() -> Expression:
    """Return the id of the largest row."""
    return part_of(next(one for one in picks_of(TABLE, []) if one.operation == "largest"), "id")


def expected(*values: Any) -> ValueInRuns:
    """Return the value of the searched run, and of further ones."""
    return ValueInRuns(values[0], [(OTHER, value) for value in values[1:]])


@pytest.mark.parametrize(
    ("values", "tried", "accepted"),
    [
        ((165, 208), 100, True),
        ((5, 7), 20, True),
        ((5, 7), 100, False),
        ((5, 7, 9), 100, True),
        ((5, 7, 7), 100, False),  # an equal value proves nothing more
        ((165, 165), 1, False),
        ((165,), 1, False),
    ],
)
def test_digits_of_different_values_count_together(values: tuple[int, ...], tried: int, accepted: bool) -> None:
    """The more expressions were tried, the more of them are right by chance."""
    choice = Judge([]).number([figure("total")], expected(*values), tried=tried)

    assert bool(choice and choice.is_proven) == accepted


@pytest.mark.parametrize(
    ("values", "tried", "accepted"),
    [(("row-2", "row-4"), 6, True), (("row-2", "row-4"), 30, False), (("row-2", "row-4", "row-1"), 30, True)],
)
def test_records_that_any_criterion_may_pick_need_words(values: tuple[str, ...], tried: int, accepted: bool) -> None:
    """Each of five rows is the largest or smallest of something."""
    assert bool(Judge([]).record([largest()], expected(*values), tried=tried)) == accepted


def test_two_behaviours_are_open_until_words_decide() -> None:
    """Proof alone never chooses between them."""
    fits, value = [figure("total"), figure("largest")], expected(165, 208)
    silent = Judge([])
    said = Judge(sentences_of("Post the total size"))
    strict = Judge(sentences_of("Post the total size"), needs="proof")

    assert silent.number(fits, value) is None
    assert [one.operation for one in silent.open] == ["total", "largest"]
    choice = said.number(fits, value)
    assert choice is not None
    assert (choice.expression.operation, choice.is_proven) == ("total", False)
    assert strict.number(fits, value) is None


def test_words_alone_where_a_wire_fits_as_well() -> None:
    """One behaviour is not enough then: the wire is another."""
    assert Judge([], needs="words").number([figure("total")], expected(165, 208)) is None

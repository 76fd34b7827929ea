"""Behaviour: two expressions are one if they agree on other data."""

from __future__ import annotations

from airflow_provider_vai.crystallizer.deriving.behaviour import COPIES, Behaviours
from airflow_provider_vai.crystallizer.deriving.expressions import Expression
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable, call
from tests.unit.crystallizer.deriving.made import BERTHS, table


def expression(of: ResultTable, function: str, **given: object) -> Expression:
    """Return an expression over the rows of a table."""
    return Expression(of, call(function, rows=of.node, **given), None)


def test_equal_values_with_another_behaviour_are_told_apart() -> None:
    """In a sorted list the first row is the largest, until the rows are shuffled."""
    rows = table(sorted(BERTHS, key=lambda row: -row["dues"]))
    first, largest = expression(rows, "first"), expression(rows, "largest", by="dues")
    again = expression(rows, "top", number_of_rows=1, by="dues")
    behaviours = Behaviours()
    assert len(behaviours.groups([first, largest])) == 2
    assert len(behaviours.groups([largest, largest])) == 1
    assert len(behaviours.of(again)) == COPIES


def test_two_tables_never_agree() -> None:
    """Whatever their rows are."""
    one, other = table(), table()
    assert len(Behaviours().groups([expression(one, "count"), expression(other, "count")])) == 2


def test_failing_is_a_behaviour() -> None:
    """An unknown field fails on every copy."""
    rows = table()
    assert set(Behaviours().of(expression(rows, "total", field="x"))) == {"failed: DerivationError"}


def test_names_stay_with_their_rows_and_numbers_change() -> None:
    """Else a record that the user names would be another one."""
    rows = table()
    ships = expression(rows, "pluck", field="ship")
    sums = expression(rows, "total", field="dues")
    behaviours = Behaviours()
    assert len(set(behaviours.of(sums))) == COPIES
    assert all("Iron Duke" in text for text in behaviours.of(ships))
    assert behaviours.of(sums) == Behaviours().of(sums)


def test_dates_that_sort_a_table_stay() -> None:
    """The last month is the last one in every copy."""
    months = table([{"month": f"2026-0{number}", "n": 100 * number} for number in (1, 2, 3)])
    latest = expression(months, "largest", by="month")
    assert all("2026-03" in text for text in Behaviours().of(latest))


def test_text_cells_keep_their_decimals() -> None:
    """A Markdown table's numbers stay text."""
    cells = table([{"n": "1.50"}, {"n": "2.25"}])
    (text, *_) = Behaviours().of(expression(cells, "pluck", field="n"))
    assert text.count('"') == 4
    assert all(len(part.partition(".")[2].strip('"]')) == 2 for part in text.split(","))

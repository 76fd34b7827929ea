"""Tables: which results are rows, and what their columns are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_vai.crystallizer.deriving.expressions import figures_of
from airflow_provider_vai.crystallizer.deriving.tables import MOST_ROWS, ResultTable, same, tables_of
from tests.unit.crystallizer.deriving.made import BERTHS, table


def found(value: Any, step: str | None = "list_berths") -> list[ResultTable]:
    """Return the tables in a result."""
    source: Any = SimpleNamespace(step=step, left=value, call=SimpleNamespace(tool="list_berths"))
    return list(tables_of(source))


def test_a_list_of_objects_and_an_object_of_objects_are_tables() -> None:
    """A single entry is a record, and positions are no path to a table."""
    (rows,) = found({"rows": BERTHS})
    (entries,) = found({"a": {"n": 1}, "b": {"n": 2}})
    assert (rows.path, rows.keys) == (("rows",), None)
    assert (entries.keys, entries.rows) == (("a", "b"), [{"n": 1}, {"n": 2}])
    assert found({"a": {"n": 1}}) == []
    assert found([[{"n": 1}], [{"n": 2}]]) == []
    assert found({"rows": BERTHS}, step=None) == []


@pytest.mark.parametrize("value", [[], [1, 2], [{}], [{"a": 1}, 2], [{"n": 1}] * (MOST_ROWS + 1)])
def test_what_is_no_table(value: Any) -> None:
    """Plain values, nothing, mixed lists, and more rows than a report has."""
    assert found(value) == []


def test_types_of_columns() -> None:
    """Numbers in text cells are numbers; a column that mixes types, or that a row lacks, is none."""
    rows = [
        {"n": "1.50", "d": "2026-01-02", "t": "a", "m": 1, "only": 1},
        {"n": "2", "d": "2026-01", "t": "b", "m": "x"},
    ]
    assert table(rows).types == {"n": "number", "t": "text"}
    assert table().of_type("date") == ["docked_on"]


def test_categories_are_values_that_rows_share() -> None:
    """Names and ids are none."""
    assert table().categories == {"quay": ["North", "South", "East"]}


def test_a_period_is_a_sorted_column_of_different_dates() -> None:
    """In either direction."""
    months = [{"month": f"2026-0{number}", "n": number} for number in (1, 2, 3)]
    assert table(months).period == "month"
    assert table(months[::-1]).period == "month"
    assert table([months[1], months[0], months[2]]).period is None
    assert table([months[0], months[0]]).period is None


def test_phrases_have_several_words() -> None:
    """A single word, such as "first", may be meant as the word."""
    assert "last tern" in table().phrases
    assert "north" not in table().phrases


def test_the_side_of_a_row_counts_ties() -> None:
    """Two rows may be the largest."""
    rows = [{"n": 5}, {"n": 5}, {"n": 3}, {"n": 1}]
    assert [table(rows).side_of(row, "n") for row in rows] == ["largest", "largest", None, "smallest"]


def test_integers_and_floats_differ() -> None:
    """As in JSON."""
    assert same({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert not same(1, 1.0)


def test_a_number_that_names_something_is_no_figure() -> None:
    """Nobody adds up ids, or asks for the largest one: a text of digits stays a name, a number is nothing."""
    rows = [{"product_id": f"98{number}0415", "zip": 10115 + number, "price": 5.5 * number} for number in range(6)]
    found = table(rows)
    assert found.types == {"product_id": "text", "price": "number"}
    assert {one.fields for one in figures_of(found, []) if one.fields} == {("price",)}

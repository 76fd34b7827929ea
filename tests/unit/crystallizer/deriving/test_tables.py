"""Tables: which results are rows, and what their columns are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from airflow_provider_vai.crystallizer.deriving.expressions import figures_of
from airflow_provider_vai.crystallizer.deriving.tables import MOST_ROWS, ResultTable, same, tables_of
from airflow_provider_vai.crystallizer.evidence.result_values import RecordedResult
from airflow_provider_vai.crystallizer.evidence.value_places import places
from airflow_provider_vai.languages import json_text
from tests.unit.crystallizer.deriving.made import BERTHS, table
from tests.unit.support import call


def found(value: Any, step: str | None = "list_berths", asked: Sequence[str] = ()) -> list[ResultTable]:
    """Return the tables in a result; its call was given the names ``asked``."""
    own = frozenset(json_text.canonical(name) for name in asked)
    source = RecordedResult(call("list_berths", {}, value), 0, step, "list_berths", value, own, tuple(places(value)))
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


def test_an_answer_with_one_value_for_each_name_is_a_table_of_entries() -> None:
    """The call must have asked for the names: an object with other keys is one record. The values have one type."""
    (entries,) = found({"Ada": "Thai", "Bo": "Greek"}, asked=["Ada", "Bo", "Cy"])
    assert entries.rows == [{"key": "Ada", "value": "Thai"}, {"key": "Bo", "value": "Greek"}]
    assert entries.node["function"] == "entries_of"
    assert entries.read_as(entries.rows) == {"Ada": "Thai", "Bo": "Greek"}
    (cars,) = found({"Ada": ["van", "SUV"], "Bo": []}, asked=["Ada", "Bo"])
    assert cars.types == {"key": "text", "value": "texts"}
    assert found({"Ada": "Thai", "Bo": "Greek"}, asked=["Ada"]) == []
    assert found({"Ada": "Thai", "Bo": 5}, asked=["Ada", "Bo"]) == []
    assert found({"Ada": "Thai"}, asked=["Ada"]) == []


def test_a_column_whose_name_is_a_credential_is_none() -> None:
    """Its name would be written to the file."""
    key = "sk-proj-" + "Ab3dEf6hIj9l" * 4
    assert list(table([{key: 5, "n": 1}, {key: 6, "n": 2}]).columns) == ["n"]


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

"""The tables in a run's results: lists of objects, and objects of objects, that a later step can read as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from airflow_provider_vai.crystallizer.evidence.result_values import RecordedResult
from airflow_provider_vai.crystallizer.evidence.value_places import is_naming, only_items
from airflow_provider_vai.crystallizer.evidence.weight import is_id_name
from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.derivation import Node
from airflow_provider_vai.languages.derivation.conditions import comparable
from airflow_provider_vai.languages.derivation.rows import labelled
from airflow_provider_vai.secrets.in_json import secret_keys
from airflow_provider_vai.secrets.masking import mask

SHORTEST_NAME, LONGEST_NAME = 3, 200
MOST_ROWS = 5000
MOST_COLUMNS = 40
MOST_TABLES = 20
"""The most tables of one result; a result with more is no report."""


@dataclass(frozen=True)
class ResultTable:
    """Rows in the result of a step.

    :param source: the result.
    :param path: the path to the rows in it, without positions.
    :param rows: the objects.
    :param keys: the key of each row, if the rows are the values of an object.
    :param is_of_entries: whether the rows are the entries of an object: with the field ``key``, and a field ``value``
        or the labels in their texts.
    :param has_labels: whether the rows have the labels in the texts of the entries, such as ``Rating: 4.6``.
    """

    source: RecordedResult
    path: tuple[str | int, ...]
    rows: list[dict[str, Any]]
    keys: tuple[str, ...] | None = None
    is_of_entries: bool = False
    has_labels: bool = False

    @property
    def node(self) -> Node:
        """The derivation of the rows, or of the object of which they are the values."""
        wired = call("wired", step=self.source.step, path=list(self.path))
        if not self.is_of_entries:
            return wired
        return call("labelled" if self.has_labels else "entries_of", entries=wired)

    def read_as(self, rows: list[dict[str, Any]]) -> Any:
        """Return what the table's reference gives if it has these rows, in the order of the table's keys."""
        if self.has_labels:
            return {row["key"]: _with_labels(row) for row in rows}
        if self.is_of_entries:
            return {row["key"]: row["value"] for row in rows}
        return dict(zip(self.keys, rows, strict=True)) if self.keys is not None else rows

    def entry(self, key: str) -> Any:
        """Return the row of a key of an object of objects; ``None`` if it has no such key."""
        return dict(zip(self.keys, self.rows, strict=True)).get(key) if self.keys is not None else None

    @cached_property
    def columns(self) -> dict[str, list[Any]]:
        """By field, the values of the rows; only fields that every row has, and whose names are no secrets."""
        first = self.rows[0]
        secret = secret_keys(self.rows)
        named = [field for field in first if field not in secret and mask(field) == field]
        shared = [field for field in named if all(field in row for row in self.rows)]
        return {field: [row[field] for row in self.rows] for field in shared[:MOST_COLUMNS]}

    @cached_property
    def types(self) -> dict[str, str]:
        """By field, whether its values are a ``number``, a ``date``, a plain ``text``, or lists of ``texts``.

        A number that names something, such as ``product_id``, is no figure: nobody adds up or compares it.
        """
        found = {field: _type(values, are_ids=is_id_name(field)) for field, values in self.columns.items()}
        return {field: name for field, name in found.items() if name}

    def of_type(self, name: str) -> list[str]:
        """Return the fields whose values are of a type."""
        return [field for field, found in self.types.items() if found == name]

    @cached_property
    def categories(self) -> dict[str, list[str]]:
        """By field of text, its different values, where rows share values or the value is short."""
        found = {field: list(dict.fromkeys(self.columns[field])) for field in self.of_type("text")}
        return {field: values for field, values in found.items() if len(values) < len(self.rows)}

    @cached_property
    def shared_names(self) -> dict[str, list[str]]:
        """Its categories by which records are named: several rows have one name."""
        if not any(map(is_naming, self.columns)):
            return {}  # without a look at the values
        return {field: values for field, values in self.categories.items() if is_naming(field)}

    @cached_property
    def names(self) -> dict[str, str]:
        """The texts in its fields that may be names, each with its lower case."""
        texts = (value for field in self.of_type("text") for value in self.columns[field])
        return {text: text.casefold() for text in texts if SHORTEST_NAME <= len(text) <= LONGEST_NAME}

    @cached_property
    def phrases(self) -> frozenset[str]:
        """Its names in lower case that are no single words, such as titles."""
        return frozenset(lower for lower in self.names.values() if " " in lower.strip())

    @cached_property
    def variety(self) -> dict[str, int]:
        """By field, how many different values the rows have in it."""
        return {field: len(set(map(repr, values))) for field, values in self.columns.items()}

    @cached_property
    def period(self) -> str | None:
        """The date field by which the rows are sorted, each date once; ``None`` if there is none."""
        for field in self.of_type("date"):
            values = self.columns[field]
            if len(set(values)) == len(values) and values in (sorted(values), sorted(values, reverse=True)):
                return field
        return None

    def side_of(self, row: dict[str, Any], field: str) -> str | None:
        """Return whether no row has a larger (``largest``) or smaller (``smallest``) value in a field; ties count.

        :param field: one of numbers or dates.
        """
        values = [comparable(value, field)[1] for value in self.columns[field]]
        own = comparable(row[field], field)[1]
        return "largest" if own == max(values) else "smallest" if own == min(values) else None


def tables_of(source: RecordedResult) -> Iterator[ResultTable]:
    """Yield the tables in a result, outer ones first. A result that nothing can be wired to has none."""
    if source.step is None:
        return
    count = 0
    for place in source.places:
        path = only_items(place)
        if any(isinstance(part, int) for part in path):
            continue
        table = _table(source, path, place.value)
        if table is not None:
            count += 1
            yield table
        if count >= MOST_TABLES:
            return


def _table(source: RecordedResult, path: tuple[str | int, ...], value: Any) -> ResultTable | None:
    if isinstance(value, list) and _are_rows(value):
        return ResultTable(source, path, value)
    if isinstance(value, dict) and len(value) > 1 and _are_rows(list(value.values())):
        return ResultTable(source, path, list(value.values()), tuple(value))
    if isinstance(value, dict) and _answers_names(source, value):
        if rows := _labelled(value):
            return ResultTable(source, path, rows, is_of_entries=True, has_labels=True)
        entries = [{"key": key, "value": part} for key, part in value.items()]
        return ResultTable(source, path, entries, is_of_entries=True)
    return None


def _answers_names(source: RecordedResult, value: dict[str, Any]) -> bool:
    """Return whether an object has one plain value, or one list, for each of several names that the call asked for."""
    parts = [*value.values()]
    is_plain = 1 < len(parts) <= MOST_ROWS and len({type(part) for part in parts}) == 1 and not _are_rows(parts)
    return is_plain and all(json_text.canonical(key) in source.own for key in value)


def _labelled(value: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of an object of texts that have a label in common; none if they have not."""
    if not all(isinstance(text, str) for text in value.values()):
        return []
    rows = labelled(value)
    shared = set.intersection(*(set(row) for row in rows)) - {"key"}
    return rows if shared else []


def _with_labels(row: dict[str, Any]) -> str:
    return "\n".join(f"{label}: {text}" for label, text in row.items() if label != "key")


def _are_rows(values: list[Any]) -> bool:
    return 0 < len(values) <= MOST_ROWS and all(isinstance(row, dict) and row for row in values)


def _type(values: list[Any], *, are_ids: bool) -> str | None:
    if all(isinstance(value, list) for value in values):
        return "texts" if all(isinstance(item, str) for value in values for item in value) else None
    if are_ids:
        return "text" if all(isinstance(value, str) for value in values) else None
    try:
        kinds = {comparable(value, "")[0] for value in values}
    except DerivationError:
        return "text" if all(isinstance(value, str) for value in values) else None
    if len(kinds) > 1:
        return None
    (kind,) = kinds
    return "number" if kind == "number" else "date"


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal as JSON data: 1 and 1.0 differ."""
    return json_text.canonical(one) == json_text.canonical(other)


def call(function: str, **arguments: Any) -> Mapping[str, Any]:
    """Return a node of a derivation."""
    return {"function": function, **arguments}

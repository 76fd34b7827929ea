"""Finds how a list argument was made from a table: a column of it, or its rows with some of their fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.crystallizer.deriving.accept import FEWEST_ROWS, Choice
from airflow_provider_vai.crystallizer.deriving.agreement import ValueInRuns
from airflow_provider_vai.crystallizer.deriving.expressions import Expression, filtered, value_of
from airflow_provider_vai.crystallizer.deriving.seen import SeenBefore
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable, call, same
from airflow_provider_vai.crystallizer.evidence.weight import weight
from airflow_provider_vai.languages.derivation import Node


def listed(expected: ValueInRuns, seen: SeenBefore) -> Choice | None:
    """Return the expression that gives a list as a whole; ``None`` if there is none, or several that differ.

    A filter must be said by the user, or proven by several runs. A whole column, or the whole table, needs no words: a
    list of several strong values in the same order is hardly ever an accident. But if the user names one of a few rows,
    the others may be in the list for another reason: "Ana and her deputy".

    :param expected: the list, which has items.
    :param seen: what the model had seen before the call.
    """
    value: list[Any] = expected.value
    fits = [
        Expression(table, node, value, "list", (), chosen)
        for table in seen.tables
        for chosen, rows, kept in filtered(table, seen.asked.conditions(table))
        if len(kept) == len(value)
        for node in _made_from(table, rows, value)
        if expected.holds(node)
    ]
    if expected.differs:
        return seen.judge.rows(fits, expected)
    whole = [one for one in fits if not one.conditions and not _is_named_in_part(one.table, seen)]
    if any(one.conditions and one.points(sentence) for one in fits for sentence in seen.asked.sentences):
        return None if whole else seen.judge.rows(fits, expected)
    if not whole or weight(value) != "strong" or len(value) < 2:
        return None
    newest = [one for one in whole if one.table is whole[0].table]
    return Choice(newest[0], 0) if len(seen.run.behaviours.groups(newest)) == 1 else None


def _is_named_in_part(table: ResultTable, seen: SeenBefore) -> bool:
    """Return whether the user names a row of a table that has few."""
    if len(table.rows) >= FEWEST_ROWS:
        return False
    names = [name for column in table.of_type("text") for name in table.columns[column]]
    return any(sentence.says(name) for sentence in seen.asked.sentences for name in names if len(name) > 1)


def _made_from(table: ResultTable, rows: Node, value: list[Any]) -> Iterator[Node]:
    """Yield the nodes that make a list from rows: one column, or objects of some fields."""
    if isinstance(value[0], dict):
        node = _projected(table, rows, value)
        if node and same(value_of(node, table), value):
            yield node
        return
    for column in table.columns:
        node = call("pluck", rows=rows, field=column)
        if same(value_of(node, table), value):
            yield node


def _projected(table: ResultTable, rows: Node, value: list[Any]) -> Node | None:
    """Return the node that takes the objects' fields from the columns of the same name, or with the same values."""
    fields, renamed = [], {}
    for name in value[0]:
        if name in table.columns:
            fields.append(name)
            continue
        wanted = [row.get(name) if isinstance(row, dict) else None for row in value]
        found = [
            column for column in table.columns if same(value_of(call("pluck", rows=rows, field=column), table), wanted)
        ]
        if len(found) != 1:
            return None
        renamed[name] = found[0]
    return call("project", rows=rows, fields=fields, **({"renamed": renamed} if renamed else {}))

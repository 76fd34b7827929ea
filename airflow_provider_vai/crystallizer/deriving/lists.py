"""Finds how a list argument was made: from the rows of a table, or from the lists in several results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from airflow_provider_vai.crystallizer.deriving.accept import FEWEST_ROWS, Choice
from airflow_provider_vai.crystallizer.deriving.agreement import ValueInRuns
from airflow_provider_vai.crystallizer.deriving.expressions import Expression, filtered, value_of
from airflow_provider_vai.crystallizer.deriving.seen import SeenBefore
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable, call, same
from airflow_provider_vai.crystallizer.evidence.result_values import RecordedResult
from airflow_provider_vai.crystallizer.evidence.value_places import only_items
from airflow_provider_vai.crystallizer.evidence.weight import weight
from airflow_provider_vai.languages import json_text
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
    fits = list(lists_of(expected, seen))
    if expected.differs:
        return seen.judge.rows(fits, expected)
    whole = [one for one in fits if not one.conditions and _may_be_whole(one.table, seen)]
    if any(one.conditions and one.points(sentence) for one in fits for sentence in seen.asked.sentences):
        return None if whole else seen.judge.rows(fits, expected)
    if not whole or weight(value) != "strong" or len(value) < 2:
        return None
    newest = [one for one in whole if one.table is whole[0].table]
    return Choice(newest[0], 0) if len(seen.run.behaviours.groups(newest)) == 1 else None


def lists_of(expected: ValueInRuns, seen: SeenBefore) -> Iterator[Expression]:
    """Yield every expression that gives a list as a whole.

    :param expected: the list, which has items.
    :param seen: what the model had seen before the call.
    """
    value: list[Any] = expected.value
    for table in seen.tables:
        for chosen, rows, kept in filtered(table, seen.asked.conditions(table)):
            for node in _made_from(table, rows, value) if len(kept) == len(value) else ():
                if expected.holds(node):
                    yield Expression(table, node, value, "list", (), chosen)


def chained(expected: ValueInRuns, seen: SeenBefore) -> Node | None:
    """Return the node that makes a list of the whole lists in several results of one tool, one after the other.

    :param expected: the list.
    :param seen: what the model had seen before the call.
    """
    value: list[Any] = expected.value
    if len(value) < 2 or weight(value) != "strong" or all(seen.was_said(item) for item in value):
        return None
    groups: dict[Any, list[tuple[Node, list[Any]]]] = {}
    for source in seen.sources:
        for path, items in _text_lists(source):
            node = call("wired", step=source.step, path=list(path))
            groups.setdefault((source.call.tool, path), []).append((node, items))
    found = [nodes for parts in groups.values() if len(nodes := _one_after_the_other(parts, value)) > 1]
    if len(found) != 1:
        return None
    made = call("concatenated", values=found[0])
    return made if expected.holds(made) else None


def _text_lists(source: RecordedResult) -> Iterator[tuple[tuple[str | int, ...], list[str]]]:
    """Yield the lists of texts in a result that have a path without positions, and that its call was not given."""
    for place in source.places:
        items, path = place.value, only_items(place)
        is_list = isinstance(items, list) and bool(items) and all(isinstance(item, str) for item in items)
        if is_list and not any(isinstance(part, int) for part in path) and json_text.canonical(items) not in source.own:
            yield path, items


def _one_after_the_other(parts: Sequence[tuple[Node, list[Any]]], value: list[Any]) -> list[Node]:
    """Return the nodes of the lists that make up a value, each used once and the longest first; none if they do not."""
    left, rest, nodes = sorted(parts, key=lambda part: -len(part[1])), value, []
    while rest:
        fits = next((part for part in left if part[1] == rest[: len(part[1])]), None)
        if fits is None:
            return []
        left.remove(fits)
        nodes.append(fits[0])
        rest = rest[len(fits[1]) :]
    return nodes


def _may_be_whole(table: ResultTable, seen: SeenBefore) -> bool:
    """Return whether a list may be the whole of a table; the names in an answer are what its own call was given."""
    return not table.is_of_entries and not _is_named_in_part(table, seen)


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

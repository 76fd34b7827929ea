"""Tells expressions apart that give one value on the recording: evaluated on other data, do they still agree?

The other data are copies of the recorded rows, shuffled, with other numbers, dates and categories. Names and ids stay
with their rows.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable
from typing import Any

from airflow_provider_vai.crystallizer.deriving.expressions import Expression
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable
from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.derivation import Node, evaluate

COPIES = 4


class Behaviours:
    """Evaluates expressions on altered copies of their tables; the copies of a table are made once."""

    def __init__(self) -> None:
        self._copies: dict[int, list[Any]] = {}
        self._tables: list[ResultTable] = []  # keeps the tables alive, whose identities are keys

    def of(self, expression: Expression, node: Node | None = None) -> tuple[str, ...]:
        """Return what an expression gives on each copy, as canonical JSON; failing is a result, too.

        :param node: the expression in the form in which it is written, if that is another.
        """
        return tuple(_result(node or expression.node, copy) for copy in self._copies_of(expression.table))

    def groups(self, expressions: Iterable[Expression]) -> list[list[Expression]]:
        """Return the expressions in groups that agree on every copy; expressions over two tables never agree."""
        found: dict[Any, list[Expression]] = {}
        for expression in expressions:
            found.setdefault((id(expression.table), self.of(expression)), []).append(expression)
        return list(found.values())

    def _copies_of(self, table: ResultTable) -> list[Any]:
        if id(table) not in self._copies:
            self._tables.append(table)
            dice = random.Random(0)  # noqa: S311 - the same copies each time
            self._copies[id(table)] = [_altered(table, dice) for _ in range(COPIES)]
        return self._copies[id(table)]


def _result(node: Node, value: Any) -> str:
    try:
        return json_text.canonical(evaluate(node, lambda reference: value))
    except (DerivationError, LookupError, TypeError) as error:
        return f"failed: {type(error).__name__}"


def _altered(table: ResultTable, dice: random.Random) -> Any:
    """Return a copy of a table with other values; in a table that is sorted by a date, the dates stay."""
    rows = [dict(row) for row in table.rows]
    for field, values in table.categories.items():
        for row in rows:
            row[field] = dice.choice(values)
    told = ["value"] if table.is_of_entries and table.types.get("value") == "text" else []
    for field in (*table.of_type("texts"), *told):
        lists = table.columns[field][:]
        dice.shuffle(lists)
        for row, items in zip(rows, lists, strict=True):
            row[field] = items
    for field in table.of_type("number"):
        values = [_number(row[field], dice) for row in rows]
        dice.shuffle(values)  # else a clear extreme would stay one
        for row, value in zip(rows, values, strict=True):
            row[field] = value
    for field in table.of_type("date"):
        if field != table.period:
            for row in rows:
                row[field] = _date(row[field], dice)
    if table.keys is not None:
        pairs = list(zip(table.keys, rows, strict=True))
        dice.shuffle(pairs)
        return dict(pairs)
    dice.shuffle(rows)
    return table.read_as(rows)


def _number(value: Any, dice: random.Random) -> Any:
    factor = dice.uniform(0.3, 1.9)
    if isinstance(value, int):
        return int(value * factor) + dice.randint(0, 3)
    if isinstance(value, float):
        return round(value * factor + dice.random(), 2)
    made = float(value) * factor + dice.random()
    return f"{made:.{len(value.partition('.')[2])}f}"


def _date(value: str, dice: random.Random) -> str:
    if len(value) < 10:
        return value
    moved = datetime.date.fromisoformat(value[:10]) + datetime.timedelta(days=dice.randint(-40, 40))
    return moved.isoformat() + value[10:]

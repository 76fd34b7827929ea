"""Tells whether two sentences of the user give a record for two reasons: then nobody knows which one counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_vai.crystallizer.deriving.accept import ENOUGH, Judge
from airflow_provider_vai.crystallizer.deriving.agreement import ValueInRuns
from airflow_provider_vai.crystallizer.deriving.expressions import Expression
from airflow_provider_vai.crystallizer.deriving.seen import SeenBefore
from airflow_provider_vai.crystallizer.deriving.sentences import Sentence
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable, same
from airflow_provider_vai.languages.result_path import RECORD, follow


def is_picked_elsewhere(seen: SeenBefore, step: str | None, path: Sequence[str | int]) -> bool:
    """Return whether a wire names a record that another sentence of the user picks by a criterion.

    "Show Felt basket. Set the latest order to checked.": if Felt basket is the latest order, one cannot tell which of
    the two sentences a call answers.

    :param step: the step that the wire reads. :param path: the wire's path.
    """
    depth = next((depth for depth, part in enumerate(path) if RECORD.fullmatch(str(part))), None)
    table = next((one for one in seen.tables if one.source.step == step and list(one.path) == list(path[:depth])), None)
    named = RECORD.fullmatch(str(path[depth])) if depth is not None else None
    if table is None or named is None or table.keys is not None:
        return False
    others = [sentence for sentence in seen.asked.sentences if not sentence.says(named[2])]
    return is_picked_by(others, table, follow(table.rows, [named[0]]), seen)


def is_picked_by(sentences: Sequence[Sentence], table: ResultTable, record: Any, seen: SeenBefore) -> bool:
    """Return whether sentences pick a record by a criterion, or may do so.

    A sentence without any known word for what is done may have an unknown one, or one of another language. Then it is
    enough that it names a field of which the record has an extreme value.
    """
    fields = [field for name in ("number", "date") for field in table.of_type(name)]
    for sentence in sentences:
        sides = {table.side_of(record, field) for field in fields if sentence.names(field)} - {None}
        if any(not sentence.is_understood or sentence.has(str(side)) for side in sides):
            return True
    fits = [one for one in seen.picks(table) if same(one.value, record)]
    return Judge(sentences, seen.run.behaviours).record(fits, ValueInRuns(record)) is not None


def is_named_elsewhere(seen: SeenBefore, picked: Expression, value: str) -> bool:
    """Return whether the user names the record that a criterion picked, in a sentence without this criterion.

    "Compare Felt basket and Clay vase. Open the cheapest one.": if Clay vase is the cheapest, one cannot tell which of
    the two sentences a call answers.

    :param value: the record's value, or its key, that the call has.
    """
    table = picked.table
    keys: Sequence[str | None] = table.keys or [None] * len(table.rows)
    rows = [row for key, row in zip(keys, table.rows, strict=True) if key == value or value in row.values()]
    names = {row[column] for row in rows for column in table.of_type("text") if column not in table.categories}
    others = [sentence for sentence in seen.asked.sentences if picked.points(sentence) < ENOUGH]
    return any(sentence.says(name) for sentence in others for name in names)

"""Picks an entry of one answer by filters on what other answers say about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_provider_vai.crystallizer.deriving.expressions import Condition, conditions_of, mentioned, value_of
from airflow_provider_vai.crystallizer.deriving.seen import SeenBefore
from airflow_provider_vai.crystallizer.deriving.sentences import Sentence
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable, call
from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.derivation import Node, evaluate

Filter = tuple[ResultTable, Condition]
"""A filter that the user said, and the answer that it is about."""


def is_narrowed_elsewhere(table: ResultTable, seen: SeenBefore) -> bool:
    """Return whether the user said a filter that some entries of a table do not fulfil, by another answer about them.

    "The best rated one that serves Greek food": if an answer has the ratings and another one the food, the best rated
    entry is meant only if all entries serve Greek food.

    :param table: the entries of an answer. :param seen: what the model had seen before the call.
    """
    return any(leaves_out for _, leaves_out in _filters(table, seen, seen.asked.sentences))


def picked_among(value: str, seen: SeenBefore) -> Node | None:
    """Return the node for the entry that a criterion picks among those that fulfil filters about other answers.

    Criterion and field are said in one sentence, and its filters are used; if it has none, those of the whole turn. A
    filter that all entries fulfil was used before. If two sentences give the entry for two reasons, none is returned.

    :param value: the name of the entry. :param seen: what the model had seen before the call.
    """
    fits = {
        json_text.canonical(node): node
        for table in seen.tables
        for node in (_choices(table, seen) if table.is_of_entries else ())
        if _given(node, seen) == value
    }
    return next(iter(fits.values())) if len(fits) == 1 else None


def _choices(table: ResultTable, seen: SeenBefore) -> Iterator[Node]:
    """Yield the entry that each sentence picks among those that fulfil its filters, or those of all sentences."""
    numbers = table.of_type("number")
    for sentence in seen.asked.sentences:
        fields = [field for field in numbers if sentence.names(field)]
        sides = [side for side in ("largest", "smallest") if sentence.has(side)]
        filtered = any(_leaves_out(table, table, one) for one in conditions_of(table, [sentence]))
        if len(fields) != 1 or len(sides) != 1 or filtered:
            continue
        own = _filters(table, seen, [sentence])
        needed = [one for one, leaves_out in own or _filters(table, seen, seen.asked.sentences) if leaves_out]
        is_clear = len({id(other) for other, _ in needed}) == len(needed)
        if is_clear and (own or needed):
            record = call(sides[0], rows=_filtered(table, needed), by=fields[0])
            yield call("part", value=record, path=["key"])


def _filters(table: ResultTable, seen: SeenBefore, sentences: Sequence[Sentence]) -> list[tuple[Filter, bool]]:
    """Return the filters of the sentences by other answers about all of a table's entries, and if each leaves some out.

    Of two answers of one tool, the newer one counts.
    """
    names = {row["key"] for row in table.rows} if table.is_of_entries else set()
    others = [one for one in seen.tables if one is not table and one.is_of_entries] if names else []
    about = {one.source.call.tool: one for one in reversed(others) if names <= {row["key"] for row in one.rows}}
    return [
        ((other, condition), _leaves_out(other, table, condition))
        for other in about.values()
        for condition in dict.fromkeys([*conditions_of(other, sentences), *_words(other, sentences)])
    ]


def _words(table: ResultTable, sentences: Sequence[Sentence]) -> Iterator[Condition]:
    return (one for sentence in sentences for one in mentioned(table, sentence))


def _leaves_out(other: ResultTable, table: ResultTable, condition: Condition) -> bool:
    """Return whether some entries of a table do not fulfil a condition about an answer that has all of them."""
    kept = value_of(_where(other, condition), other) or ()
    return not {row["key"] for row in table.rows} <= {row["key"] for row in kept}


def _where(table: ResultTable, condition: Condition) -> Node:
    return call("where", rows=table.node, conditions={condition.field: condition.node})


def _filtered(table: ResultTable, filters: Sequence[Filter]) -> Node:
    rows = table.node
    for other, condition in filters:
        names = call("pluck", rows=_where(other, condition), field="key")
        rows = call("where", rows=rows, conditions={"key": call("among", values=names)})
    return rows


def _given(node: Node, seen: SeenBefore) -> str | None:
    """Return what a node gives on the recording; ``None`` if it fails."""
    read = {(table.source.step, table.path): table.read_as(table.rows) for table in seen.tables}
    try:
        return str(evaluate(node, lambda reference: read[reference["step"], tuple(reference["path"])]))
    except (DerivationError, LookupError, TypeError):
        return None

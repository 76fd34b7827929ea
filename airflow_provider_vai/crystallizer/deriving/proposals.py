"""Proposes derivations of one recorded value to a person, who may say in words what the value is.

Crystallizing takes a derivation only if words and digits prove it. Here a person decides, so everything that gives the
recorded value is proposed, once for each behaviour: what the words mean first, then the shortest. The words are read by
a closed vocabulary: the words of :mod:`~airflow_provider_vai.crystallizer.deriving.sentences`, the names of the
language's functions, and the names and values of the recorded tables' fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_vai.crystallizer.deriving.accept import HINTED
from airflow_provider_vai.crystallizer.deriving.agreement import ValueInRuns
from airflow_provider_vai.crystallizer.deriving.digits import is_json_number
from airflow_provider_vai.crystallizer.deriving.expressions import (
    Expression,
    keys_of,
    named_keys_of,
    part_of,
)
from airflow_provider_vai.crystallizer.deriving.lists import chained, lists_of
from airflow_provider_vai.crystallizer.deriving.search import ArgumentSearch, dated, days_said
from airflow_provider_vai.crystallizer.deriving.seen import SeenBefore
from airflow_provider_vai.crystallizer.deriving.sentences import WORDS, Sentence
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable
from airflow_provider_vai.crystallizer.deriving.texts import Composer
from airflow_provider_vai.crystallizer.deriving.written import as_number
from airflow_provider_vai.languages import derivation
from airflow_provider_vai.languages.derivation import FUNCTIONS, Node
from airflow_provider_vai.languages.derivation.source import written
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.flags import is_prose

MOST = 20
"""The most proposals; a value that more expressions give is not told apart by reading them."""

NAME = re.compile(r"[a-z_]+")


@dataclass(frozen=True)
class FittingDerivation:
    """A derivation that gives the recorded value.

    :param node: the derivation.
    :param hint: the points that the person's words give it; 0 without words.
    :param said: the points that the user's words in the recording give it.
    :param kept: of a text, the figures and names that stay as recorded because nothing explains them.
    :param rivals: of a text, what else gives the parts that are filled in.
    """

    node: Node
    hint: int = 0
    said: int = 0
    kept: tuple[str, ...] = ()
    rivals: tuple[Node, ...] = ()


def proposals(value: Any, at: JsonPath, seen: SeenBefore) -> list[FittingDerivation]:
    """Return the derivations that give a value, the best first.

    :param value: the recorded value. :param at: its place, the argument's name first.
    :param seen: what the model had seen before the call, and the person's words as hints.
    """
    if isinstance(value, str) and is_prose(value):
        return list(_of_text(value, seen))
    groups = seen.judge.behaviours.groups(_fitting(value, seen))
    found = [max((_proposal(one, seen) for one in group), key=_rank) for group in groups]
    found += [FittingDerivation(node) for node in _others(value, at, seen)]
    return sorted(found, key=_rank, reverse=True)[:MOST]


def known_words(seen: SeenBefore) -> list[str]:
    """Return the words that a hint may have: operations, functions, and the fields of the tables before the call."""
    fields = {field for table in seen.tables for field in table.columns}
    return [*WORDS, *sorted(FUNCTIONS.keys() - WORDS.keys()), *sorted(fields)]


def is_understood(hint: Sentence, seen: SeenBefore) -> bool:
    """Return whether a hint has any word of the vocabulary: an operation, a function, a field, a value or a bound."""
    if hint.is_understood or not FUNCTIONS.keys().isdisjoint(NAME.findall(hint.text)):
        return True
    return any(_speaks_of(hint, table) for table in seen.tables)


def _speaks_of(hint: Sentence, table: ResultTable) -> bool:
    values = (value for field in table.of_type("text") for value in table.columns[field])
    return any(map(hint.names, table.columns)) or any(len(value) > 1 and hint.says(value) for value in values)


def _rank(one: FittingDerivation) -> tuple[int, int, int]:
    return one.hint, one.said, -len(written(one.node))


def _proposal(one: Expression, seen: SeenBefore) -> FittingDerivation:
    hint = max((points(one, hint) for hint in seen.hints), default=0)
    said = max((one.points(sentence) for sentence in seen.asked.sentences if sentence not in seen.hints), default=0)
    return FittingDerivation(one.result, hint if hint >= HINTED else 0, said)


def points(one: Expression, hint: Sentence) -> int:
    """Return how many points a person's words give an expression; the name of its function counts as its word.

    :param one: the expression. :param hint: the words.
    """
    functions = {str(node["function"]) for node in derivation.nodes(one.node)} - {*derivation.REFERENCES}
    if functions.isdisjoint(NAME.findall(hint.text)):
        return one.points(hint)
    return max(HINTED, one.points(Sentence(f"{hint.text} {one.operation}"))) if _fields_agree(one, hint) else 0


def _fields_agree(one: Expression, hint: Sentence) -> bool:
    """Return whether words name a field of an expression, or no field of its table at all."""
    named = [field for field in one.table.columns if hint.names(field)]
    used = {*one.fields, *(condition.field for condition in one.conditions)}
    return not named or not used.isdisjoint(named)


def _of_text(value: str, seen: SeenBefore) -> Iterator[FittingDerivation]:
    composer = Composer(ValueInRuns(value), seen, may_keep=True)
    made = composer.composed()
    if made:
        rivals = tuple(rival.node for choice in made[1] for rival in choice.rivals)
        hint = max((seen.judge.hinted(choice.expression) for choice in made[1]), default=0)
        yield FittingDerivation(made[0], hint, kept=tuple(dict.fromkeys(composer.kept)), rivals=rivals)


def _fitting(value: Any, seen: SeenBefore) -> Iterator[Expression]:
    """Yield the expressions over one table that give a value, in the form in which it was recorded."""
    expected = ValueInRuns(value)
    if isinstance(value, list) and value:
        yield from (_with_fields(one) for one in lists_of(expected, seen))
    for table in seen.tables if not isinstance(value, (list, dict)) else ():
        if is_json_number(value):
            numbers = table.of_type("number")
            fields = [
                one for one in _fields(table, seen) if is_json_number(one.value) or one.node["path"][0] in numbers
            ]
            figures = [*seen.asked.figures(table), *fields]
            yield from (made for one in figures if (made := as_number(one, expected)))
        elif isinstance(value, str):
            yield from _texts(value, table, seen)


def _texts(value: str, table: ResultTable, seen: SeenBefore) -> Iterator[Expression]:
    """Yield the keys, fields and dates of records that are a text."""
    keys = [*keys_of(table, seen.asked.picks(table)), *named_keys_of(table, seen.asked.sentences)]
    yield from (one for one in (*keys, *_fields(table, seen)) if one.value == value)
    yield from dated(value, table, seen.asked.picks(table), days_said(seen))


def _fields(table: ResultTable, seen: SeenBefore) -> Iterator[Expression]:
    """Yield the fields of the records that a criterion or a filter picks."""
    for record in (*seen.asked.picks(table), *seen.named(table)):
        yield from (part_of(record, field) for field in table.columns)


def _with_fields(one: Expression) -> Expression:
    """Return a list's expression with the fields that it is made of, so that words can name them."""
    field = one.node.get("field")
    return replace(one, fields=(str(field),)) if field is not None else one


def _others(value: Any, at: JsonPath, seen: SeenBefore) -> Iterator[Node]:
    """Yield the derivations that read no table: lists of several results, and addresses in texts."""
    expected = ValueInRuns(value)
    if isinstance(value, list) and (node := chained(expected, seen)):
        yield node
    if isinstance(value, str) and (made := ArgumentSearch(seen, []).address(value, at)):
        yield made.node

"""The expressions over a table that a value may have been worked out by, with the words that each of them needs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_vai.crystallizer.deriving.sentences import Sentence
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable, call, same
from airflow_provider_vai.crystallizer.evidence.weight import name_words
from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.derivation import Node, evaluate
from airflow_provider_vai.languages.derivation.conditions import CONTAINING, MENTIONING, mentions
from airflow_provider_vai.model.flags import is_prose

NO_NOUNS = frozenset(["list", "get", "search", "find", "fetch", "read", "query", "all", "id", "show", "tool", "data"])
MOST_CONDITIONS = 12
Filtered = tuple[tuple["Condition", ...], Node, list[Any]]
"""Filters, the rows under them as a node, and as recorded."""

WORD = re.compile(r"[^\W\d_]{4,}")

UNSAID = ("", "list")
"""Operations that need no word: a list is a list."""


@dataclass(frozen=True)
class Condition:
    """A filter: ``field`` equals ``value``; or ``bound`` names the function that compares them, such as ``over``.

    The value of a field that is an object is a tuple of pairs: the names and texts that it contains.
    """

    field: str
    value: Any
    bound: str | None = None

    @property
    def is_value(self) -> bool:
        """Whether the filter is about a value that records have, and not about a limit."""
        return self.bound in (None, CONTAINING, MENTIONING)

    @property
    def node(self) -> Any:
        """The condition in a derivation."""
        if isinstance(self.value, tuple):
            return call(CONTAINING, fields=dict(self.value))
        return call(self.bound, value=self.value) if self.bound else self.value

    @property
    def texts(self) -> list[str]:
        """The texts that a sentence says if it names what the filter names."""
        return [str(text) for _, text in self.value] if isinstance(self.value, tuple) else [str(self.value)]


@dataclass(frozen=True)
class Expression:
    """A value worked out from a table.

    :param node: the derivation. :param value: what it gives on the recording.
    :param operation: the word for it, a key of :data:`~.sentences.WORDS`; empty if it needs none.
    :param fields: the fields whose names must be said, in the user's sentence.
    :param implied: whether the operation's word implies the field, because the table has only one such field.
    :param written: the derivation with the form in which the value is written, if it has one.
    :param alternatives: of a picked record, how many different values the records have in its place.
    """

    table: ResultTable
    node: Node
    value: Any
    operation: str = ""
    fields: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    implied: bool = False
    written: Node | None = None
    alternatives: int = 1

    @property
    def result(self) -> Node:
        """The derivation of the value as it is written."""
        return self.written or self.node

    def points(self, sentence: Sentence, around: Sentence | None = None) -> int:
        """Return how many points the words of a sentence give; 0 if a filter is not in it, or another field is.

        :param around: the sentence of the recorded text in which the value is written, if there is one.
        """
        both = [sentence, around] if around else [sentence]
        if not all(_says(condition, [sentence]) for condition in self.conditions):
            return 0
        if not self._is_operation_said([sentence] if self.conditions else both):
            return 0
        named = [field for field in self.fields if any(one.names(field) for one in both)]
        if not named and self._is_other_field_said(both):
            return 0
        points = 2 * len(named) + int(self.implied and not named)
        points += 0 if self.operation in UNSAID else 2
        points += 2 if around and self._counts_what_is_named(around) else 0
        points += sum(2 if condition.is_value else 3 for condition in self.conditions)
        points += int(any(not _nouns(self.table).isdisjoint(one.words) for one in both))
        return points

    def is_meant_by(self, sentence: Sentence) -> bool:
        """Return whether a sentence, or an argument's name, has a word for what the expression is."""
        is_filter = any(_says(condition, [sentence]) for condition in self.conditions)
        is_named = any(sentence.names(field) for field in self.fields)
        is_noun = not _nouns(self.table).isdisjoint(sentence.words)
        is_operation = self.operation not in UNSAID and sentence.has(self.operation)
        return is_filter or is_named or is_noun or is_operation or self._counts_what_is_named(sentence)

    def _is_other_field_said(self, sentences: Sequence[Sentence]) -> bool:
        """Return whether the sentences name fields of the same type, and so none of this expression's fields."""
        types = {self.table.types[field] for field in self.fields} - {"text"}
        others = {field for name in types for field in self.table.of_type(name)}
        return any(one.names(field) for one in sentences for field in others)

    def _counts_what_is_named(self, around: Sentence) -> bool:
        """Return whether it counts rows, and the text beside the number names what is in them: "5 regions"."""
        fields = (*self.table.of_type("text"), *self.table.of_type("date"))
        return self.operation == "count" and not self.conditions and any(around.names(field) for field in fields)

    def _is_operation_said(self, sentences: Sequence[Sentence]) -> bool:
        names = self.table.phrases
        if self._counts_what_is_named(sentences[-1]):
            return True
        return self.operation in UNSAID or any(one.without(names).has(self.operation) for one in sentences)


def _says(condition: Condition, sentences: Iterable[Sentence]) -> bool:
    if condition.bound in (CONTAINING, MENTIONING):
        return any(one.means(condition.value) for one in sentences)
    if condition.bound:
        return any((condition.bound, float(condition.value)) in one.bounds for one in sentences)
    return any(one.says(str(condition.value)) for one in sentences)


def _nouns(table: ResultTable) -> frozenset[str]:
    """Return the words of the tool's name that mean its rows."""
    return frozenset(name_words(table.source.call.tool)) - NO_NOUNS


def conditions_of(table: ResultTable, sentences: Sequence[Sentence]) -> list[Condition]:
    """Return the filters of a table that the sentences name: values of its fields, items in its lists, and bounds.

    A bound is for the fields that its sentence names, if it names any.
    """
    found: dict[Condition, None] = {}
    for sentence in sentences:
        for field, values in table.categories.items():
            for value in values:
                if len(value) > 1 and sentence.says(value):
                    found[Condition(field, value)] = None
        for field in table.of_type("texts"):
            for item in dict.fromkeys(item for items in table.columns[field] for item in items):
                if len(item) > 1 and sentence.means(item):
                    found[Condition(field, item, CONTAINING)] = None
        words = mentioned(table, sentence)
        found |= dict.fromkeys(words if len(words) == 1 else ())  # of two, it is not known which one counts
        numbers = table.of_type("number")
        named = [field for field in numbers if sentence.names(field)]
        for bound, limit in sentence.bounds:
            for field in named or numbers:
                found[Condition(field, int(limit) if limit == int(limit) else limit, bound)] = None
    return list(found)[:MOST_CONDITIONS]


def mentioned(table: ResultTable, sentence: Sentence) -> list[Condition]:
    """Return the filters for words of a sentence that some of the entries' texts have, and others have not."""
    if not table.is_of_entries or table.has_labels or "value" not in table.of_type("text"):
        return []
    texts = table.columns["value"]
    words = {word.casefold(): word for text in texts if is_prose(text) for word in WORD.findall(text)}
    said = [word for word in words.values() if sentence.means(word)]
    telling = [word for word in said if 0 < sum(mentions(text, word, "") for text in texts) < len(texts)]
    return [Condition("value", word, MENTIONING) for word in telling]


def filtered(
    table: ResultTable, conditions: Sequence[Condition]
) -> list[tuple[tuple[Condition, ...], Node, list[Any]]]:
    """Return the table's rows, and its rows under each filter, as a node and their recorded value.

    A filter that leaves no row, or cannot be evaluated, is left out.
    """
    rows = all_rows(table)
    found: list[Filtered] = [((), rows, table.rows)]
    several: list[tuple[Condition, ...]] = [(one,) for one in conditions]
    equal, bounded = ([one for one in conditions if (one.bound is None) is plain] for plain in (True, False))
    for pairs in (itertools.combinations(equal, 2), itertools.product(equal, bounded)):
        several += [pair for pair in pairs if pair[0].field != pair[1].field][:MOST_CONDITIONS]
    for chosen in several:
        node = call("where", rows=rows, conditions={one.field: one.node for one in chosen})
        kept = value_of(node, table)
        if kept:
            found.append((chosen, node, kept))
    return found


def all_rows(table: ResultTable) -> Node:
    """Return the node that gives every row of a table as a list."""
    return call("values_of", entries=table.node) if table.keys is not None else table.node


def value_of(node: Node, table: ResultTable) -> Any:
    """Return a node's value on the recording; ``None`` if it cannot be evaluated."""
    whole = table.read_as(table.rows)
    try:
        return evaluate(node, lambda reference: whole)
    except (DerivationError, LookupError, TypeError):
        return None


def picks_of(table: ResultTable, conditions: Sequence[Condition]) -> Iterator[Expression]:
    """Yield the records of a table that a criterion picks, each as an expression for the whole record."""
    numbers, dates = table.of_type("number"), table.of_type("date")
    for chosen, rows, _ in filtered(table, conditions):
        for field in (*numbers, *dates):
            is_date = field in dates
            alone = len(dates if is_date else numbers) == 1
            for function, word in (("largest", "latest"), ("smallest", "earliest")):
                node = call(function, rows=rows, by=field)
                value = value_of(node, table)
                if value is not None:
                    yield Expression(table, node, value, word if is_date else function, (field,), chosen, implied=alone)


def keys_of(table: ResultTable, picks: Iterable[Expression]) -> Iterator[Expression]:
    """Yield the keys of an object of objects, for each record that a criterion picks.

    The key of the largest entry has a function. Another criterion gives a field of the record that repeats the key; if
    there is none, the expression gives the record itself, and is no more than a rival.
    """
    entries = list(zip(table.keys, table.rows, strict=True)) if table.keys is not None else []
    for pick in picks if entries else ():
        key = next(key for key, row in entries if same(row, pick.value))
        field = next((field for field in table.columns if pick.value[field] == key), None)
        several = replace(pick, alternatives=len(entries))
        if pick.node["function"] == "largest" and not pick.conditions:
            yield replace(several, node=call("key_of", entries=table.node, by=pick.node["by"]), value=key)
        else:
            yield part_of(pick, field) if field is not None else several


def named_keys_of(table: ResultTable, sentences: Sequence[Sentence]) -> Iterator[Expression]:
    """Yield the keys of the entries of an object of objects that the user names, by a text that no other entry has."""
    names = [field for field in table.of_type("text") if field not in table.categories]
    for field in names if table.keys is not None else ():
        for value in table.columns[field]:
            if len(value) > 1 and any(sentence.says(value) for sentence in sentences):
                node = call("key_of", entries=table.node, conditions={field: value})
                key = value_of(node, table)
                if key is not None:
                    named = (Condition(field, value),)
                    yield Expression(table, node, key, conditions=named, alternatives=len(table.rows))


def figures_of(table: ResultTable, conditions: Sequence[Condition]) -> Iterator[Expression]:
    """Yield the figures of a table: counts, totals, means, extremes, shares and changes."""
    for chosen, rows, _ in filtered(table, conditions):
        yield from _made(table, chosen, ("count", call("count", rows=rows), ()))
        for field in table.of_type("number"):
            yield from _made(
                table,
                chosen,
                ("total", call("total", rows=rows, field=field), (field,)),
                ("mean", call("mean", rows=rows, field=field), (field,)),
                ("largest", call("highest", rows=rows, field=field), (field,)),
                ("smallest", call("lowest", rows=rows, field=field), (field,)),
            )
            if chosen:
                yield from _shares(table, chosen, rows, field)
            else:
                yield from _made(table, (), ("percentage", _share_of_largest(table, field), (field,)))
        if not chosen:
            for field in table.categories:
                yield from _made(table, chosen, ("distinct", call("distinct", rows=rows, field=field), (field,)))
    yield from changes_of(table)


def changes_of(table: ResultTable) -> Iterator[Expression]:
    """Yield differences and changes between the last and the first record of a table that is sorted by a date."""
    if table.period is None or len(table.rows) < 2:
        return
    last, first = (call(name, rows=all_rows(table), by=table.period) for name in ("largest", "smallest"))
    for field in table.of_type("number"):
        new, old = (call("part", value=record, path=[field]) for record in (last, first))
        yield from _made(
            table,
            (),
            ("difference", call("difference", value=new, other=old), (field,)),
            ("change", call("change", value=new, other=old), (field,)),
            ("latest", new, (field,)),
            ("earliest", old, (field,)),
        )


def _shares(table: ResultTable, chosen: tuple[Condition, ...], rows: Node, field: str) -> Iterator[Expression]:
    every = all_rows(table)
    part, whole = (call("total", rows=of, field=field) for of in (rows, every))
    counted, all_ = (call("count", rows=of) for of in (rows, every))
    yield from _made(
        table,
        chosen,
        ("percentage", call("percentage", value=part, other=whole), (field,)),
        ("percentage", call("percentage", value=counted, other=all_), ()),
    )


def _share_of_largest(table: ResultTable, field: str) -> Node:
    every = all_rows(table)
    most, whole = (call(name, rows=every, field=field) for name in ("highest", "total"))
    return call("percentage", value=most, other=whole)


def _made(
    table: ResultTable, chosen: tuple[Condition, ...], *wanted: tuple[str, Node, tuple[str, ...]]
) -> Iterator[Expression]:
    numbers = len(table.of_type("number"))
    for operation, node, fields in wanted:
        value = value_of(node, table)
        if value is not None:
            yield Expression(table, node, value, operation, fields, chosen, implied=bool(fields) and numbers == 1)


def part_of(record: Expression, field: str) -> Expression:
    """Return the expression for one field of a picked record."""
    node = call("part", value=record.node, path=[field])
    return replace(record, node=node, value=record.value[field], alternatives=record.table.variety[field])

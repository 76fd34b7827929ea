"""Replaces values that the model worked out by expressions that work them out again, where words and digits prove it.

A value that no wire fills in is looked for among the expressions over the tables that the model had seen. What is
accepted from one run is a proposal: it is used, and listed for review with what else would fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from airflow_provider_vai.crystallizer.deriving.accept import Accepted, Judge, is_json_number, significant
from airflow_provider_vai.crystallizer.deriving.behaviour import Behaviours
from airflow_provider_vai.crystallizer.deriving.expressions import (
    Expression,
    conditions_of,
    figures_of,
    filtered,
    keys_of,
    part_of,
    picks_of,
    value_of,
)  # fmt: skip
from airflow_provider_vai.crystallizer.deriving.sentences import Sentence, sentences_of
from airflow_provider_vai.crystallizer.deriving.tables import Table, call, same, tables_of
from airflow_provider_vai.crystallizer.deriving.texts import Composer
from airflow_provider_vai.crystallizer.deriving.written import as_number
from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.evidence import Evidence
from airflow_provider_vai.crystallizer.evidence.result_values import RecordedResult
from airflow_provider_vai.crystallizer.evidence.weight import kinship, name_words, weight
from airflow_provider_vai.languages.derivation import Node, evaluate
from airflow_provider_vai.languages.derivation.writing import FOUND, days_after
from airflow_provider_vai.model.base import JsonPath

MOST_TABLES = 12
"""How many tables before a call are searched, the newest first."""

SHORTEST_TEXT = 8
TARGETS = frozenset(
    {
        *("to", "cc", "bcc", "recipient", "email", "mail", "address", "phone", "payee", "beneficiary", "iban"),
        *("account", "amount", "price", "payment"),
    }
)
"""Words of arguments that name whom a write reaches or what it pays: no criterion decides about them."""


@dataclass(frozen=True)
class Derived:
    """A place in a step's arguments that is worked out, and how.

    :param at: the argument's name, and the place in it.
    """

    at: JsonPath
    node: Node
    accepted: tuple[Accepted, ...]


@dataclass
class Deriver:
    """Searches the arguments of the steps of one run.

    :param evidence: of the run with these steps.
    """

    evidence: Evidence
    behaviours: Behaviours = field(default_factory=Behaviours)

    def of_step(self, draft: Draft, open_: Mapping[str, Any], taken: Sequence[JsonPath]) -> Iterator[Derived]:
        """Yield the places of a step's arguments that are worked out.

        :param open_: the arguments that may follow the data, by name: their recorded values.
        :param taken: the places that are filled in already.
        """
        search = _Search(self, draft, taken)
        for name, value in open_.items():
            yield from search.within(value, [name])

    @cached_property
    def tables(self) -> list[Table]:
        """Every table of the run, in the order of the calls; of equal ones of a tool, the newest."""
        newest: dict[Any, Table] = {}
        for source in self.sources:
            for table in tables_of(source):
                key = (source.call.tool, table.path, str(table.rows))
                newest.pop(key, None)
                newest[key] = table
        return list(newest.values())

    @cached_property
    def sources(self) -> list[RecordedResult]:
        """The results that steps can be wired to, in the order of the calls."""
        found = {
            id(candidate.source): candidate.source
            for candidates in self.evidence.results.by_value.values()
            for candidate in candidates
            if candidate.source.step is not None
        }
        return sorted(found.values(), key=lambda source: source.position)


@dataclass
class _Search:
    owner: Deriver
    draft: Draft
    taken: Sequence[JsonPath]
    _made: dict[tuple[str, int], list[Expression]] = field(default_factory=dict)

    @cached_property
    def sentences(self) -> list[Sentence]:
        """The user's sentences in the turn that the call answers."""
        return sentences_of(self.owner.evidence.timeline.user_text(self.draft.call))

    @cached_property
    def judge(self) -> Judge:
        return Judge(self.sentences, self.owner.behaviours)

    @cached_property
    def tables(self) -> list[Table]:
        """The tables that the model had seen, the newest first."""
        seen = [table for table in self.owner.tables if table.source.call.batch < self.draft.call.batch]
        return seen[: -MOST_TABLES - 1 : -1]

    def figures(self, table: Table) -> list[Expression]:
        """Return the figures of a table under the filters that the user said."""
        return self._cached("figures", table, lambda: [*figures_of(table, conditions_of(table, self.sentences))])

    def picks(self, table: Table) -> list[Expression]:
        """Return the records of a table that a criterion picks."""
        return self._cached("picks", table, lambda: [*picks_of(table, conditions_of(table, self.sentences))])

    def lists(self, table: Table) -> list[Expression]:
        """Return the columns of texts of a table, filtered as the user said."""
        return self._cached("lists", table, lambda: [*self._columns(table)])

    def _cached(self, name: str, table: Table, make: Any) -> list[Expression]:
        key = (name, id(table))
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def within(self, value: Any, at: JsonPath) -> Iterator[Derived]:
        """Yield what is worked out at a place or inside it."""
        if not self.tables and not self.owner.sources:
            return
        if any(at == place[: len(at)] or place == at[: len(place)] for place in self.taken):
            inside = any(len(place) > len(at) for place in self.taken if place[: len(at)] == at)
            if not inside:
                return
        else:
            found = self._at(value, at)
            if found:
                yield found
                return
        if isinstance(value, dict):
            yield from self._object(value, at)
        elif isinstance(value, list):
            inner = [found for index, part in enumerate(value) for found in self.within(part, [*at, index])]
            yield from inner if len(value) == 1 else ()

    def _object(self, value: dict[str, Any], at: JsonPath) -> Iterator[Derived]:
        """Yield the parts of an object; a number of few digits may lean on a proven one beside it."""
        found = [one for key, part in value.items() for one in self.within(part, [*at, key])]
        yield from found
        places = [one.at for one in found]
        tables = {id(accepted.expression.table) for one in found for accepted in one.accepted}
        for key, part in value.items():
            place = [*at, key]
            if is_json_number(part) and place not in places and tables and place not in self.taken:
                one = self._number(part, place, beside=tables)
                if one:
                    yield one

    def _at(self, value: Any, at: JsonPath) -> Derived | None:
        timeline, call_ = self.owner.evidence.timeline, self.draft.call
        if isinstance(value, list):
            return self._list(value, at)
        if value is None or isinstance(value, (bool, dict)) or timeline.people_said(call_, value):
            return None
        if is_json_number(value):
            return None if self._is_target(at) else self._number(value, at)
        if not isinstance(value, str) or not value.strip():
            return None
        return self._picked(value, at) or self._date(value, at) or self._address(value, at) or self._text(value, at)

    def _is_target(self, at: JsonPath) -> bool:
        words = {word for part in at if isinstance(part, str) for word in name_words(part)}
        return self.draft.effect == "write" and not words.isdisjoint(TARGETS)

    def _number(
        self, value: int | float, at: JsonPath, beside: frozenset[int] | set[int] = frozenset()
    ) -> Derived | None:
        fits, nodes = [], []
        for table in self.tables:
            if beside and id(table) not in beside:
                continue
            for one in self.figures(table):
                node = as_number(one, value)
                if node:
                    fits.append(one)
                    nodes.append(node)
        name = Sentence(" ".join(name_words(str(at[-1])))) if isinstance(at[-1], str) else None
        accepted = self.judge.number(fits, significant(repr(value)), [name] if name else [], has_neighbour=bool(beside))
        if accepted is None:
            return None
        return Derived(at, nodes[fits.index(accepted.expression)], (accepted,))

    def _picked(self, value: str, at: JsonPath) -> Derived | None:
        if self._is_target(at):
            return None
        fits = []
        for table in self.tables:
            fits += [
                part_of(record, column)
                for record in self.picks(table)
                for column in table.of_type("text")
                if record.value[column] == value and self._is_named(at, column, value)
            ]
            if table.keys is not None and value in table.keys:
                fits += [one for one in keys_of(table, ()) if one.value == value]
        is_key = any(one.node["function"] == "key_of" for one in fits)
        accepted = self.judge.rows(fits) if is_key else self.judge.record(fits)
        return Derived(at, accepted.expression.node, (accepted,)) if accepted else None

    def _is_named(self, at: JsonPath, column: str, value: str) -> bool:
        name = next((part for part in reversed(at) if isinstance(part, str)), "")
        return weight(value) == "strong" or kinship(name, column) >= 2

    def _date(self, value: str, at: JsonPath) -> Derived | None:
        spans = [(days, sentence) for sentence in self.sentences for days in sentence.days]
        if weight(value) != "date" or not spans:
            return None
        fits = []
        for table in self.tables:
            for record in self.picks(table):
                for column in table.of_type("date"):
                    if record.fields == (column,):
                        fits += [
                            replace(one, node=call("days_after", date=one.node, days=days), value=value)
                            for one in [part_of(record, column)]
                            for days, _ in spans
                            if _moved(one.value, days) == value
                        ]
        accepted = self.judge.record(fits)
        return Derived(at, accepted.expression.node, (accepted,)) if accepted else None

    def _address(self, value: str, at: JsonPath) -> Derived | None:
        """Return where the one address of a text is read from; never in a write."""
        kind = next((name for name in ("url", "email") if FOUND[name].fullmatch(value)), None)
        if self.draft.effect == "write" or kind is None:
            return None
        for source in reversed(self.owner.sources):
            if source.call.batch < self.draft.call.batch:
                node = _text_with(source, value, kind)
                if node:
                    return Derived(at, node, ())
        return None

    def _text(self, value: str, at: JsonPath) -> Derived | None:
        if len(value) < SHORTEST_TEXT or self._is_target(at):
            return None
        timeline, call_ = self.owner.evidence.timeline, self.draft.call
        composer = Composer(
            value, self.tables, self.figures, self.picks, self.lists,
            lambda number: timeline.people_said(call_, number) is not None, self.judge,
        )  # fmt: skip
        made = composer.composed()
        return Derived(at, made[0], tuple(made[1])) if made else None

    def _columns(self, table: Table) -> Iterator[Expression]:
        for chosen, rows, _ in filtered(table, conditions_of(table, self.sentences)):
            for column in table.of_type("text"):
                node = call("pluck", rows=rows, field=column)
                yield Expression(table, node, value_of(node, table), "list", (column,), chosen)

    def _list(self, value: list[Any], at: JsonPath) -> Derived | None:
        """Return how a list was made from a table: a column, or rows with some of their fields."""
        if not value or self._is_target(at):
            return None
        fits = []
        for table in self.tables:
            for chosen, rows, kept in filtered(table, conditions_of(table, self.sentences)):
                if len(kept) == len(value):
                    fits += [
                        Expression(table, node, value, "list", (), chosen) for node in _same_list(table, rows, value)
                    ]
        whole = [one for one in fits if not one.conditions]
        accepted: Accepted | None = None
        if any(one.conditions and one.points(sentence) for one in fits for sentence in self.sentences):
            accepted = None if whole else self.judge.rows(fits)
        elif whole and weight(value) == "strong" and len(value) > 1:
            groups = self.owner.behaviours.groups(whole)
            newest = [one for one in whole if one.table is whole[0].table]
            accepted = Accepted(whole[0], 0) if len(groups) == 1 or len(newest) == 1 else None
        if accepted is None:
            return None
        node = accepted.expression.node
        is_write = self.draft.effect == "write"
        return Derived(at, call("not_empty", rows=node) if is_write else node, (accepted,))


def _same_list(table: Table, rows: Node, value: list[Any]) -> Iterator[Node]:
    """Yield the nodes that make a list from rows: one column, or objects of some fields."""
    if not isinstance(value[0], dict):
        for column in table.columns:
            node = call("pluck", rows=rows, field=column)
            if same(value_of(node, table), value):
                yield node
        return
    names = list(value[0])
    kept = {name: name for name in names if name in table.columns}
    for name in names:
        if name not in kept:
            wanted = [row.get(name) if isinstance(row, dict) else None for row in value]
            fitting = [
                column
                for column in table.columns
                if same(value_of(call("pluck", rows=rows, field=column), table), wanted)
            ]
            if len(fitting) != 1:
                return
            kept[name] = fitting[0]
    fields = [name for name, column in kept.items() if name == column]
    renamed = {name: column for name, column in kept.items() if name != column}
    node = call("project", rows=rows, fields=fields, **({"renamed": renamed} if renamed else {}))
    if same(value_of(node, table), value):
        yield node


def _moved(date: str, days: int) -> str | None:
    return days_after(date, days) if len(date) >= 10 else None


def _text_with(source: RecordedResult, value: str, kind: str) -> Node | None:
    """Return the node that finds an address in a text of a result; ``None`` if no text has it alone."""
    from airflow_provider_vai.crystallizer.evidence.value_places import only_items, places

    for place in places(source.left):
        path = only_items(place)
        if isinstance(place.value, str) and value in place.value and not any(isinstance(part, int) for part in path):
            reference = call("wired", step=source.step, path=list(path))
            node = call("found", text=reference, kind=kind)
            text = place.value
            try:
                if evaluate(node, lambda _, text=text: text) == value:
                    return node
            except Exception:
                continue
    return None

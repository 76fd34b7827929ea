"""Searches the arguments of a step for values that were worked out, outer values first."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_provider_vai.crystallizer.deriving.accept import Choice
from airflow_provider_vai.crystallizer.deriving.agreement import ValueInRuns
from airflow_provider_vai.crystallizer.deriving.described import (
    entries_described,
    kinds_of,
    records_described,
)
from airflow_provider_vai.crystallizer.deriving.digits import is_json_number
from airflow_provider_vai.crystallizer.deriving.expressions import (
    Expression,
    keys_of,
    named_keys_of,
    part_of,
    value_of,
)
from airflow_provider_vai.crystallizer.deriving.lists import chained, listed
from airflow_provider_vai.crystallizer.deriving.narrowed import is_narrowed_elsewhere, picked_among
from airflow_provider_vai.crystallizer.deriving.seen import SeenBefore
from airflow_provider_vai.crystallizer.deriving.sentences import Sentence
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable, call
from airflow_provider_vai.crystallizer.deriving.texts import Composer, is_bare
from airflow_provider_vai.crystallizer.deriving.two_reasons import is_named_elsewhere, is_picked_by
from airflow_provider_vai.crystallizer.deriving.written import as_number
from airflow_provider_vai.crystallizer.evidence.result_values import RecordedResult
from airflow_provider_vai.crystallizer.evidence.value_places import only_items
from airflow_provider_vai.crystallizer.evidence.weight import kinship, name_words, names_record, weight
from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.derivation import Node
from airflow_provider_vai.languages.derivation.writing import FOUND, days_after, found
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.model.flags import is_list_of_prose
from airflow_provider_vai.model.recipients import is_target, picks_one

SHORTEST_TEXT = 8
FILES = frozenset(
    f".{ending}"
    for ending in (
        *("csv", "doc", "docx", "eml", "gif", "htm", "html", "ics", "ipynb", "jpeg", "jpg", "json", "log", "md", "odp"),
        *("ods", "odt", "parquet", "pdf", "png", "ppt", "pptx", "py", "rtf", "sql", "svg", "tsv", "txt", "xls", "xlsx"),
        *("xml", "yaml", "yml", "zip"),
    )
)
"""The endings of files whose names are looked for in texts: the end of a host's name is none of them."""

WORD = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True)
class DerivedPlace:
    """A place in a step's arguments that is worked out, and how.

    :param at: the argument's name, and the place in it.
    """

    at: JsonPath
    node: Node
    accepted: tuple[Choice, ...]


@dataclass
class ArgumentSearch:
    """Searches the arguments of one step.

    :param taken: the places that are filled in already, each with the argument's name first.
    :param held: the ids and names of a write that only a criterion of one run gives: they stay as recorded.
    """

    seen: SeenBefore
    taken: Sequence[JsonPath]
    held: list[DerivedPlace] = field(default_factory=list)
    _ended: set[tuple[str | int, ...]] = field(default_factory=set)

    def within(self, value: Any, at: JsonPath) -> Iterator[DerivedPlace]:
        """Yield what is worked out at a place or inside it; a list of several only as a whole."""
        if any(place == at[: len(place)] for place in self.taken):
            return
        if not any(at == place[: len(at)] for place in self.taken) and (made := self.at(value, at)):
            yield made
        elif isinstance(value, dict):
            yield from self._object(value, at)
        elif isinstance(value, list) and len(value) == 1:
            yield from self.within(value[0], [*at, 0])
        elif isinstance(value, list) and is_list_of_prose(value):
            made_of = [self.at(text, [*at, index]) for index, text in enumerate(value)]
            yield from (one for one in made_of if one and None not in made_of)
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            several = [self._one_of_several(item, [*at, index]) for index, item in enumerate(value)]
            yield from (one for one in several if one and None not in several)

    def _object(self, value: dict[str, Any], at: JsonPath) -> Iterator[DerivedPlace]:
        """Yield the parts of an object; a number of few digits may lean on a proven one beside it."""
        made = [one for key, part in value.items() for one in self.within(part, [*at, key])]
        yield from made
        places_, tables = [one.at for one in made], {id(it.expression.table) for one in made for it in one.accepted}
        for key, part in value.items():
            place = [*at, key]
            if tables and is_json_number(part) and place not in places_ and place not in self.taken:
                one = self.at(part, place, beside=tables)
                yield from [one] if one else []

    def at(self, value: Any, at: JsonPath, beside: Collection[int] = ()) -> DerivedPlace | None:
        """Return how the whole value at a place is worked out; ``None`` if it is not.

        :param value: the recorded value. :param at: its place, the argument's name first.
        :param beside: the identities of the tables that a proven number beside it was worked out from. A number may
            lean on it, and anything else is left out.
        """
        if beside and not is_json_number(value):
            return None
        if isinstance(value, list):
            return self._list(value, at)
        if self._is_closed(value, at):
            return self._of_kind(value, at)
        if is_json_number(value):
            return self._number(value, at, beside)
        for way in (self._named, self._picked, self._among, self._date, self.address, self._text):
            made = way(value, at)
            if made or tuple(at) in self._ended:
                return made
        return None

    def _is_closed(self, value: Any, at: JsonPath) -> bool:
        """Return whether a plain value is never worked out: it was said, or names whom a write reaches."""
        is_plain = is_json_number(value) or (isinstance(value, str) and bool(value.strip()))
        was_said = self.seen.was_said(value) and not self.seen.expected(value, at).differs
        return not is_plain or self._is_target(at) or was_said

    def _one_of_several(self, value: str, at: JsonPath) -> DerivedPlace | None:
        """Return how an item of a list is worked out that a criterion picks in a read, or that the user describes."""
        return self._among(value, at) or (None if self._is_closed(value, at) else self._described(value, at))

    def _of_kind(self, value: Any, at: JsonPath) -> DerivedPlace | None:
        """Return whom a write reaches, or how it pays, if the user named it by its kind and no wire was found."""
        is_wired = any([at[0], *place] == at for place, _ in self.seen.draft.arguments[str(at[0])].placed_outputs())
        if is_wired or not self._is_target(at) or self.seen.was_said(value):
            return None
        expected = self.seen.expected(value, at)
        fits = [one for table in self.seen.tables for one in kinds_of(table, self.seen.said_before)]
        return _made(at, self.seen.judge.named([one for one in fits if one.value == value][:1], expected))

    def _is_target(self, at: JsonPath) -> bool:
        return self.seen.draft.effect == "write" and is_target(at)

    def _list(self, value: list[Any], at: JsonPath) -> DerivedPlace | None:
        expected = self.seen.expected(value, at)
        if not value or self._is_target(at):
            return None
        accepted = listed(expected, self.seen)
        node = accepted.expression.result if accepted else chained(expected, self.seen)
        if node is None:
            return None
        is_write = self.seen.draft.effect == "write"
        return DerivedPlace(at, call("not_empty", rows=node) if is_write else node, (accepted,) if accepted else ())

    def _number(self, value: int | float, at: JsonPath, beside: Collection[int] = ()) -> DerivedPlace | None:
        """Return how a number is worked out.

        :param beside: the identities of the tables that a proven number beside it was worked out from.
        """
        tables = [table for table in self.seen.tables if not beside or id(table) in beside]
        figures, expected = (
            [one for table in tables for one in self.seen.asked.figures(table)],
            self.seen.expected(value, at),
        )
        fits = [made for one in figures if (made := as_number(one, expected))]
        names = [Sentence(" ".join(name_words(at[-1])))] if isinstance(at[-1], str) else []
        accepted = self.seen.judge.number(fits, expected, names, has_neighbour=bool(beside), tried=len(figures))
        place = _made(at, accepted)
        return self._unless_held(place, expected) if place and _names_record(place) else place

    def _picked(self, value: str, at: JsonPath) -> DerivedPlace | None:
        """Return the criterion that picks the record of a name or id, or its key."""
        name = next((part for part in reversed(at) if isinstance(part, str)), "")
        expected = self.seen.expected(value, at)
        keys = [one for table in self.seen.tables for one in self._keys(table, expected)]
        fields = [
            one
            for table in self.seen.tables
            for record in self.seen.picks(table)
            for column in table.of_type("text")
            if record.value[column] == value and self._may_be_picked(value, name, table, column)
            if expected.holds((one := part_of(record, column)).node)
        ]
        are_keys = bool(keys) or all(one.table.is_of_entries for one in fields)
        fits, decide = keys or fields, self.seen.judge.key if are_keys else self.seen.judge.record
        accepted = decide(fits, expected, tried=self._criteria(fits))
        if accepted is None or accepted.expression.value != value:
            return None
        if not accepted.is_proven and is_named_elsewhere(self.seen, accepted.expression, value):
            self._ended.add(tuple(at))
            return None
        return self._unless_held(DerivedPlace(at, accepted.expression.result, (accepted,)), expected)

    def _among(self, value: str, at: JsonPath) -> DerivedPlace | None:
        """Return the entry that a criterion picks among those that filters on other answers leave; in a read only."""
        expected = self.seen.expected(value, at)
        node = picked_among(value, self.seen) if self.seen.draft.effect != "write" and not expected.differs else None
        return DerivedPlace(at, node, ()) if node else None

    def _may_be_picked(self, value: str, name: str, table: ResultTable, column: str) -> bool:
        """Return whether a value may be a field of a picked record; of an entry, it is the key, in a whole choice."""
        if table.is_of_entries:
            return column == "key" and not is_narrowed_elsewhere(table, self.seen)
        return weight(value) == "strong" or kinship(name, column) >= 2

    def _unless_held(self, made: DerivedPlace, expected: ValueInRuns) -> DerivedPlace | None:
        """Return a place; ``None`` if it is an id or name of a write, and a criterion of one run gives it."""
        if self.seen.draft.effect != "write" or expected.differs or not picks_one(made.node):
            return made
        self.held.append(made)
        self._ended.add(tuple(made.at))
        return None

    def _keys(self, table: ResultTable, expected: ValueInRuns) -> list[Expression]:
        """Return the expressions for the entry of a key, or for the key itself."""
        if table.keys is None or expected.value not in table.keys:
            return []
        entry = expected.entry_of(table.node, table.entry(expected.value))
        return [
            one
            for one in keys_of(table, self.seen.picks(table))
            if any(one.value == whole.value and whole.holds(one.node) for whole in (expected, entry))
        ]

    def _named(self, value: str, at: JsonPath) -> DerivedPlace | None:
        """Return the key of the entry that the user named; names in lists are wires already."""
        expected = self.seen.expected(value, at)
        tables = [table for table in self.seen.tables if table.keys is not None and value in table.keys]
        fits = [
            one
            for table in tables
            for one in named_keys_of(table, self.seen.asked.sentences)
            if one.value == value and expected.holds(one.node)
        ]
        return self._unless_picked(fits[:1], expected, at) if fits else self._described(value, at)

    def _described(self, value: str, at: JsonPath) -> DerivedPlace | None:
        """Return the entry or record that the user describes by texts of an object in it."""
        expected = self.seen.expected(value, at)
        fits = [one for one in entries_described(value, self.seen) if one.value == value and expected.holds(one.node)]
        fits = fits or [one for one in records_described(value, self.seen) if expected.holds(one.node)]
        return self._unless_picked(fits[:1], expected, at)

    def _unless_picked(self, fits: Sequence[Expression], expected: ValueInRuns, at: JsonPath) -> DerivedPlace | None:
        """Return a named or described record, unless a criterion of another sentence picks it, too."""
        accepted = self.seen.judge.named(fits, expected)
        if accepted is None:
            return None
        if not accepted.is_proven and self._is_picked_elsewhere(accepted.expression, expected.value):
            self._ended.add(tuple(at))
            return None
        return _made(at, accepted)

    def _is_picked_elsewhere(self, named: Expression, value: str) -> bool:
        """Return whether a sentence without the name holds a criterion for the same entry."""
        names, table = named.conditions[0].texts, named.table
        others = [one for one in self.seen.asked.sentences if not any(map(one.says, names))]
        if table.keys is not None:
            return is_picked_by(others, table, table.entry(value), self.seen)
        record = value_of(named.node["value"], table)
        return record is None or is_picked_by(others, table, record, self.seen)

    def _criteria(self, fits: Sequence[Expression]) -> int:
        """Return how many criteria pick a record of the tables of these expressions."""
        return sum(len(self.seen.picks(table)) for table in {id(one.table): one.table for one in fits}.values())

    def _date(self, value: str, at: JsonPath) -> DerivedPlace | None:
        """Return a date that is some days, which the user said, after a date of a picked record."""
        spans = days_said(self.seen)
        if not spans:
            return None
        expected = self.seen.expected(value, at)
        fits = [
            one
            for table in self.seen.tables
            for one in dated(value, table, self.seen.picks(table), spans)
            if expected.holds(one.node)
        ]
        return _made(at, self.seen.judge.record(fits, expected, tried=self._criteria(fits) * len(spans)))

    def address(self, value: str, at: JsonPath) -> DerivedPlace | None:
        """Return how an address or file name is found in the only text that has it alone; ``None`` if it is not.

        Of several files, the ending may tell which one. In a write none is found, because anyone may have written the
        text.

        :param value: the recorded value. :param at: its place, the argument's name first.
        """
        if self.seen.draft.effect == "write" or (form := _form_of(value)) is None:
            return None
        expected = self.seen.expected(value, at)
        nodes = (node for source in self.seen.sources if (node := _text_with(source, value, form)))
        node = next((node for node in nodes if expected.holds(node)), None)
        return DerivedPlace(at, node, ()) if node else None

    def _text(self, value: str, at: JsonPath) -> DerivedPlace | None:
        expected = self.seen.expected(value, at)
        is_text = len(value) >= SHORTEST_TEXT and WORD.search(value)
        made = Composer(expected, self.seen).composed() if is_text else None
        if made is None:
            return None
        place = DerivedPlace(at, made[0], tuple(made[1]))
        return self._unless_held(place, expected) if is_bare(place.node) and _names_record(place) else place


def _names_record(made: DerivedPlace) -> bool:
    """Return whether something in a place is an id or name, by the place's name or by that of its field."""
    picks = [one.expression for one in made.accepted if picks_one(one.expression.node)]
    return any(names_record(at, one.value) for one in picks for at in (made.at, one.fields, one.node.get("path", ())))


def _made(at: JsonPath, accepted: Choice | None) -> DerivedPlace | None:
    return DerivedPlace(at, accepted.expression.result, (accepted,)) if accepted else None


def days_said(seen: SeenBefore) -> set[int]:
    """Return the spans of time that the user said, in days."""
    return {days for sentence in seen.asked.sentences for days in sentence.days}


def dated(value: str, table: ResultTable, picks: Sequence[Expression], spans: Collection[int]) -> Iterator[Expression]:
    """Yield the expressions for a date that is some days after a date of a picked record.

    :param value: the date. :param picks: the records of the table. :param spans: numbers of days.
    """
    for record in picks if weight(value) == "date" else ():
        for column in set(record.fields).intersection(table.of_type("date")):
            one = part_of(record, column)
            for days in spans:
                if _moved(one.value, days) == value:
                    yield replace(one, node=call("days_after", date=one.node, days=days), value=value)


def _moved(date: str, days: int) -> str | None:
    return days_after(date, days) if len(date) >= 10 else None


def _form_of(value: str) -> dict[str, Any] | None:
    """Return the arguments by which ``found`` finds a value in a text; ``None`` if it does not."""
    kind = next((name for name in ("url", "email") if FOUND[name].fullmatch(value)), None)
    if kind:
        return {"kind": kind}
    ending = value[value.rfind(".") :].lower()
    return {"kind": "file", "ending": ending} if ending in FILES and FOUND["file"].fullmatch(value) else None


def _text_with(source: RecordedResult, value: str, form: Mapping[str, Any]) -> Node | None:
    """Return the node that finds a value in a text of a result; ``None`` if no text has it alone.

    A text that is nothing but the value is for a wire: of several, it cannot be told which one is meant.
    """
    for place in source.places:
        path, text = only_items(place), place.value
        if not isinstance(text, str) or text == value or any(isinstance(part, int) for part in path):
            continue
        if value in text:
            try:
                if found(text, **form) == value:
                    return call("found", text=call("wired", step=source.step, path=list(path)), **form)
            except DerivationError:
                continue  # several of them: it cannot be told which one
    return None

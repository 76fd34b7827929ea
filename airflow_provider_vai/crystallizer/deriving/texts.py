"""Finds how a recorded text was composed: its figures and names become slots, and the words around them stay.

All or none: every number, and every name that is in a result, must be explained, or the whole text stays. A text of
which one figure follows the data, and its neighbour does not, says something false. In several runs, the words around
the slots are the same in each of them, and a figure or name that never differs may stay if no result explains it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from airflow_provider_vai.crystallizer.deriving.accept import ENOUGH, Choice
from airflow_provider_vai.crystallizer.deriving.agreement import ValueInRuns
from airflow_provider_vai.crystallizer.deriving.digits import NUMBER, plain_number
from airflow_provider_vai.crystallizer.deriving.expressions import Expression, part_of
from airflow_provider_vai.crystallizer.deriving.seen import SeenBefore
from airflow_provider_vai.crystallizer.deriving.sentences import Sentence
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable, call
from airflow_provider_vai.crystallizer.deriving.text_parts import TextParts, compared
from airflow_provider_vai.crystallizer.deriving.written import as_text, separates
from airflow_provider_vai.languages.derivation import Node
from airflow_provider_vai.languages.derivation.writing import MONTHS, month_of
from airflow_provider_vai.languages.identifiers import Names, slug
from airflow_provider_vai.secrets.patterns import deferred

LONGEST = 5000
MOST_NAMES = 200
SEPARATORS = (", ", "; ", "\n", " / ", " and ")
SENTENCE = deferred(r"[^.!?\n]+(?:[.!?](?!\s)[^.!?\n]*)*")
MONTH = deferred(rf"\b({'|'.join(MONTHS)}|{'|'.join(month[:3] for month in MONTHS)})( [0-9]{{1,2}},)? [0-9]{{4}}\b")
OPERANDS = ("value", "other")
RANGE = deferred(r" ?(?:to|until|till|through|and|-|\u2013) ?")
FORMS = ("%B %Y", "%b %Y", "%B %e, %Y", "%b %e, %Y")


@dataclass(frozen=True)
class Slot:
    """A part of a text, ``start`` to ``end``, that ``node`` gives. Without a node, it stays as it is."""

    start: int
    end: int
    node: Node | None
    accepted: Choice | None = None


@dataclass
class Composer:
    """Explains one text.

    :param expected: the recorded text, and that of the other runs.
    :param seen: what the model had seen before the call.
    :param may_keep: whether parts that nothing explains may stay as recorded, because a person decides about the text.
    :param kept: these parts, as they are written.
    """

    expected: ValueInRuns
    seen: SeenBefore
    slots: list[Slot] = field(default_factory=list)
    may_keep: bool = False
    kept: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The recorded text."""
        return str(self.expected.value)

    def composed(self) -> tuple[Node, list[Choice]] | None:
        """Return the derivation of the text and what was accepted for its slots; ``None`` if the text stays."""
        if len(self.text) > LONGEST or (self.expected.others and self._parts is None):
            return None
        self._take_lists()
        if not (self._take_numbers() and self._take_names()):
            return None
        accepted = [slot.accepted for slot in self.slots if slot.accepted]
        template = self._template()
        return (template, accepted) if accepted and self.expected.holds(template) else None

    @cached_property
    def _parts(self) -> TextParts | None:
        """What the other runs have in place of the parts that may vary; ``None`` if other words differ, too."""
        months = [match.span() for match in MONTH.finditer(self.text)]
        numbers = [match.span() for match in NUMBER.finditer(self.text)]
        names = [(start, start + len(name)) for start, name in self._names()]
        lists = [(start, end) for _, start, end, _ in self._lists()]
        lists.sort(key=lambda span: span[0] - span[1])
        return compared(self.expected, [*lists, *months, *numbers, *names], numbers)

    def _expected(self, start: int, end: int) -> ValueInRuns | None:
        """Return a part of the text with what the other runs have in its place; ``None`` if that is not known."""
        if not self.expected.others:
            return ValueInRuns(self.text[start:end])
        return self._parts.get((start, end)) if self._parts else None

    def _lists(self) -> Iterator[tuple[Expression, int, int, str]]:
        """Yield the columns of tables that the text lists, such as "Anna, Bo, Cy"."""
        for table in self.seen.tables:
            for one in self.seen.asked.lists(table):
                for separator in SEPARATORS:
                    made = separator.join(map(str, one.value))
                    start = self.text.find(made)
                    if start >= 0 and (len(one.value) > 1 or one.conditions):
                        yield one, start, start + len(made), separator

    def _take_lists(self) -> None:
        """Take the lists that are explained."""
        found: dict[tuple[int, int], list[Expression]] = {}
        for one, start, end, separator in self._lists():
            expected, node = self._expected(start, end), call("joined", values=one.node, separator=separator)
            if expected and expected.holds(node):
                found.setdefault((start, end), []).append(replace(one, written=node))
        for (start, end), fits in found.items():
            expected = self._expected(start, end)
            for group in [fits] if expected and expected.differs else [[one] for one in fits]:
                if expected and self._is_free(start, end) and (accepted := self.seen.judge.rows(group, expected)):
                    self.slots.append(Slot(start, end, accepted.expression.result, accepted))

    def _take_numbers(self) -> bool:
        """Take the numbers and months; return whether each is explained."""
        found = [match for match in NUMBER.finditer(self.text) if self._is_free(*match.span())]
        months = [match for match in MONTH.finditer(self.text) if self._is_free(*match.span())]
        for match in months:
            if not (self._take_month(match) or self._keep(*match.span())):
                return False
        found = [match for match in found if self._is_free(*match.span())]
        left = [match for match in found if not self._take_number(match, has_neighbour=False)]
        is_proven = any(slot.accepted for slot in self.slots)
        left = [match for match in left if not (is_proven and self._take_number(match, has_neighbour=True))]
        for match in left:
            if self._may_stay(match):
                self.slots.append(Slot(*match.span(), None))
            elif not self._keep(*match.span()):
                return False
        return True

    def _may_stay(self, match: re.Match[str]) -> bool:
        """Return whether a number that nothing explains is not of a result: it was said, or all runs have it."""
        expected = self._expected(*match.span())
        if expected is None or expected.differs:
            return False
        return self.seen.was_said(plain_number(match)) or bool(expected.others and not self._figures(match, expected))

    def _keep(self, start: int, end: int) -> bool:
        """Keep a part as it is recorded, if a person decides about the text; return whether it is kept."""
        if self.may_keep:
            self.kept.append(self.text[start:end])
            self.slots.append(Slot(start, end, None))
        return self.may_keep

    def _take_number(self, match: re.Match[str], *, has_neighbour: bool) -> bool:
        expected = self._expected(*match.span())
        if expected is None:
            return False
        around, tried = [self._around(match.start())], len(self._tried)
        fits = self._figures(match, expected)
        accepted = self._operand(fits) or self.seen.judge.number(
            fits, expected, around, has_neighbour=has_neighbour, tried=tried
        )
        if accepted:
            self.slots.append(Slot(*match.span(), accepted.expression.result, accepted))
        return accepted is not None

    def _operand(self, fits: Sequence[Expression]) -> Choice | None:
        """Return the expression that is a part of a proven one beside it: the 470 of "31% of 470"."""
        for beside in (slot.accepted for slot in self.slots if slot.accepted):
            node = beside.expression.node
            parts = [node[part] for part in OPERANDS] if node["function"] in ("percentage", "change") else []
            found = next((one for one in fits if one.node in parts), None)
            if found:
                return Choice(found, ENOUGH, is_proven=beside.is_proven)
        return None

    def _figures(self, match: re.Match[str], expected: ValueInRuns) -> list[Expression]:
        """Return the expressions that are written as a number of the text, in every run."""
        one_way = separates(self.text)
        ways = (one_way, not one_way) if expected.differs else (one_way,)
        made = (
            next((made for way in ways if (made := as_text(one, match, expected, separated=way))), None)
            for one in self._tried
        )
        return [one for one in made if one]

    @cached_property
    def _tried(self) -> list[Expression]:
        """The expressions that a number may be."""
        return [
            one
            for table in self.seen.tables
            for one in (*self.seen.asked.figures(table), *self._fields(table, "number"))
        ]

    def _take_month(self, match: re.Match[str]) -> bool:
        expected = self._expected(*match.span())
        for form in FORMS if expected else ():
            tried = [one for table in self.seen.tables for one in self._fields(table, "date")]
            fits = [
                replace(one, written=call("month_of", date=one.node, form=form))
                for one in tried
                if month_of(one.value, form if len(one.value) >= 10 or "%e" not in form else "%B %Y") == match[0]
            ]
            fits = [one for one in fits if expected and expected.holds(one.result)]
            fits = self._other_end(match, fits) or fits
            accepted = expected and self.seen.judge.record(
                fits, expected, [self._around(match.start())], tried=len(tried)
            )
            if accepted:
                self.slots.append(Slot(*match.span(), accepted.expression.result, accepted))
                return True
        return False

    def _other_end(self, match: re.Match[str], fits: Sequence[Expression]) -> list[Expression]:
        """Return the expression for the end of a range whose start is known: "January to December"."""
        for slot in self.slots:
            if slot.accepted and RANGE.fullmatch(self.text[slot.end : match.start()]):
                start = slot.accepted.expression
                return [one for one in fits if one.fields == start.fields and one.operation != start.operation]
        return []

    def _take_names(self) -> bool:
        """Take the names that are in a result; return whether each is explained."""
        for start, name in self._names():
            if not self._is_free(start, start + len(name)) or self._is_filter(name):
                continue
            expected = self._expected(start, start + len(name))
            tried = [one for table in self.seen.tables for one in self._fields(table, "text")]
            fits = [one for one in tried if one.value == name and expected and expected.holds(one.node)]
            is_users = any(sentence.says(name) for sentence in self.seen.asked.sentences)
            accepted = None
            if expected and not (is_users and not expected.differs):
                criteria = sum(len(self._picks(one)) for one in {id(it.table): it.table for it in fits}.values())
                accepted = self.seen.judge.record(fits, expected, [self._around(start)], tried=criteria)
            if accepted is None and not (expected and expected.others and not expected.differs and not fits):
                if not self._keep(start, start + len(name)):
                    return False
                continue
            node = accepted.expression.node if accepted else None
            self.slots.append(Slot(start, start + len(name), node, accepted))
        return True

    def _fields(self, table: ResultTable, type_: str) -> Iterator[Expression]:
        """Yield the fields of one type of the records that a criterion picks."""
        for record in self._picks(table):
            for name in table.of_type(type_):
                yield part_of(record, name)

    def _picks(self, table: ResultTable) -> Sequence[Expression]:
        return self.seen.picks(table, self._whole)

    @cached_property
    def _whole(self) -> Sentence:
        return Sentence(self.text.casefold())

    def _names(self) -> list[tuple[int, str]]:
        """Return the texts of results that are in the text, longest first, each with its place."""
        folded = self.text.casefold()
        found: dict[str, None] = {}
        for table in self.seen.tables:
            found.update((name, None) for name, lower in table.names.items() if lower in folded)
        names = sorted(found, key=len, reverse=True)[:MOST_NAMES]
        return [
            (match.start(), self.text[match.start() : match.end()])
            for name in names
            for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", self.text, re.IGNORECASE)
        ]

    def _is_filter(self, name: str) -> bool:
        """Return whether a name is the constant of a filter of another slot: it stays as the user said it."""
        used = (condition for slot in self.slots if slot.accepted for condition in slot.accepted.expression.conditions)
        return any(str(condition.value).casefold() == name.casefold() for condition in used)

    def _is_free(self, start: int, end: int) -> bool:
        return not any(slot.start < end and start < slot.end for slot in self.slots)

    def _around(self, place: int) -> Sentence:
        """Return the sentence of the text around a place."""
        spans = [match for match in SENTENCE.finditer(self.text) if match.start() <= place < match.end()]
        return Sentence(spans[0][0].casefold()) if spans else self._whole

    def _template(self) -> Node:
        names, made, end = Names(frozenset(), make=slug), "", 0
        slots: dict[str, Node] = {}
        for slot in sorted(self.slots, key=lambda slot: slot.start):
            if slot.node is None or slot.accepted is None:
                continue
            name = names.give(_name(slot.accepted.expression))
            slots[name] = slot.node
            made += _escaped(self.text[end : slot.start]) + "{" + name + "}"
            end = slot.end
        return call("text", template=made + _escaped(self.text[end:]), slots=slots)


def is_bare(text: Node) -> bool:
    """Return whether a derived text has no words of its own: all of it is worked out.

    :param text: the derivation that :class:`Composer` made.
    """
    return re.search(r"\w", re.sub(r"\{\w+\}", "", text["template"])) is None


def _name(expression: Expression) -> str:
    """Return a name for a slot: what is shown in it."""
    node = expression.node
    if node["function"] == "part":
        return str(node["path"][-1])
    return "_".join([expression.operation or node["function"], *expression.fields])


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")

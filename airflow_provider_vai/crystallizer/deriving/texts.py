"""Finds how a recorded text was composed: its figures and names become slots, and the words around them stay.

All or none: every number, and every name that is in a result, must be explained, or the whole text stays. A text of
which one figure follows the data, and its neighbour does not, says something false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from airflow_provider_vai.crystallizer.deriving.accept import ENOUGH, Choice, significant
from airflow_provider_vai.crystallizer.deriving.expressions import Expression, part_of
from airflow_provider_vai.crystallizer.deriving.seen import SeenBefore
from airflow_provider_vai.crystallizer.deriving.sentences import Sentence
from airflow_provider_vai.crystallizer.deriving.tables import ResultTable, call
from airflow_provider_vai.crystallizer.deriving.written import NUMBER, as_text, separates
from airflow_provider_vai.languages.derivation import Node
from airflow_provider_vai.languages.derivation.writing import MONTHS, month_of
from airflow_provider_vai.languages.identifiers import Names, slug

LONGEST = 5000
SHORTEST_NAME = 3
MOST_NAMES = 200
SEPARATORS = (", ", "; ", "\n", " / ", " and ")
SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?!\s)[^.!?\n]*)*")
MONTH = re.compile(rf"\b({'|'.join(MONTHS)}|{'|'.join(month[:3] for month in MONTHS)})( [0-9]{{1,2}},)? [0-9]{{4}}\b")
OPERANDS = ("value", "other")
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

    :param text: the recorded text.
    :param seen: what the model had seen before the call.
    """

    text: str
    seen: SeenBefore
    slots: list[Slot] = field(default_factory=list)

    def composed(self) -> tuple[Node, list[Choice]] | None:
        """Return the derivation of the text and what was accepted for its slots; ``None`` if the text stays."""
        if len(self.text) > LONGEST or not (self._take_lists() and self._take_numbers() and self._take_names()):
            return None
        accepted = [slot.accepted for slot in self.slots if slot.accepted]
        return (self._template(), accepted) if accepted else None

    def _take_lists(self) -> bool:
        """Take the parts that list a column of a table, such as "Anna, Bo, Cy"."""
        for table in self.seen.tables:
            for one in self.seen.lists(table):
                for separator in SEPARATORS:
                    made = separator.join(map(str, one.value))
                    start = self.text.find(made)
                    if (
                        start >= 0
                        and (len(one.value) > 1 or one.conditions)
                        and self._is_free(start, start + len(made))
                    ):
                        accepted = self.seen.judge.rows([one])
                        if accepted:
                            node = call("joined", values=one.node, separator=separator)
                            self.slots.append(Slot(start, start + len(made), node, accepted))
        return True

    def _take_numbers(self) -> bool:
        """Take the numbers and months; return whether each is explained."""
        found = [match for match in NUMBER.finditer(self.text) if self._is_free(*match.span())]
        months = [match for match in MONTH.finditer(self.text) if self._is_free(*match.span())]
        for match in months:
            if not self._take_month(match):
                return False
        found = [match for match in found if self._is_free(*match.span())]
        left = [match for match in found if not self._take_number(match, has_neighbour=False)]
        is_proven = any(slot.accepted for slot in self.slots)
        left = [match for match in left if not (is_proven and self._take_number(match, has_neighbour=True))]
        for match in left:
            if not self.seen.was_said(_plain(match)):
                return False
            self.slots.append(Slot(*match.span(), None))
        return True

    def _take_number(self, match: re.Match[str], *, has_neighbour: bool) -> bool:
        separated, nodes, fits = separates(self.text), [], []
        for table in self.seen.tables:
            for one in (*self.seen.figures(table), *self._fields(table, "number")):
                node = as_text(one, match, separated=separated)
                if node:
                    fits.append(one)
                    nodes.append(node)
        accepted = self._operand(fits) or self.seen.judge.number(
            fits,
            significant(match[0], is_whole=not match[3]),
            [self._around(match.start())],
            has_neighbour=has_neighbour,
        )
        if accepted is None:
            return False
        node = next(node for one, node in zip(fits, nodes, strict=True) if one is accepted.expression)
        self.slots.append(Slot(*match.span(), node, accepted))
        return True

    def _operand(self, fits: Sequence[Expression]) -> Choice | None:
        """Return the expression that is a part of a proven one beside it: the 470 of "31% of 470"."""
        proven = [slot.accepted.expression.node for slot in self.slots if slot.accepted]
        parts = [node[part] for node in proven if node["function"] in ("percentage", "change") for part in OPERANDS]
        return next((Choice(one, ENOUGH) for one in fits if one.node in parts), None)

    def _take_month(self, match: re.Match[str]) -> bool:
        for form in FORMS:
            fits = [
                one
                for table in self.seen.tables
                for one in self._fields(table, "date")
                if month_of(one.value, form if len(one.value) >= 10 or "%e" not in form else "%B %Y") == match[0]
            ]
            accepted = self.seen.judge.record(fits, [self._around(match.start())])
            if accepted:
                node = call("month_of", date=accepted.expression.node, form=form)
                self.slots.append(Slot(*match.span(), node, accepted))
                return True
        return False

    def _take_names(self) -> bool:
        """Take the names that are in a result; return whether each is explained."""
        for start, name in self._names():
            if not self._is_free(start, start + len(name)) or self._is_filter(name):
                continue
            fits = [one for table in self.seen.tables for one in self._fields(table, "text") if one.value == name]
            is_users = any(sentence.says(name) for sentence in self.seen.sentences)
            accepted = None if is_users else self.seen.judge.record(fits, [self._around(start)])
            if accepted is None:
                return False
            self.slots.append(Slot(start, start + len(name), accepted.expression.node, accepted))
        return True

    def _fields(self, table: ResultTable, type_: str) -> Iterator[Expression]:
        """Yield the fields of one type of the records that a criterion picks."""
        for record in self.seen.picks(table):
            for name in table.of_type(type_):
                yield part_of(record, name)

    def _names(self) -> list[tuple[int, str]]:
        """Return the texts of results that are in the text, longest first, each with its place."""
        folded = self.text.casefold()
        found: dict[str, None] = {}
        for table in self.seen.tables:
            for column in table.of_type("text"):
                for name in table.columns[column]:
                    if len(name) >= SHORTEST_NAME and name.casefold() in folded:
                        found[name] = None
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
        return Sentence((spans[0][0] if spans else self.text).casefold())

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


def _name(expression: Expression) -> str:
    """Return a name for a slot: what is shown in it."""
    node = expression.node
    if node["function"] == "part":
        return str(node["path"][-1])
    return "_".join([expression.operation or node["function"], *expression.fields])


def _plain(match: re.Match[str]) -> float:
    """Return the number that a match writes, for a comparison with what people said."""
    sign, whole, decimals, _ = match.groups()
    return float(f"{sign}{re.sub('[.,]', '', whole)}{decimals.replace(',', '.')}")


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")

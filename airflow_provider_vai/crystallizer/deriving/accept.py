"""Accepts at most one expression for a value: the rules that words, digits and rivals decide by.

1. **Words.** The operation, the fields and the filters are said in one sentence. Below :data:`ENOUGH` points: none.
2. **Digits.** A number of one or two digits equals something in any table; it needs more words, or a neighbour that is
   proven. Its argument's name must say what it is, too.
3. **Alone.** A number of four digits that one unfiltered expression gives needs no words.
4. **Rivals.** Two expressions that behave differently on other data, and have equal points, decide nothing. Neither
   do two sentences that pick a record for different reasons, nor a filter that changes nothing on the recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.crystallizer.deriving.behaviour import Behaviours
from airflow_provider_vai.crystallizer.deriving.expressions import Expression, conditions_of
from airflow_provider_vai.crystallizer.deriving.sentences import Sentence

ENOUGH = 3
NAMED = 2
FOR_FEW_DIGITS = 6
FEW_DIGITS = 3
MANY_DIGITS = 4
FEWEST_ROWS = 5
"""A list with fewer rows has some criterion for each of them."""


@dataclass(frozen=True)
class Choice:
    """An accepted expression, its points, and the other expressions that fit."""

    expression: Expression
    points: int
    rivals: tuple[Expression, ...] = ()


@dataclass
class Judge:
    """Decides between the expressions that give a recorded value.

    :param sentences: those of the user in the turn that the call answers.
    """

    sentences: Sequence[Sentence]
    behaviours: Behaviours = field(default_factory=Behaviours)

    def number(
        self, fits: Sequence[Expression], digits: int, around: Sequence[Sentence] = (), *, has_neighbour: bool = False
    ) -> Choice | None:
        """Return the expression for a number.

        :param digits: how many significant digits the number was written with.
        :param around: the sentence of the text in which it is written, or the name of its argument.
        :param has_neighbour: whether another number beside it is proven, from the same table.
        """
        found = self._best(fits, around)
        if found is None:
            return self._alone(fits) if digits >= MANY_DIGITS else None
        if digits < FEW_DIGITS and around and not any(found.expression.is_meant_by(one) for one in around):
            return None
        needed = ENOUGH if digits >= FEW_DIGITS or has_neighbour else FOR_FEW_DIGITS
        return found if found.points >= needed else None

    def record(self, fits: Sequence[Expression], around: Sequence[Sentence] = ()) -> Choice | None:
        """Return the expression for a value of a record that a criterion picked."""
        return self._best([one for one in fits if len(one.table.rows) >= FEWEST_ROWS], around, is_record=True)

    def key(self, fits: Sequence[Expression]) -> Choice | None:
        """Return the expression for the key of an entry that a criterion picked; such objects may be short."""
        return self._best(fits, (), is_record=True)

    def rows(self, fits: Sequence[Expression]) -> Choice | None:
        """Return the expression for a list, whose filter must be said."""
        return self._best(fits, ())

    def named(self, fits: Sequence[Expression]) -> Choice | None:
        """Return the expression for a record that the user named: the name is proof enough."""
        groups = self.behaviours.groups(fits)
        return Choice(groups[0][0], NAMED) if len(groups) == 1 else None

    def _best(
        self, fits: Sequence[Expression], around: Sequence[Sentence], *, is_record: bool = False
    ) -> Choice | None:
        scored = [(self._points(one, around, is_record=is_record), one) for one in fits]
        most = max((points for points, _ in scored), default=0)
        if most < ENOUGH:
            return None
        best = [one for points, one in scored if points == most]
        groups = self.behaviours.groups(best)
        if len(groups) > 1:
            return None
        chosen = groups[0][0]
        if is_record and self._has_two_reasons(fits, around):
            return None
        others = [one for points, one in scored if one not in best and points]
        return None if _filters_nothing(chosen, fits) else Choice(chosen, most, tuple(others))

    def _has_two_reasons(self, fits: Sequence[Expression], around: Sequence[Sentence]) -> bool:
        """Return whether two sentences pick the record by criteria that pick different records on other data."""
        found: list[Expression] = []
        for sentence in self.sentences:
            judge = Judge([sentence], self.behaviours)
            scored = [(judge._points(one, around, is_record=True), one) for one in fits]
            most = max((points for points, _ in scored), default=0)
            found += [one for points, one in scored if points == most >= ENOUGH]
        return len(self.behaviours.groups(found)) > 1

    def _points(self, one: Expression, around: Sequence[Sentence], *, is_record: bool) -> int:
        beside = around[0] if around else None
        found = [
            one.points(sentence, beside) for sentence in self.sentences if not is_record or _uses_all(one, sentence)
        ]
        own = [] if is_record and not around else [one.points(sentence) for sentence in around]
        return max([*found, *own], default=0)

    def _alone(self, fits: Sequence[Expression]) -> Choice | None:
        """Return the only unfiltered expression; differences and changes are of the same figure anyway.

        A filter of another sentence, such as a limit for another list, is no rival.
        """
        plain = [one for one in fits if not one.conditions]
        rivals = [one for one in fits if one.conditions and self._points(one, (), is_record=False)]
        return Choice(plain[0], 0) if plain and not rivals and len(self.behaviours.groups(plain)) == 1 else None


def _uses_all(one: Expression, sentence: Sentence) -> bool:
    """Return whether an expression uses every value of its table that the sentence says."""
    said = {
        (condition.field, condition.value) for condition in conditions_of(one.table, [sentence]) if not condition.bound
    }
    return said <= {(condition.field, condition.value) for condition in one.conditions}


def _filters_nothing(chosen: Expression, fits: Sequence[Expression]) -> bool:
    """Return whether the same expression without one of its filters gives the same value."""
    mine = (chosen.operation, chosen.fields, id(chosen.table))
    return any(
        (one.operation, one.fields, id(one.table)) == mine and set(one.conditions) < set(chosen.conditions)
        for one in fits
    )


def significant(written: str, *, is_whole: bool) -> int:
    """Return how many significant digits a number is written with: ``0.5`` has one, ``28.0`` three, ``4,600`` two.

    :param is_whole: whether it is written without decimals. The zeros at its end do not count: people choose round
        numbers, whatever the data are.
    """
    digits = "".join(character for character in written if character.isdigit()).lstrip("0")
    return len(digits.rstrip("0") if is_whole else digits)


def is_json_number(value: Any) -> bool:
    """Return whether a value is a number and not a boolean."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)

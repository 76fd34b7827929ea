"""Accepts at most one expression for a value: the rules that words, digits and rivals decide by.

1. **Words.** The operation, the fields and the filters are said in one sentence. Below :data:`ENOUGH` points: none.
2. **Digits.** A number of one or two digits equals something in any table; it needs more words, or a neighbour that is
   proven. Its argument's name must say what it is, too.
3. **Alone.** A number of four digits that one unfiltered expression gives needs no words.
4. **Rivals.** Two expressions that behave differently on other data, and have equal points, decide nothing. Neither
   do two sentences that pick a record for different reasons, nor a filter that changes nothing on the recording.
5. **Proof.** Several runs whose values differ need no words if one behaviour is right in all of them, unless so many
   expressions were tried that one of them would be right by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from airflow_provider_vai.crystallizer.deriving.agreement import ValueInRuns
from airflow_provider_vai.crystallizer.deriving.behaviour import Behaviours
from airflow_provider_vai.crystallizer.deriving.digits import digits_of
from airflow_provider_vai.crystallizer.deriving.expressions import Expression, conditions_of
from airflow_provider_vai.crystallizer.deriving.sentences import Sentence

ENOUGH = 3
NAMED = 2
HINTED = 2
"""The fewest points with which a person's hint means an expression."""

BY_HINT = 100
"""What a hint adds to its points, so that it counts more than any sentence of the recording."""

FOR_FEW_DIGITS = 6
FEW_DIGITS = 3
MANY_DIGITS = 4
FEWEST_ROWS = 5
"""A list with fewer rows has some criterion for each of them."""

MOST_CHANCE = 0.25
"""The most expressions that may be expected to be right in all runs by chance where no words are asked for."""


Needs = Literal["proof", "words", "either"]


@dataclass(frozen=True)
class Choice:
    """An accepted expression, its points, and the other expressions that fit.

    :param is_proven: whether several runs with different values leave no other behaviour.
    """

    expression: Expression
    points: int
    rivals: tuple[Expression, ...] = ()
    is_proven: bool = False


@dataclass
class Judge:
    """Decides between the expressions that give a recorded value.

    :param sentences: those of the user in the turn that the call answers.
    :param needs: what accepts an expression in several runs: their ``proof``, the user's ``words``, or ``either``.
    :param hints: what a person says about the value now, after the recording.
    :param open: expressions that behave differently and are right in several runs with different values, where neither
        of them was accepted.
    """

    sentences: Sequence[Sentence]
    behaviours: Behaviours = field(default_factory=Behaviours)
    needs: Needs = "either"
    hints: Sequence[Sentence] = ()
    open: list[Expression] = field(default_factory=list)

    def number(
        self,
        fits: Sequence[Expression],
        expected: ValueInRuns,
        around: Sequence[Sentence] = (),
        *,
        has_neighbour: bool = False,
        tried: int = 1,
    ) -> Choice | None:
        """Return the expression for a number.

        The significant digits of different values in several runs count together.

        :param fits: the expressions that give it in every run.
        :param expected: the number, as it was written.
        :param around: the sentence of the text in which it is written, or the name of its argument.
        :param has_neighbour: whether another number beside it is proven, from the same table.
        :param tried: how many expressions were compared with it.
        """
        digits = sum(map(digits_of, expected.different))
        return self._decided(
            fits,
            expected,
            tried * 10.0**-digits,
            lambda: self._number_by_words(fits, digits, around, has_neighbour=has_neighbour),
        )

    def record(
        self, fits: Sequence[Expression], expected: ValueInRuns, around: Sequence[Sentence] = (), *, tried: int = 1
    ) -> Choice | None:
        """Return the expression for a value of a record that a criterion picked.

        :param fits: the expressions that give it in every run.
        :param expected: the value.
        :param around: the sentence of the text in which it is written.
        :param tried: how many criteria were compared with it.
        """
        many = [one for one in fits if len(one.table.rows) >= FEWEST_ROWS or self.hinted(one)]
        chance = _chance(fits, expected, tried)
        return self._decided(fits, expected, chance, lambda: self._best(many, around, is_record=True))

    def key(self, fits: Sequence[Expression], expected: ValueInRuns, *, tried: int = 1) -> Choice | None:
        """Return the expression for the key of an entry that a criterion picked; such objects may be short.

        :param fits: the expressions that give the key, or its entry, in every run.
        :param expected: the key.
        :param tried: how many criteria were compared with it.
        """
        chance = _chance(fits, expected, tried)
        return self._decided(fits, expected, chance, lambda: self._best(fits, (), is_record=True))

    def named(self, fits: Sequence[Expression], expected: ValueInRuns) -> Choice | None:
        """Return the expression for a record that the user named: the name is proof enough.

        :param fits: the expressions that give it in every run.
        :param expected: the record's key.
        """
        return self._decided(fits, expected, _chance(fits, expected, 1), lambda: self._only(fits))

    def rows(self, fits: Sequence[Expression], expected: ValueInRuns) -> Choice | None:
        """Return the expression for a list, whose filter must be said unless several runs prove it.

        :param fits: the expressions that give it in every run.
        :param expected: the list.
        """
        return self._decided(fits, expected, 0.0, lambda: self._best(fits, ()))

    def _decided(
        self, fits: Sequence[Expression], expected: ValueInRuns, chance: float, by_words: Callable[[], Choice | None]
    ) -> Choice | None:
        """Return what several runs prove, or else what the words say.

        :param chance: how many of the expressions that were tried are right by chance in all runs.
        """
        groups = self.behaviours.groups(fits) if expected.differs else []
        if len(groups) == 1 and chance <= MOST_CHANCE and self.needs != "words":
            return Choice(groups[0][0], 0, is_proven=True)
        found = None if self.needs == "proof" else by_words()
        if found is None and len(groups) > 1:
            self.open += [group[0] for group in groups]
        return found

    def _number_by_words(
        self, fits: Sequence[Expression], digits: int, around: Sequence[Sentence], *, has_neighbour: bool
    ) -> Choice | None:
        found = self._best(fits, around)
        if found is not None and self.hinted(found.expression):
            return found
        if found is None:
            return self._alone(fits) if digits >= MANY_DIGITS and self.needs != "words" else None
        if digits < FEW_DIGITS and around and not any(found.expression.is_meant_by(one) for one in around):
            return None
        needed = ENOUGH if digits >= FEW_DIGITS or has_neighbour else FOR_FEW_DIGITS
        return found if found.points >= needed else None

    def _only(self, fits: Sequence[Expression]) -> Choice | None:
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
        if is_record and not self.hinted(chosen) and self._has_two_reasons(fits, around):
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
        if hinted := self.hinted(one):
            return BY_HINT + hinted
        beside = around[0] if around else None
        found = [
            one.points(sentence, beside) for sentence in self.sentences if not is_record or _uses_all(one, sentence)
        ]
        own = [] if is_record and not around else [one.points(sentence) for sentence in around]
        return max([*found, *own], default=0)

    def hinted(self, one: Expression) -> int:
        """Return how many points the hints give an expression; 0 if none of them means it."""
        most = max((one.points(hint) for hint in self.hints), default=0)
        return most if most >= HINTED else 0

    def _alone(self, fits: Sequence[Expression]) -> Choice | None:
        """Return the only unfiltered expression; differences and changes are of the same figure anyway.

        A filter of another sentence, such as a limit for another list, is no rival.
        """
        plain = [one for one in fits if not one.conditions]
        rivals = [one for one in fits if one.conditions and self._points(one, (), is_record=False)]
        return Choice(plain[0], 0) if plain and not rivals and len(self.behaviours.groups(plain)) == 1 else None


def _chance(fits: Sequence[Expression], expected: ValueInRuns, tried: int) -> float:
    """Return how many of the criteria that were tried pick the same records by chance in all runs."""
    odds = min((one.alternatives for one in fits), default=1)
    return tried * float(odds) ** -len(expected.different)


def _uses_all(one: Expression, sentence: Sentence) -> bool:
    """Return whether an expression uses every value of its table that the sentence says."""
    said = {
        (condition.field, condition.value) for condition in conditions_of(one.table, [sentence]) if condition.is_value
    }
    return said <= {(condition.field, condition.value) for condition in one.conditions}


def _filters_nothing(chosen: Expression, fits: Sequence[Expression]) -> bool:
    """Return whether the same expression without one of its filters gives the same value."""
    mine = (chosen.operation, chosen.fields, id(chosen.table))
    return any(
        (one.operation, one.fields, id(one.table)) == mine and set(one.conditions) < set(chosen.conditions)
        for one in fits
    )

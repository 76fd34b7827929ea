"""Finds the simplest condition that separates the runs that made a step from those that did not.

Conditions are tried over the params and over the results of earlier steps that every run made, in this order: a
boolean; equal to a value; not equal to a value; a value in a list; a number above or below a limit; one of several
values that each occur more than once. Params come before results. Each condition is evaluated with every run's own
values by the condition language itself (:mod:`airflow_provider_vai.languages.expression`), and must be right in all
runs. At least two runs are needed on each side, because many conditions fit a single run by chance.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from airflow_provider_vai.crystallizer.several.playback import At
from airflow_provider_vai.crystallizer.several.volatile import volatile
from airflow_provider_vai.languages import expression, json_text
from airflow_provider_vai.languages.places import value_or
from airflow_provider_vai.secrets.masking import mask

FEWEST = 2
"""The fewest runs on each side for which a condition is looked for."""

MOST_PLACES = 400
"""The most places of one result that conditions are tried for."""

LONGEST_TEXT = 80
SHOWN_OTHERS = 4
RESERVED = {"true", "false", "null", "and", "or", "not", "in", "is"}
_NAME = re.compile(r"[^\W\d]\w*")
_ID = re.compile(r"(?i)(^|_)(id|no|number|uuid|zip|phone)_?$|(?<=[a-z])Id$")
ABSENT: Any = object()


@dataclass(frozen=True)
class ConditionSubject:
    """Something that a condition can be about.

    :param name: its name in conditions: ``params``, or the name of an input that is a step's result.
    :param values: its value in each run.
    """

    name: str
    values: Mapping[int, Any]


@dataclass(frozen=True)
class Predicate:
    """A condition that separates the runs.

    :param condition: the condition as text.
    :param inputs: the names of the subjects that it reads, without ``params``.
    :param others: other conditions that also separate the runs.
    :param open: a note about what the runs leave open.
    """

    condition: str
    inputs: tuple[str, ...]
    others: tuple[str, ...] = ()
    open: str = ""


@dataclass(frozen=True)
class _Candidate:
    rank: tuple[Any, ...]
    condition: str
    subject: str
    open: str = ""


def separating(subjects: Sequence[ConditionSubject], made: frozenset[int], runs: frozenset[int]) -> Predicate | None:
    """Return the simplest condition that is true in exactly the runs that made a step; ``None`` if there is none.

    :param subjects: the params, then the results, newest first.
    :param made: the numbers of the runs that made the step.
    :param runs: the numbers of all runs.
    """
    if len(made) < FEWEST or len(runs - made) < FEWEST:
        return None
    found = [*_found(subjects, made, runs)] or [*_found(subjects, made, runs, negated=True)]
    if not found:
        return None
    best, *others = sorted(found, key=lambda candidate: candidate.rank)
    listed = tuple(dict.fromkeys(other.condition for other in others if other.condition != best.condition))
    inputs = () if best.subject == "params" else (best.subject,)
    return Predicate(best.condition, inputs, listed[:SHOWN_OTHERS], best.open)


def _found(
    subjects: Sequence[ConditionSubject], made: frozenset[int], runs: frozenset[int], *, negated: bool = False
) -> Iterator[_Candidate]:
    """Yield every condition that separates the runs.

    :param negated: yield conditions that are true in the other runs, with a ``not`` in front.
    """
    for number, subject in enumerate(subjects):
        for candidate in _candidates(subject, number, runs - made if negated else made, runs):
            condition = f"not ({candidate.condition})" if negated else candidate.condition
            if _separates(condition, subject, made, runs) and mask(condition) == condition:
                yield replace(candidate, condition=condition)


def _separates(condition: str, subject: ConditionSubject, made: frozenset[int], runs: frozenset[int]) -> bool:
    """Return whether the condition, as evaluated by the condition language, is true in exactly the runs ``made``."""
    try:
        tree = expression.parse(condition)
        return all(_holds(tree, {subject.name: subject.values[run]}) is (run in made) for run in runs)
    except expression.BadExpression:
        return False


def _holds(tree: Any, names: Mapping[str, Any]) -> bool:
    try:
        return expression.evaluate(tree, names)
    except expression.MissingPath:  # the branch operator treats it in the same way
        return False


def _candidates(
    subject: ConditionSubject, number: int, made: frozenset[int], runs: frozenset[int]
) -> Iterator[_Candidate]:
    for at in _places(subject):
        path = written(subject.name, at)
        values = {run: value_or(subject.values[run], at, ABSENT) for run in runs}
        if path is None or volatile([value for value in values.values() if value is not ABSENT]) in ("clock", "id"):
            continue
        for rank, condition, gap in _conditions(path, at, values, made):
            yield _Candidate(
                (rank, number > 0, len(at), number, len(condition), condition), condition, subject.name, gap
            )


def _conditions(path: str, at: At, values: dict[int, Any], made: frozenset[int]) -> Iterator[tuple[int, str, str]]:
    """Yield the conditions that may separate the values of one place, each with its rank and what it leaves open."""
    yes = [value for run, value in values.items() if run in made]
    no = [value for run, value in values.items() if run not in made]
    if all(value is True for value in yes):
        yield 0, path, ""
    if all(value is False for value in yes):
        yield 0, f"not {path}", ""
    if (text := _one(yes)) is not None:
        yield 1, f"{path} == {text}", ""
    if (text := _one(no)) is not None:
        yield 2, f"{path} != {text}", ""
    if all(isinstance(value, list) for value in yes):
        for item in _shared(yes, no):
            yield 3, f"{item} in {path}", ""
    name = next((part for part in reversed(at) if isinstance(part, str)), "")
    if not _ID.search(name):
        yield from _limits(path, yes, no)
    if (several := _several(yes)) is not None:
        yield 5, f"{path} in {several}", "for values that no run had, the condition is false"


def _limits(path: str, yes: list[Any], no: list[Any]) -> Iterator[tuple[int, str, str]]:
    if not all(_is_number(value) for value in [*yes, *no]):
        return
    for low, high, sign in ((no, yes, ">"), (yes, no, "<=")):
        if max(low) < min(high):
            limit = between(max(low), min(high))
            gap = f"no run has a value between {max(low)!r} and {min(high)!r}, so the exact limit is unknown"
            yield 4, f"{path} {sign} {_literal(limit)}", gap


def between(low: float, high: float) -> float:
    """Return the roundest number that is at least ``low`` and less than ``high``.

    >>> between(80, 120), between(0.2, 0.4), between(3, 4)
    (100, 0.2, 3)
    """
    if low <= 0 < high:
        return 0
    for exponent in range(math.floor(math.log10(max(abs(low), abs(high)))), -16, -1):
        scale = 10.0**exponent
        found = math.ceil(low / scale) * scale
        rounded = round(found, max(-exponent, 0))
        if low <= rounded < high:
            return int(rounded) if float(rounded).is_integer() else rounded
    return low


def _shared(yes: list[Any], no: list[Any]) -> Iterator[str]:
    if not all(isinstance(value, list) or value is ABSENT for value in no):
        return
    first = [item for item in yes[0] if isinstance(item, (str, int)) and not isinstance(item, bool)]
    for item in first[:20]:
        inside = all(item in value for value in yes)
        if inside and not any(item in value for value in no if value is not ABSENT) and (text := _literal(item)):
            yield text


def _several(yes: list[Any]) -> str | None:
    """Return a list of the values if each occurs in at least two runs; otherwise it would merely list the runs."""
    counted = Counter(map(json_text.canonical, yes)) if ABSENT not in yes else Counter()
    texts = [_literal(json.loads(text)) for text in counted]
    if len(counted) < 2 or min(counted.values()) < FEWEST or None in texts:
        return None
    return f"[{', '.join(sorted(text for text in texts if text))}]"


def _one(values: list[Any]) -> str | None:
    """Return the value as a literal if all values are equal; ``None`` if they differ or it cannot be written."""
    if any(value is ABSENT for value in values) or len({json_text.canonical(value) for value in values}) > 1:
        return None
    return _literal(values[0])


def _literal(value: Any) -> str | None:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value == [] and isinstance(value, list):
        return "[]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if len(value) <= LONGEST_TEXT and value.isprintable() else None
    if isinstance(value, (int, float)) and math.isfinite(value) and abs(value) < 1e15:
        return repr(value)
    return None


def _places(subject: ConditionSubject) -> list[At]:
    """Return every place that any run has."""
    found: dict[At, None] = {}
    for value in subject.values.values():
        found.update(dict.fromkeys(islice(_below(value, ()), MOST_PLACES)))
    return list(found)


def _below(value: Any, at: At) -> Iterator[At]:
    if at or not isinstance(value, dict):
        yield at
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _below(part, (*at, key))
    elif isinstance(value, list):
        for index, part in enumerate(value[:5]):
            yield from _below(part, (*at, index))


def written(name: str, at: At) -> str | None:
    """Return a place in a step's result in the syntax of conditions; ``None`` if conditions cannot refer to it."""
    path = name
    for part in at:
        if isinstance(part, str) and _NAME.fullmatch(part) and part.casefold() not in RESERVED and part.isascii():
            path += f".{part}"
        elif isinstance(part, str):
            if not part.isprintable() or len(part) > LONGEST_TEXT:
                return None
            path += f"[{json.dumps(part, ensure_ascii=False)}]"
        else:
            path += f"[{part}]"
    return path


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9

"""What tells the runs that made a step from those that did not: the simplest condition that is true of exactly those.

Conditions are tried over the params and over the results of earlier steps that every run has, in this order: a yes or
no; equal to one value; unequal to one; a value in a list; a number above or below a limit; one of several values that
each came up more than once. Params come before results. Each is evaluated by the language of conditions itself
(:mod:`airflow_provider_vai.languages.expression`) with every run's own values, and counts only where it is right in
all of them. Nothing is said of fewer than two runs on each side: one run has a thousand properties.
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
"""Runs on each side below which no condition is looked for."""

MOST_PLACES = 400
"""Places of each result that are looked at."""

LONGEST_TEXT = 80
SHOWN_OTHERS = 4
RESERVED = {"true", "false", "null", "and", "or", "not", "in", "is"}
_NAME = re.compile(r"[^\W\d]\w*")
_ID = re.compile(r"(?i)(^|_)(id|no|number|uuid|zip|phone)_?$|(?<=[a-z])Id$")
ABSENT: Any = object()


@dataclass(frozen=True)
class ConditionSubject:
    """Something that a condition can be about: what it is called there, and its value in each run.

    :param name: ``params``, or the name of the input that is the result. :param values: of ``name``, by run.
    """

    name: str
    values: Mapping[int, Any]


@dataclass(frozen=True)
class Predicate:
    """A condition.

    :param condition: in the language of conditions.
    :param inputs: the names of the subjects that it is about, without ``params``.
    :param others: other conditions that separate the runs as well. :param open: what no run has shown.
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
    """Return the simplest condition that holds in exactly the runs that made a step; ``None`` where there is none.

    :param subjects: the params first, then the results, the newest first. :param made: the runs that made the step.
    :param runs: all runs.
    """
    if len(made) < FEWEST or len(runs - made) < FEWEST:
        return None
    found = [*_found(subjects, made, runs)] or [*_found(subjects, made, runs, negated=True)]
    if not found:
        return None
    best, *others = sorted(found, key=lambda it: it.rank)
    listed = tuple(dict.fromkeys(it.condition for it in others if it.condition != best.condition))
    inputs = () if best.subject == "params" else (best.subject,)
    return Predicate(best.condition, inputs, listed[:SHOWN_OTHERS], best.open)


def _found(
    subjects: Sequence[ConditionSubject], made: frozenset[int], runs: frozenset[int], *, negated: bool = False
) -> Iterator[_Candidate]:
    """Yield every condition that separates the runs; ``negated``: those that hold in the others, with a ``not``."""
    for number, subject in enumerate(subjects):
        for it in _candidates(subject, number, runs - made if negated else made, runs):
            condition = f"not ({it.condition})" if negated else it.condition
            if _separates(condition, subject, made, runs) and mask(condition) == condition:
                yield replace(it, condition=condition)


def _separates(condition: str, subject: ConditionSubject, made: frozenset[int], runs: frozenset[int]) -> bool:
    """Return whether the language's own evaluation gives yes for exactly the runs that made the step."""
    try:
        tree = expression.parse(condition)
        return all(_holds(tree, {subject.name: subject.values[run]}) is (run in made) for run in runs)
    except expression.BadExpression:
        return False


def _holds(tree: Any, names: Mapping[str, Any]) -> bool:
    try:
        return expression.evaluate(tree, names)
    except expression.MissingPath:  # as the branch takes it
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
    """Yield each sort of condition that may separate the values of one place, with its rank and what it leaves open."""
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
        yield 5, f"{path} in {several}", "values that no run had count as no"


def _limits(path: str, yes: list[Any], no: list[Any]) -> Iterator[tuple[int, str, str]]:
    if not all(_is_number(value) for value in [*yes, *no]):
        return
    for low, high, sign in ((no, yes, ">"), (yes, no, "<=")):
        if max(low) < min(high):
            limit = between(max(low), min(high))
            gap = f"between {max(low)!r} and {min(high)!r} no run has shown which way it goes"
            yield 4, f"{path} {sign} {_literal(limit)}", gap


def between(low: float, high: float) -> float:
    """Return the roundest number that is not below ``low`` and below ``high``.

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
    """Return a list of the values, where each came up in two runs: else it tells the runs apart as names do."""
    counted = Counter(map(json_text.canonical, yes)) if ABSENT not in yes else Counter()
    texts = [_literal(json.loads(text)) for text in counted]
    if len(counted) < 2 or min(counted.values()) < FEWEST or None in texts:
        return None
    return f"[{', '.join(sorted(text for text in texts if text))}]"


def _one(values: list[Any]) -> str | None:
    """Return the one value as it is written, ``None`` where there are several, or it cannot be written."""
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
    """Return every place that some run has."""
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
    """Return a place in a step's result as a condition writes it; ``None`` if a condition cannot name it."""
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

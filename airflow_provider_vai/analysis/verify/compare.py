"""Compares a step's result with the recorded one, and grades the difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal

from airflow_provider_vai.analysis.verify import volatile
from airflow_provider_vai.analysis.verify.drift import ANY, Difference, Place, described, drift, named, shape
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.secrets.masking import mask, masked

Level = Literal["equal bytes", "equal", "equal but for", "same schema", "drifted"]
LEVELS: tuple[Level, ...] = ("equal bytes", "equal", "equal but for", "same schema", "drifted")
"""The levels, from best to worst."""

RANKED = 5
"""A list with at least this many elements counts as sorted by a field if that field is in order; five random values
are in order, rising or falling, only once in sixty times."""

SHOWN_CHARACTERS = 120


@dataclass(frozen=True)
class Mask:
    """A difference that does not count.

    :param place: Where it is.
    :param rule: The name of the rule that applies.
    :param reason: The reason in words.
    :param times: In how many list elements it occurs.
    """

    place: Place
    rule: str
    reason: str
    times: int = 1


@dataclass(frozen=True)
class ResultComparison:
    """The outcome of comparing two results: the level, and the differences that count and that do not count."""

    level: Level
    differences: list[Difference] = field(default_factory=list)
    masks: list[Mask] = field(default_factory=list)


def compare(
    recorded: Any, today: Any, *, ignored: Sequence[Place] = (), moment: volatile.Moment | None = None
) -> ResultComparison:
    """Compare today's result of a step with the recorded one.

    :param recorded: The recorded result: JSON data, or text that contains JSON.
    :param today: Today's result, in the same form.
    :param ignored: Places whose differences do not count; ``*`` matches any key or element.
    :param moment: When today's result was made; ``None``: not known.
    """
    if json_text.canonical(recorded) == json_text.canonical(today):
        return ResultComparison("equal bytes")
    try:
        before, now = _parsed(recorded), _parsed(today)
        walk = _Walk(tuple(ignored), moment)
        walk.visit(before, now, ())
        schema = [change for change in drift(shape(before), shape(now)) if not walk.ignores(change.place)]
    except RecursionError:
        return ResultComparison("drifted", [Difference((), "type", "JSON", "nested too deeply to compare")])
    drifts = [replace(change, recorded=mask(change.recorded), today=mask(change.today)) for change in schema]
    renamed = {(*change.place[:-1], change.today) for change in schema if change.change == "renamed"}
    covered = {change.place for change in schema} | renamed
    differences = [*drifts, *(change for change in walk.differences() if change.place not in covered)]
    masks = [Mask(place, rule, reason, times) for (place, rule, reason), times in walk.masks.items()]
    if schema:
        return ResultComparison("drifted", differences, masks)
    if differences:
        return ResultComparison("same schema", differences, masks)
    return ResultComparison("equal but for" if masks else "equal", [], masks)


def compare_schema(schema: dict[str, Any], sha256: str, today: Any) -> ResultComparison:
    """Compare today's result with the digest and schema of the recorded one, which a sidecar contains.

    :param schema: The schema of the recorded result, as :func:`json_text.schema` returns it.
    :param sha256: The digest of the recorded result.
    :param today: Today's result as JSON data.
    """
    if json_text.digest(today) == sha256:
        return ResultComparison("equal bytes")
    drifts = drift(described(schema), described(masked(json_text.schema(today))))
    if drifts:
        return ResultComparison("drifted", drifts)
    return ResultComparison(
        "same schema", [Difference((), "value", "a result with another digest", "a result with the same schema")]
    )


class _Walk:
    """Walks through two results in parallel and collects their differences."""

    def __init__(self, ignored: tuple[Place, ...], moment: volatile.Moment | None) -> None:
        self.ignored = ignored
        self.moment = moment
        self.masks: Counter[tuple[Place, str, str]] = Counter()
        self.found: dict[tuple[Place, str], Difference] = {}

    def ignores(self, place: Place) -> bool:
        """Return whether a place or one above it is ignored."""
        return any(
            len(pattern) <= len(place) and all(part in (ANY, key) for part, key in zip(pattern, place, strict=False))
            for pattern in self.ignored
        )

    def differences(self) -> list[Difference]:
        """Return the differences, one per place and kind of change."""
        return list(self.found.values())

    def visit(self, recorded: Any, today: Any, place: Place) -> None:
        """Collect the differences between two values at a place and below it."""
        if self.ignores(place):
            if json_text.canonical(recorded) != json_text.canonical(today):
                self.masks[place, "ignored", "ignored with --ignore"] += 1
        elif isinstance(recorded, dict) and isinstance(today, dict):
            for key in [*recorded, *(key for key in today if key not in recorded)]:
                below = (*place, named(key))
                if key in recorded and key in today:
                    self.visit(recorded[key], today[key], below)
                elif not self.ignores(below):  # an optional key; a change of the schema is reported instead
                    here, there = (_shown(key, side[key]) if key in side else "nothing" for side in (recorded, today))
                    self._note(below, "value", here, there)
        elif isinstance(recorded, list) and isinstance(today, list):
            self._lists(recorded, today, place)
        elif not _equal(recorded, today):
            self._leaf(recorded, today, place)

    def _leaf(self, recorded: Any, today: Any, place: Place) -> None:
        key = next((part for part in reversed(place) if part != ANY), None)
        if isinstance(recorded, (dict, list)) or isinstance(today, (dict, list)):
            self._note(place, "value", _shown(key, recorded), _shown(key, today))
        elif rule := volatile.rule(key, recorded, today, self.moment):
            self.masks[place, rule.name, rule.reason] += 1
        else:
            self._note(place, "value", _shown(key, recorded), _shown(key, today))

    def _lists(self, recorded: list[Any], today: list[Any], place: Place) -> None:
        below = (*place, ANY)
        before = [_stripped(item, below, self) for item in recorded]
        now = [_stripped(item, below, self) for item in today]
        if len(recorded) != len(today):
            missing, more = Counter(before) - Counter(now), Counter(now) - Counter(before)
            words = f"{plural(len(today), 'element')} ({more.total()} new, {missing.total()} gone)"
            self._note(place, "count", plural(len(recorded), "element"), words)
            return
        pairs = list(zip(recorded, today, strict=True))
        if before != now and sorted(before) == sorted(now):
            self._reordered(recorded, today, place)
            by_key = sorted(range(len(now)), key=now.__getitem__)
            of_key = sorted(range(len(before)), key=before.__getitem__)
            pairs = [(recorded[i], today[k]) for i, k in zip(of_key, by_key, strict=True)]
        for one, other in pairs:
            self.visit(one, other, below)

    def _reordered(self, recorded: list[Any], today: list[Any], place: Place) -> None:
        ranking = _ranking(recorded)
        if ranking is None:
            self.masks[
                place, "order", f"the order of {plural(len(today), 'element')} that are not sorted by any field"
            ] += 1
        elif not _is_ranked(today, *ranking):
            self._note(place, "order", f"sorted by {mask(ranking[0]) or 'value'}", "not sorted")
        else:
            self.masks[place, "order", f"the order of elements with the same {mask(ranking[0])}"] += 1

    def _note(self, place: Place, change: Literal["value", "order", "count"], recorded: str, today: str) -> None:
        known = self.found.get((place, change))
        self.found[place, change] = (
            replace(known, times=known.times + 1) if known else Difference(place, change, recorded, today)
        )


def _parsed(value: Any) -> Any:
    """Return JSON data in which every string that is a JSON object or array is parsed."""
    if isinstance(value, str):
        found = json_text.parsed_text(value, where="a result")
        return found if isinstance(found, str) else _parsed(found)
    if isinstance(value, dict):
        return {key: _parsed(part) for key, part in value.items()}
    return [_parsed(part) for part in value] if isinstance(value, list) else value


def _equal(recorded: Any, today: Any) -> bool:
    if isinstance(recorded, bool) or isinstance(today, bool):
        return recorded is today
    if isinstance(recorded, str) and isinstance(today, str):
        return recorded == today or volatile.same_instant(recorded, today) or _lines(recorded) == _lines(today)
    return bool(recorded == today)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _stripped(value: Any, place: Place, walk: _Walk) -> str:
    """Return a text that identifies an element: without volatile values, with lists sorted and keys in order."""
    return json_text.canonical(_bare(value, place, walk))


def _bare(value: Any, place: Place, walk: _Walk) -> Any:
    if walk.ignores(place):
        return None
    if isinstance(value, dict):
        return {str(key): _bare(part, (*place, named(key)), walk) for key, part in value.items()}
    if isinstance(value, list):
        return sorted(json_text.canonical(_bare(part, (*place, ANY), walk)) for part in value)
    if isinstance(value, str):
        return _lines(value) if (kind := _sort(value, place)) is None else {"volatile": kind}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if (kind := _sort(value, place)) is None else {"volatile": kind}


def _sort(value: Any, place: Place) -> str | None:
    key = next((part for part in reversed(place) if part != ANY), None)
    return volatile.sort_of(key, value)


def _ranking(items: list[Any]) -> tuple[str, bool] | None:
    """Return the field that a list is sorted by and whether it is ascending; ``None``: the list is not sorted.

    The field is an empty string if the elements themselves are sorted.
    """
    if len(items) < RANKED:
        return None
    names = list(items[0]) if isinstance(items[0], dict) else [""]
    every = [(name, ascending) for name in names for ascending in (True, False)]
    return next((ranking for ranking in every if _is_ranked(items, *ranking)), None)


def _is_ranked(items: list[Any], name: str, ascending: bool) -> bool:
    column: list[Any] = [item.get(name) if isinstance(item, dict) else item for item in items]
    kinds = {"number" if isinstance(cell, (int, float)) and type(cell) is not bool else type(cell) for cell in column}
    if kinds not in ({"number"}, {str}) or column[0] == column[-1]:
        return False
    return all(a <= b if ascending else a >= b for a, b in pairwise(column))


def _shown(key: str | None, value: Any) -> str:
    """Return a value as short text, with credentials masked; the key can reveal that the value is one."""
    kept = masked({key: value})[key] if isinstance(key, str) and mask(key) == key else masked(value)
    text = json_text.canonical(kept)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"

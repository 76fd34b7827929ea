"""The shape of a result: which fields stand where, of which types; and how today's differs from the recorded one.

All elements of a list are one place (``rows.*.total``), so that a thousand rows are told in one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Literal

from airflow_provider_vai.languages import json_text

Place = tuple[str, ...]
"""Keys from the outermost on; ``*`` is any element of a list."""

ANY = "*"
SAMPLES = 20
ALIKE = 0.5
"""How much of a field's first values, or of its name's letters, a new field must share to be the same one, renamed."""

_TYPES = {bool: "boolean", int: "number", float: "number", str: "text", type(None): "null", dict: "object"}


@dataclass(frozen=True)
class Difference:
    """One difference of two results.

    :param place: where, as ``rows.*.total``; empty: the whole result.
    :param change: what happened there. ``value`` and ``order`` and ``count`` leave the shape as it was.
    :param recorded: what was recorded, in words. :param today: what is there now.
    :param times: at how many elements of lists.
    """

    place: Place
    change: Literal["value", "order", "count", "type", "null", "missing", "new", "renamed", "emptied"]
    recorded: str
    today: str
    times: int = 1


@dataclass
class Seen:
    """What stands at one place: how often each type, the first values, and how often the object above it is there."""

    types: dict[str, int] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)
    length: int = 0

    @property
    def count(self) -> int:
        """How often there is something."""
        return sum(self.types.values())

    def words(self) -> str:
        """Return the types in words."""
        return " or ".join(sorted(self.types))


Shape = dict[Place, Seen]


def named(key: Any) -> str:
    """Return a key as a part of a place; one that is called ``*`` itself is told from any element."""
    return "\\*" if key == ANY else str(key)


def shape(value: Any) -> Shape:
    """Return what stands where in JSON data."""
    found: Shape = {}
    _note(value, (), found)
    return found


def described(schema: Mapping[str, Any]) -> Shape:
    """Return the same of a small JSON Schema (see :func:`json_text.schema`): without values, as deep as it goes."""
    found: Shape = {}

    def note(part: Mapping[str, Any], place: Place) -> None:
        name = {"string": "text", "integer": "number", "array": "list"}.get(
            str(part.get("type")), str(part.get("type"))
        )
        found[place] = Seen({name: 1}, length=1)
        for key, below in (part.get("properties") or {}).items():
            note(below, (*place, named(key)))
        if "items" in part:
            note(part["items"], (*place, ANY))

    note(schema, ())
    return found


def drift(recorded: Shape, today: Shape) -> list[Difference]:
    """Return how a shape differs: fields gone, new or renamed, other types, nulls, lists that are empty now."""
    gone = [place for place in recorded if place not in today and _parent_is_there(place, recorded, today)]
    new = [place for place in today if place not in recorded and _parent_is_there(place, today, recorded)]
    renamed = dict(_renamed(gone, new, recorded, today))
    found = [Difference(old, "renamed", old[-1], name[-1], recorded[old].count) for old, name in renamed.items()]
    found += [
        Difference(place, "missing", recorded[place].words(), "nothing", recorded[place].count)
        for place in gone
        if place not in renamed and place[-1:] != (ANY,) and _is_always_there(place, recorded)
    ]
    taken = set(renamed.values())
    found += [
        Difference(place, "new", "nothing", today[place].words(), today[place].count)
        for place in new
        if place not in taken and place[-1:] != (ANY,)
    ]
    pairs = [(place, place) for place in recorded if place in today] + list(renamed.items())
    for old, name in pairs:
        found += _changed(old, name, recorded, today)
    return found


def _note(value: Any, place: Place, found: Shape) -> None:
    """Note a value and all below it; a stack of its own, since data may be nested deeper than Python calls."""
    waiting = [(value, place)]
    while waiting:
        part, at = waiting.pop()
        seen = found.setdefault(at, Seen())
        name = _TYPES.get(type(part), "list")
        seen.types[name] = seen.types.get(name, 0) + 1
        if isinstance(part, dict):
            waiting += [(below, (*at, named(key))) for key, below in reversed(part.items())]
        elif isinstance(part, list):
            seen.length += len(part)
            waiting += [(below, (*at, ANY)) for below in reversed(part)]
        elif len(seen.samples) < SAMPLES:
            seen.samples.append(json_text.canonical(part)[:200])


def _parent_is_there(place: Place, mine: Shape, other: Shape) -> bool:
    """Return whether a place is the uppermost that only one side has; below it nothing needs telling."""
    above = other.get(place[:-1])
    if not place or above is None:
        return False
    wanted = "list" if place[-1] == ANY and "list" in mine[place[:-1]].types else "object"
    return wanted in above.types


def _is_always_there(place: Place, found: Shape) -> bool:
    """Return whether every object that may have a field has it."""
    return found[place].count == found[place[:-1]].types.get("object", 0)


def _changed(old: Place, name: Place, recorded: Shape, today: Shape) -> Iterator[Difference]:
    before, now = recorded[old], today[name]
    known, found = set(before.types) - {"null"}, set(now.types) - {"null"}
    if known and found - known:
        yield Difference(old, "type", before.words(), now.words(), now.count)
    elif known and "null" in now.types and "null" not in before.types:
        yield Difference(old, "null", before.words(), now.words(), now.types["null"])
    if before.length and not now.length and "list" in now.types:
        yield Difference(old, "emptied", f"{before.length} elements", "none")
    whole, part = recorded.get(old[:-1]), today.get(name[:-1])
    if old and whole and part and old[-1] != ANY and _is_always_there(old, recorded):
        lacking = part.types.get("object", 0) - now.count
        if lacking > 0:
            yield Difference(old, "missing", before.words(), f"nothing in {lacking} of {lacking + now.count}", lacking)


def _renamed(
    gone: Iterable[Place], new: Iterable[Place], recorded: Shape, today: Shape
) -> Iterator[tuple[Place, Place]]:
    """Yield which field goes on under which name: it holds the same values, or is the only one of a similar name."""
    left = [place for place in new if place[-1] != ANY]
    waiting = [place for place in gone if place[-1] != ANY]
    for measure in (_same_values, _alike):
        for old in list(waiting):
            same = [it for it in left if it[:-1] == old[:-1] and set(today[it].types) & set(recorded[old].types)]
            scored = sorted(((measure(old, it, recorded, today), it) for it in same), reverse=True)
            if scored and scored[0][0] >= ALIKE and (len(scored) == 1 or scored[1][0] < scored[0][0]):
                waiting.remove(old)
                left.remove(scored[0][1])
                yield old, scored[0][1]


def _same_values(old: Place, new: Place, recorded: Shape, today: Shape) -> float:
    before, now = recorded[old].samples, today[new].samples
    if not before or not now or set(before) <= {"null", "true", "false", '""', "0"}:
        return 0.0
    return sum(value in now for value in before) / len(before)


def _alike(old: Place, new: Place, recorded: Shape, today: Shape) -> float:
    return SequenceMatcher(None, old[-1].lower(), new[-1].lower()).ratio()

"""Finds schema changes between two results: fields that are gone, new or renamed, and changed types.

The shape of a result maps each place to the types found there. All elements of a list share one place, such as
``rows.*.total``, so a change in a thousand rows is reported once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Literal

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.plural import plural

Place = tuple[str, ...]
"""The keys that lead to a value, the outermost first; ``*`` stands for any element of a list."""

ANY = "*"
SAMPLES = 20
"""How many values are kept per place, to recognise a renamed field."""

ALIKE = 0.5
"""A field counts as renamed if a new field shares at least this fraction of its sample values or of its name."""

_TYPES = {bool: "boolean", int: "number", float: "number", str: "text", type(None): "null", dict: "object"}


@dataclass(frozen=True)
class Difference:
    """One difference between two results.

    :param place: Where it is; empty: the whole result.
    :param change: What changed. ``value``, ``order`` and ``count`` do not change the schema.
    :param recorded: What was recorded, as text.
    :param today: What today's result contains, as text.
    :param times: In how many list elements it occurs.
    """

    place: Place
    change: Literal["value", "order", "count", "type", "null", "missing", "new", "renamed", "emptied"]
    recorded: str
    today: str
    times: int = 1


@dataclass
class Seen:
    """What was found at one place.

    :param types: How often each type was found.
    :param samples: The first values, as JSON text.
    :param length: The number of elements, summed over all lists at this place.
    """

    types: dict[str, int] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)
    length: int = 0

    @property
    def count(self) -> int:
        """How many values were found."""
        return sum(self.types.values())

    def words(self) -> str:
        """Return the types as text, such as ``null or text``."""
        return " or ".join(sorted(self.types))


Shape = dict[Place, Seen]


def named(key: Any) -> str:
    """Return a key as part of a place; the key ``*`` is escaped, because ``*`` stands for any list element."""
    return "\\*" if key == ANY else str(key)


def shape(value: Any) -> Shape:
    """Return the shape of JSON data."""
    found: Shape = {}
    _note(value, (), found)
    return found


def described(schema: Mapping[str, Any]) -> Shape:
    """Return the shape that a small JSON Schema describes, see :func:`json_text.schema`; it has no sample values."""
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
    """Return the schema changes: missing, new and renamed fields, changed types, new nulls, and lists now empty."""
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
    """Add a value and everything below it to a shape; not recursive, because data can be nested too deeply for that."""
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
    """Return whether the parent of a place exists on both sides; otherwise the difference is reported at the parent."""
    above = other.get(place[:-1])
    if not place or above is None:
        return False
    expected = "list" if place[-1] == ANY and "list" in mine[place[:-1]].types else "object"
    return expected in above.types


def _is_always_there(place: Place, found: Shape) -> bool:
    """Return whether every object at the parent place has the field."""
    return found[place].count == found[place[:-1]].types.get("object", 0)


def _changed(old: Place, name: Place, recorded: Shape, today: Shape) -> Iterator[Difference]:
    before, now = recorded[old], today[name]
    known, found = set(before.types) - {"null"}, set(now.types) - {"null"}
    if known and found - known:
        yield Difference(old, "type", before.words(), now.words(), now.count)
    elif known and "null" in now.types and "null" not in before.types:
        yield Difference(old, "null", before.words(), now.words(), now.types["null"])
    if before.length and not now.length and "list" in now.types:
        yield Difference(old, "emptied", plural(before.length, "element"), "none")
    whole, part = recorded.get(old[:-1]), today.get(name[:-1])
    if old and whole and part and old[-1] != ANY and _is_always_there(old, recorded):
        without = part.types.get("object", 0) - now.count
        if without > 0:
            yield Difference(old, "missing", before.words(), f"nothing in {without} of {without + now.count}", without)


def _renamed(
    gone: Iterable[Place], new: Iterable[Place], recorded: Shape, today: Shape
) -> Iterator[tuple[Place, Place]]:
    """Yield pairs of old and new place for renamed fields: the values are the same, or only one name is similar."""
    left = [place for place in new if place[-1] != ANY]
    waiting = [place for place in gone if place[-1] != ANY]
    for measure in (_same_values, _alike):
        for old in list(waiting):
            siblings = [name for name in left if name[:-1] == old[:-1]]
            same_type = [name for name in siblings if set(today[name].types) & set(recorded[old].types)]
            scored = sorted(((measure(old, name, recorded, today), name) for name in same_type), reverse=True)
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

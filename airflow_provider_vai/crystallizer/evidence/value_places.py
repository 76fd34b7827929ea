"""Lists every place in a recorded result that an argument may have come from, including places inside parsed texts.

A place knows its value's key, the record that the value belongs to, and the lists on its path. Where the recording
proves it, a list position is replaced by the name of a record; see :func:`by_name`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from airflow_provider_vai.languages import result_path, text_forms as text_extract
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.secrets.patterns import deferred

MOST_PLACES = 20_000
"""The most places of one result that are listed; a larger result is a data set whose single values prove nothing."""

DEPTH = 40
TEXTS = 2  # how many levels of nested texts are parsed: for example a file's lines inside a YAML list of files

SHORTEST_NAME = 3

SHORTEST_NOUN, MOST_WORDS = 4, 4
SPOKEN = deferred(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")

MOST_INNER = 50
"""The most records in a list of a record whose names may tell the record from others."""

NAMING = deferred(r"(^|_)(name|title|subject|key|slug|code|email|file_?name|label|id)$")
"""Keys that usually name a record; they are tried before others."""


class ValuePlace(NamedTuple):
    """A value in a result.

    :param value: the value.
    :param path: the path to it.
    :param key: the innermost key on the path; empty if there is none.
    :param record: the path of the innermost object that contains it; ``None`` if there is none.
    :param lists: the lists on the path, each as the depth of its position in ``path`` and its length.
    """

    value: Any
    path: tuple[str | int, ...] = ()
    key: str = ""
    record: tuple[str | int, ...] | None = None
    lists: tuple[tuple[int, int], ...] = ()

    @property
    def entry(self) -> tuple[str | int, ...] | None:
        """The path of the outermost item of a list of several that contains it; ``None`` if there is none."""
        depth = next((depth for depth, length in self.lists if length > 1), None)
        return None if depth is None else self.path[: depth + 1]


def places(value: Any) -> list[ValuePlace]:
    """Return every place in ``value``, outer places first, but at most :data:`MOST_PLACES`."""
    found: list[ValuePlace] = []
    _collect(ValuePlace(value), TEXTS, found)
    return found


def leaves(value: Any, at: JsonPath | None = None) -> Iterator[tuple[JsonPath, Any]]:
    """Yield each plain value in an argument with its place. Empty lists and objects count as plain values."""
    at = at or []
    if not value or not isinstance(value, (dict, list)):
        yield at, value
    elif len(at) <= DEPTH:
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            if part and isinstance(part, (dict, list)):
                yield from leaves(part, [*at, key])
            else:
                yield [*at, key], part


def by_name(result: Any, place: ValuePlace, was_said: Callable[[str], bool]) -> tuple[str | int, ...]:
    """Return the place's path with positions in lists of records replaced by records' names where that is proven.

    A name is used if only one record of the list has it, or has a record with it in one of its lists; if it is fixed
    and not data itself (``was_said``), and if it is not the wanted value. Otherwise the position stays, and each run
    takes the record at that position.

    :param result: the result that the place is in.
    :param place: the place.
    :param was_said: returns whether a name is fixed, so that it may be used.
    """
    path = list(only_items(place))
    for depth, length in place.lists:
        records = result_path.follow(result, place.path[:depth])
        position = place.path[depth]
        if length < 2 or not isinstance(position, int) or not isinstance(records[position], dict):
            continue
        own = place.path[depth + 1 : depth + 2]
        names = [(key, value) for key, value in records[position].items() if (key,) != own]
        best = [(key, value) for key, value in names if is_naming(key)]
        others = [(key, value) for key, value in names if not is_naming(key)]
        for key, value in chain(best, _inner_names(records[position]), others):
            if _names_one(records, key, value) and was_said(value) and (step := result_path.record(key, value)):
                path[depth] = step
                break
    return tuple(path)


def noun_of(name: str) -> str | None:
    """Return the last word of a name of several words, by which people speak of a thing; ``None`` if it has none.

    >>> noun_of("Portable Charger"), noun_of("Laptop"), noun_of("Model 417")
    ('charger', None, None)
    """
    words = name.split()
    is_name = 1 < len(words) <= MOST_WORDS and all(SPOKEN.fullmatch(word) for word in words)
    return words[-1].casefold() if is_name and len(words[-1]) >= SHORTEST_NOUN else None


def is_naming(key: str) -> bool:
    """Return whether a key usually names a record, such as ``name``, ``title`` and ``order_id``."""
    return bool(NAMING.search(key.lower().rstrip("_")))


def _inner_names(record: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the names of the records in a record's lists, with their keys in the form of a path: ``items.name``."""
    for outer, items in record.items():
        for item in items[:MOST_INNER] if isinstance(items, list) and "." not in outer else ():
            names = item.items() if isinstance(item, dict) else ()
            yield from ((f"{outer}.{key}", value) for key, value in names if is_naming(key))


def only_items(place: ValuePlace) -> tuple[str | int, ...]:
    """Return the place's path with ``[only]`` for the item of each list that had a single one.

    The recording proves "the only one", not "the first": a task that finds several fails and takes none.
    """
    path = list(place.path)
    for depth, length in place.lists:
        if length == 1:
            path[depth] = result_path.ONLY
    return tuple(path)


def chosen_from(place: ValuePlace, path: Sequence[str | int]) -> list[int]:
    """Return the lengths of the lists (of several items) in which ``path`` still selects by position."""
    return [length for depth, length in place.lists if length > 1 and isinstance(path[depth], int)]


def _names_one(records: list[Any], key: str, value: Any) -> bool:
    if not isinstance(value, str) or len(value.strip()) < SHORTEST_NAME:
        return False
    return sum(result_path.has(entry, key, value) for entry in records if isinstance(entry, dict)) == 1


def _collect(place: ValuePlace, texts: int, found: list[ValuePlace]) -> None:
    """Add a place and those below it to what was found."""
    if len(found) >= MOST_PLACES:
        return
    found.append(place)
    value, path, key, record, lists = place
    if len(path) > DEPTH:
        return
    if isinstance(value, dict):
        for name, part in value.items():
            _collect(ValuePlace(part, (*path, name), name, path, lists), texts, found)
    elif isinstance(value, list):
        inner = (*lists, (len(path), len(value)))
        for index, part in enumerate(value):
            _collect(ValuePlace(part, (*path, index), key, record, inner), texts, found)
            if len(found) >= MOST_PLACES:
                return
    elif isinstance(value, str) and texts and (parsed := text_extract.form_of(value)):
        form, inside = parsed
        _collect(ValuePlace(inside, (*path, f"{result_path.TEXT}{form}"), key, record, lists), texts - 1, found)

"""Every place in a recorded result that an argument may have come from, texts read by their named forms.

A place knows what its value is called (the key above it), to which record of the result it belongs, and which lists it
was picked from. Positions become records' names where the recording allows it, see :func:`by_name`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.languages import result_path, text_forms as text_extract
from airflow_provider_vai.model.base import JsonPath

MOST_PLACES = 20_000
"""Places of one result that are looked at: a larger one is a data set, and its single values prove nothing."""

DEPTH = 40
TEXTS = 2  # how many texts are read inside each other: a file's lines inside a YAML list of files

SHORTEST_NAME = 3

NAMING = re.compile(r"(^|_)(name|title|subject|key|slug|code|email|file_?name|label|id)$")
"""Keys that name a record, tried before others."""


@dataclass(frozen=True)
class ValuePlace:
    """A value in a result.

    :param value: what stands there. :param path: the way to it. :param key: what it is called, empty where nothing
        does. :param record: the path of the innermost object that holds it, if one does.
    :param lists: the lists on the way, each as the depth of its position in ``path`` and its length.
    """

    value: Any
    path: tuple[str | int, ...] = ()
    key: str = ""
    record: tuple[str | int, ...] | None = None
    lists: tuple[tuple[int, int], ...] = ()


def places(value: Any) -> Iterator[ValuePlace]:
    """Yield every place in ``value``, outer ones first; nothing beyond :data:`MOST_PLACES`."""
    for number, place in enumerate(_below(ValuePlace(value), TEXTS)):
        if number >= MOST_PLACES:
            return
        yield place


def leaves(value: Any, at: JsonPath | None = None) -> Iterator[tuple[JsonPath, Any]]:
    """Yield each plain value in an argument with its place; an empty list or object is one, too."""
    at = at or []
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not parts or not value:
        yield at, value
    elif len(at) <= DEPTH:
        for key, part in parts:
            yield from leaves(part, [*at, key])


def by_name(result: Any, place: ValuePlace, was_said: Callable[[str], bool]) -> tuple[str | int, ...]:
    """Return the place's path, each position in a list of records replaced by the record's name where that is proven.

    A name proves something when it stands in one record of the list alone, is settled and no data itself
    (``was_said``), and is not the value that is looked for. Otherwise the position stays, and tomorrow's record at that
    position is taken.
    """
    path = list(only_items(place))
    for depth, length in place.lists:
        records = result_path.follow(result, place.path[:depth])
        position = place.path[depth]
        if length < 2 or not isinstance(position, int) or not isinstance(records[position], dict):
            continue
        own = place.path[depth + 1 : depth + 2]
        names = [(key, value) for key, value in records[position].items() if (key,) != own]
        for key, value in sorted(names, key=lambda pair: not NAMING.search(pair[0].lower().rstrip("_"))):
            if _names_one(records, key, value) and was_said(value) and (step := result_path.record(key, value)):
                path[depth] = step
                break
    return tuple(path)


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
    """Return the lengths of the lists of several items in which ``path`` still picks by position."""
    return [length for depth, length in place.lists if length > 1 and isinstance(path[depth], int)]


def _names_one(records: list[Any], key: str, value: Any) -> bool:
    if not isinstance(value, str) or len(value.strip()) < SHORTEST_NAME:
        return False
    return [entry.get(key) for entry in records if isinstance(entry, dict)].count(value) == 1


def _below(place: ValuePlace, texts: int) -> Iterator[ValuePlace]:
    yield place
    if len(place.path) > DEPTH:
        return
    value = place.value
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _below(ValuePlace(part, (*place.path, key), key, place.path, place.lists), texts)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            lists = (*place.lists, (len(place.path), len(value)))
            yield from _below(ValuePlace(part, (*place.path, index), place.key, place.record, lists), texts)
    elif isinstance(value, str) and texts and (found := text_extract.form_of(value)):
        form, inside = found
        path = (*place.path, f"{result_path.TEXT}{form}")
        yield from _below(ValuePlace(inside, path, place.key, place.record, place.lists), texts - 1)

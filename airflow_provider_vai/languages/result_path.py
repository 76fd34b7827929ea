"""Paths into results: keys and positions, plus parts that parse a text or pick a record by name.

The crystallizer and the tasks share this module, so a task follows a path exactly as it was proven on the recording.
The meaning of a part depends on the value that it is applied to:

- in an object, a string is a **key**, and ``"[only]"`` is its **only value**, whatever its key is;
- in a list, a number is a **position**, ``"[only]"`` is its **only item**, ``"[name=Spotify]"`` is the **only
  record** with that ``name``, and ``"[items.name=Lamp]"`` the only one that has such a record in its list ``items``;
- in a string, ``"text:yaml"`` **parses** it (for the forms, see :mod:`~airflow_provider_vai.languages.text_forms`);
- at the end of a path, ``"is:text"``, ``"is:number"``, ``"is:list"`` or ``"is:object"`` **checks** the value's type.

If an object has the part as a key, it is always that key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from airflow_provider_vai.languages import text_forms as text_extract
from airflow_provider_vai.languages.places import described, has_part, shown_part

TEXT = "text:"
CHECK = "is:"
ONLY = "[only]"
RECORD = re.compile(r"\[([^=\[\]]+)=(.*)\]", re.DOTALL)


def follow(value: Any, path: Sequence[str | int]) -> Any:
    """Return the part of ``value`` at ``path``.

    :param value: JSON data.
    :param path: Parts as described above.
    :raises LookupError: the path does not exist, a text is not in the form, no record or several records match, or the
        value has another type. The message says how far the path leads and what was found there.
    """
    for depth, part in enumerate(path):
        try:
            value = _entered(value, part, is_last=depth == len(path) - 1)
        except (KeyError, IndexError, ValueError) as error:
            place = "".join(f"[{shown_part(step)}]" for step in path[:depth]) or "the top level"
            why = f"{error}, " if type(error) is ValueError else ""
            raise LookupError(f"no {shown_part(part)} at {place}: {why}found {described(value)}") from None
    return value


def record(key: str, value: Any) -> str | None:
    """Return the path part that picks the record whose ``key`` is ``value``; ``None`` if that cannot be written."""
    part = f"[{key}={_as_text(value)}]"
    found = RECORD.fullmatch(part)
    return part if found and found.groups() == (key, _as_text(value)) else None


def check(value: Any) -> str | None:
    """Return the path part that checks the type of ``value``; ``None`` for null and booleans, which are not wired."""
    name = _type(value)
    return f"{CHECK}{name}" if name else None


def _entered(value: Any, part: str | int, *, is_last: bool) -> Any:
    if has_part(value, part):
        return value[part]
    if isinstance(value, (dict, list)) and part == ONLY:
        return _only(value)
    if isinstance(part, str):
        if isinstance(value, list) and (named := RECORD.fullmatch(part)):
            return _picked(value, named.group(1), named.group(2))
        if isinstance(value, str) and part.startswith(TEXT):
            return text_extract.parse(value, part.removeprefix(TEXT))
        if is_last and part.startswith(CHECK) and _type(value) == part.removeprefix(CHECK):
            return value
    raise KeyError(part)


def _picked(records: list[Any], key: str, text: str) -> Any:
    found = [entry for entry in records if isinstance(entry, dict) and has(entry, key, text)]
    if len(found) != 1:
        raise ValueError(f"{len(found) or 'no'} records match")
    return found[0]


def has(entry: dict[str, Any], key: str, text: str) -> bool:
    """Return whether a record has a value, itself or in a record of one of its lists: ``items.name``."""
    if key in entry:
        return _as_text(entry[key]) == text
    outer, _, inner = key.partition(".")
    items = entry.get(outer) if inner else None
    return isinstance(items, list) and any(
        isinstance(item, dict) and inner in item and _as_text(item[inner]) == text for item in items
    )


def _only(value: dict[str, Any] | list[Any]) -> Any:
    if len(value) != 1:
        raise ValueError(f"{len(value)} {'keys' if isinstance(value, dict) else 'items'} instead of one")
    return next(iter(value.values() if isinstance(value, dict) else value))


def _as_text(value: Any) -> str | None:
    """Return a scalar as the text that a record part compares; ``None`` for lists, objects and null."""
    if value is None or isinstance(value, (dict, list)):
        return None
    return value if isinstance(value, str) else json.dumps(value)


def _type(value: Any) -> str | None:
    if isinstance(value, bool) or value is None:
        return None
    return {str: "text", int: "number", float: "number", list: "list", dict: "object"}.get(type(value))

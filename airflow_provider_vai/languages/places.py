"""Places inside JSON data: reading the value at one, and putting another value there.

A path is a list of object keys (text) and list positions (numbers). A place is the same as text, as a person writes it
for an argument: ``arguments.to``, ``json.items.0.price``; keys that hold a dot cannot be named so. Operators import
this module when a DAG file is parsed: it imports nothing but the standard library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_vai.languages.short_text import cut

SHOWN_KEYS = 20


def value_at(value: Any, path: Sequence[str | int], *, of: str = "") -> Any:
    """Return the value at a path.

    :param value: JSON data: text is a key of an object, a number a position in a list.
    :param of: what the value is, for the message (``the param payload``).
    :raises LookupError: there is no such path in the value; the message says how far the path leads.
    """
    for depth, part in enumerate(path):
        if not has_part(value, part):
            parts = [f"[{shown_part(step)}]" for step in path[: depth + 1]]
            above = "".join(parts[:-1]) or of or "the value"
            raise LookupError(f"nothing is at {''.join(parts)}{of and f' of {of}'}: {above} is {described(value)}")
        value = value[part]
    return value


def value_or(value: Any, path: Sequence[str | int], default: Any = None) -> Any:
    """Return the value at a path, ``default`` if there is no such path."""
    for part in path:
        if not has_part(value, part):
            return default
        value = value[part]
    return value


def with_value(value: Any, path: Sequence[str | int], new: Any) -> Any:
    """Return a copy of a value with ``new`` at a path; the last key of the path may be a new one of an object.

    :raises LookupError: there is no such path in the value; the message says how far the path leads.
    """
    if not path:
        return new
    if not (len(path) == 1 and isinstance(value, dict)):
        value_at(value, path[:1])
    copy = value.copy()
    copy[path[0]] = with_value(value[path[0]], path[1:], new) if len(path) > 1 else new
    return copy


def has_part(value: Any, part: str | int) -> bool:
    """Return whether a value is an object with this key, or a list with this position."""
    if isinstance(value, dict):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and -len(value) <= part < len(value)


def described(value: Any) -> str:
    """Return what ``value`` is, for messages: its type and size or keys, never a text's words."""
    if isinstance(value, dict):
        return f"an object with the keys {sorted(map(str, value))[:SHOWN_KEYS]}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    return "nothing (null)" if value is None else f"a {type(value).__name__}"


def shown_part(part: str | int) -> str:
    """Return a key or position as messages show it, a long key cut."""
    return cut(repr(part))


def at(arguments: Any, place: str) -> Any:
    """Return the value at a place.

    :raises LookupError: there is none.
    """
    return value_at(arguments, path_of(arguments, place))


def path_of(arguments: Any, place: str) -> list[str | int]:
    """Return the path of a place: the parts that lead into lists are numbers.

    :raises LookupError: there is no such place.
    """
    path: list[str | int] = []
    value = arguments
    for part in place.split("."):
        try:
            path.append(int(part) if isinstance(value, list) else part)
            value = value_at(value, path[-1:])
        except (LookupError, ValueError):
            raise LookupError(f"no argument at {place!r}") from None
    return path


def edited(arguments: dict[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with each place in ``edits`` replaced by its ``to``; the given ones stay as they are.

    :param edits: place -> ``{"from": the value before, "to": the value instead}``.
    :raises LookupError: there is no such place.
    """
    for place, edit in edits.items():
        arguments = with_value(arguments, path_of(arguments, place), edit["to"])
    return arguments

"""Places inside JSON data: reading the value at one, and putting another value there.

A path is a list of object keys and list positions. A place is the same as text, as a person writes it for an argument:
``arguments.to``, ``json.items.0.price``; keys that hold a dot cannot be named so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def value_at(value: Any, path: Sequence[str | int]) -> Any:
    """Return the value at a path.

    :raises LookupError: there is no such path in the value.
    """
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            raise LookupError(f"nothing at {'.'.join(map(str, path))!r}") from None
    return value


def with_value(value: Any, path: Sequence[str | int], new: Any) -> Any:
    """Return a copy of a value with ``new`` at a path; the last key of the path may be a new one.

    :raises LookupError: there is no such path in the value.
    """
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = with_value(value[path[0]], path[1:], new) if len(path) > 1 else new
    return copy


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
            value = value[path[-1]]
        except (KeyError, IndexError, TypeError, ValueError):
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

"""Changes that a person made to a step's arguments when approving it, and the places inside arguments that they name.

A place is the argument's name and what leads into its value: ``arguments.to``, ``json.items.0.price``. Keys that hold a
dot cannot be named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def at(arguments: Any, place: str) -> Any:
    """Return the value at a place.

    :raises LookupError: there is none.
    """
    value = arguments
    for part in place.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError, ValueError):
            raise LookupError(f"no argument at {place!r}") from None
    return value


def edited(arguments: dict[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with each place in ``edits`` replaced by its ``to``; the given ones stay as they are.

    :param edits: place -> ``{"from": the value before, "to": the value instead}``.
    :raises LookupError: there is no such place.
    """
    for place, edit in edits.items():
        at(arguments, place)
        arguments = _put(arguments, place.split("."), edit["to"])
    return arguments


def _put(value: Any, parts: list[str], new: Any) -> Any:
    if not parts:
        return new
    copy = value.copy()
    key = int(parts[0]) if isinstance(value, list) else parts[0]
    copy[key] = _put(value[key], parts[1:], new)
    return copy

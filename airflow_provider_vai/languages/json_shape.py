"""The shape that a later answer must have, from the one that was recorded: a small JSON Schema."""

from __future__ import annotations

from collections import deque
from typing import Any

PROPERTIES = 40
"""How many properties a shape names in all; those of deeper levels are left out first."""

_TYPES = {bool: "boolean", int: "number", float: "number", str: "string", type(None): "null", dict: "object"}


def expected_shape(value: Any, depth: int = 3) -> dict[str, Any]:
    """Return what a value must look like to pass for the recorded one; the value itself always does.

    Whole numbers and others are one type. Of the items of a list the shapes are merged: a property of all of them is
    required, and a type of any of them is allowed. A recorded null says nothing of the type.

    :param value: JSON data.
    :param depth: how many levels of nesting are described.
    """
    root: dict[str, Any] = {}
    places = deque([(root, [value], depth)])
    left = PROPERTIES
    while places:
        shape, seen, below = places.popleft()
        if all(part is None for part in seen):
            continue
        types = sorted({_TYPES.get(type(part), "array") for part in seen})
        shape["type"] = types[0] if len(types) == 1 else types
        if below == 0:
            continue
        parts = _properties(seen, left)
        left -= len(parts)
        items = [item for part in seen if isinstance(part, list) for item in part]
        if parts:
            objects = sum(isinstance(part, dict) for part in seen)
            shape["properties"] = {name: {} for name in parts}
            shape["required"] = [name for name, found in parts.items() if len(found) == objects]
            places.extend((shape["properties"][name], found, below - 1) for name, found in parts.items())
        if items:
            shape["items"] = {}
            places.append((shape["items"], items, below - 1))
    return root


def _properties(seen: list[Any], limit: int) -> dict[str, list[Any]]:
    """Return the values of the first ``limit`` properties, those of the most objects first."""
    found: dict[str, list[Any]] = {}
    for part in seen:
        for name, value in part.items() if isinstance(part, dict) else ():
            found.setdefault(name, []).append(value)
    names = sorted(found, key=lambda name: -len(found[name]))
    return {name: found[name] for name in names[:limit]}

"""Derives a small JSON Schema from a recorded answer, for later answers to match."""

from __future__ import annotations

from collections import deque
from typing import Any

PROPERTIES = 40
"""Maximum number of properties in a shape; those of deeper levels are left out first."""

_TYPES = {bool: "boolean", int: "number", float: "number", str: "string", type(None): "null", dict: "object"}


def expected_shape(value: Any, depth: int = 3) -> dict[str, Any]:
    """Return a JSON Schema that describes the shape of a recorded value. The value itself always matches it.

    Integers and other numbers count as one type. The shapes of a list's items are merged: a property of all items is
    required, and the type of any item is allowed. A recorded null does not restrict the type.

    :param value: JSON data.
    :param depth: How many levels of nesting to describe.
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
    """Return the values of up to ``limit`` properties by name, the most frequent properties first."""
    found: dict[str, list[Any]] = {}
    for part in seen:
        for name, value in part.items() if isinstance(part, dict) else ():
            found.setdefault(name, []).append(value)
    names = sorted(found, key=lambda name: -len(found[name]))
    return {name: found[name] for name in names[:limit]}

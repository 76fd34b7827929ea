"""Reads and replaces values inside JSON data by path.

A path is a list of object keys (strings) and list positions (integers). A place is a path in text form, as a person
writes it for an argument: ``arguments.to``, ``json.items.0.price``. A place cannot contain a key with a dot. Operators
import this module when a DAG file is parsed, so it imports only the standard library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.short_text import cut

SHOWN_KEYS = 20


def value_at(value: Any, path: Sequence[str | int], *, of: str = "") -> Any:
    """Return the value at a path.

    :param value: JSON data.
    :param path: Keys of objects (strings) and positions in lists (integers).
    :param of: What the value is, for the message (``the param payload``).
    :raises LookupError: the path does not exist; the message names the last value that does.
    """
    for depth, part in enumerate(path):
        if not has_part(value, part):
            shown = [f"[{shown_part(step)}]" for step in path[: depth + 1]]
            place, before = "".join(shown), "".join(shown[:-1]) or "the whole value"
            raise LookupError(f"no value at {place}{of and f' of {of}'}: {before} is {described(value)}")
        value = value[part]
    return value


def value_or(value: Any, path: Sequence[str | int], default: Any = None) -> Any:
    """Return the value at a path; ``default`` if the path does not exist."""
    for part in path:
        if not has_part(value, part):
            return default
        value = value[part]
    return value


def with_value(value: Any, path: Sequence[str | int], new: Any) -> Any:
    """Return a copy of a value with ``new`` at a path. The last part of the path may be a new key of an object.

    :raises LookupError: the path does not exist; the message names the last value that does.
    """
    if not path:
        return new
    if not (len(path) == 1 and isinstance(value, dict)):
        value_at(value, path[:1])
    copy = value.copy()
    copy[path[0]] = with_value(value[path[0]], path[1:], new) if len(path) > 1 else new
    return copy


def texts(value: Any, place: list[str | int]) -> Iterator[tuple[list[str | int], str]]:
    """Yield each text in JSON data with its place.

    :param value: the JSON data.
    :param place: the place of the data itself, with which every yielded place starts.
    """
    if isinstance(value, str):
        yield place, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from texts(part, [*place, key])


def has_part(value: Any, part: str | int) -> bool:
    """Return whether a value is an object with this key, or a list with this position."""
    if isinstance(value, dict):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and -len(value) <= part < len(value)


def described(value: Any) -> str:
    """Return a description of ``value`` for messages: its type, size or keys, but never the content of a string."""
    if isinstance(value, dict):
        return f"an object with the keys {sorted(map(str, value))[:SHOWN_KEYS]}"
    if isinstance(value, list):
        return f"a list of length {len(value)}"
    if isinstance(value, str):
        return f"a string of {plural(len(value), 'character')}"
    names = {type(None): "null", bool: "a boolean", int: "an integer", float: "a number"}
    return names.get(type(value)) or f"a {type(value).__name__}"


def shown_part(part: str | int) -> str:
    """Return a key or position for messages; a long key is cut."""
    return cut(repr(part))


def at(arguments: Any, place: str) -> Any:
    """Return the value at a place.

    :raises LookupError: the place does not exist.
    """
    return value_at(arguments, path_of(arguments, place))


def path_of(arguments: Any, place: str) -> list[str | int]:
    """Return the path of a place; its parts that lead into lists are integers.

    :raises LookupError: the place does not exist.
    """
    path: list[str | int] = []
    value = arguments
    for part in place.split("."):
        try:
            path.append(int(part) if isinstance(value, list) else part)
            value = value_at(value, path[-1:])
        except (LookupError, ValueError):
            raise LookupError(f"there is no argument at {place!r}") from None
    return path


def edited(arguments: dict[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the arguments with the value at each place in ``edits`` replaced.

    :param edits: place -> ``{"from": old value, "to": new value}``.
    :raises LookupError: a place does not exist.
    """
    for place, edit in edits.items():
        arguments = with_value(arguments, path_of(arguments, place), edit["to"])
    return arguments

"""JSON data compared by meaning: other spellings of one value are equal.

A call that a person denied must not pass because an amount is written as ``1000.0``, a name in capitals, or because a
field that was absent is now ``null``. Gates import this module when a DAG file is parsed: standard library only.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from airflow_provider_vai.languages.unseen import is_unseen

LONGEST_NUMBER = 40
"""Characters of a text that may be a number."""

SHORTEST_SHARED = 3
"""Characters of a text that two calls have in common not by chance."""

Leaf = tuple[tuple[str | int, ...], Any]


def meaning(value: Any) -> Any:
    """Return a form of JSON data that is equal for all spellings of it.

    Numbers and texts that are numbers are equal if their values are; texts are compared without case, invisible
    characters, compatibility forms and surplus white space; object fields that are ``null`` count as absent.
    ``true`` and ``false`` equal only themselves.
    """
    if isinstance(value, Mapping):
        parts = {_text(str(key)): meaning(part) for key, part in value.items() if part is not None}
        return ("object", tuple(sorted(parts.items(), key=lambda pair: pair[0])))
    if isinstance(value, (list, tuple)):
        return ("list", tuple(meaning(part) for part in value))
    if value is None or isinstance(value, bool):
        return ("flag", value)
    if isinstance(value, (int, float)):
        return _number(str(value)) or ("text", str(value))
    text = _text(str(value))
    return (_number(text) if len(text) <= LONGEST_NUMBER else None) or ("text", text)


def repeats(arguments: Mapping[str, Any], call: Mapping[str, Any]) -> bool:
    """Return whether arguments have everything that a call had, by meaning.

    :param arguments: of a step, by name. :param call: the arguments of a recorded call, by name.
    """
    return all(meaning(arguments.get(name)) == meaning(value) for name, value in call.items() if value is not None)


def shared_texts(arguments: Mapping[str, Any], call: Mapping[str, Any]) -> list[str]:
    """Return the places at which arguments and a call have the same text, by meaning: such as the same recipient.

    :return: the places as text, ``arguments.to``.
    """
    own = dict(_leaves(arguments))
    texts = [(place, value) for place, value in _leaves(call) if isinstance(value, str)]
    long_enough = [(place, value) for place, value in texts if len(value.strip()) >= SHORTEST_SHARED]
    return [".".join(map(str, place)) for place, value in long_enough if meaning(own.get(place)) == meaning(value)]


def _leaves(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[Leaf]:
    parts = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else None
    if parts is None:
        yield place, value
        return
    for key, part in parts:
        yield from _leaves(part, (*place, key))


def _text(text: str) -> str:
    """Return a text without what nobody sees: case, compatibility forms, invisible characters, surplus white space."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join("".join(char for char in folded if not is_unseen(char) or char.isspace()).split())


def _number(text: str) -> tuple[str, Any] | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return ("number", number) if number.is_finite() else None

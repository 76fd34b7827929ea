"""Which JSON data Airflow can store: every text but NUL and half a surrogate pair, and numbers of 64 bits.

PostgreSQL refuses NUL in text and JSON (``invalid byte sequence``, ``unsupported Unicode escape sequence``), and half a
pair cannot be encoded as UTF-8. Airflow's DAG processor ends when it stores a DAG with either of them, and begins anew.
A worker can send only integers of 64 bits to its supervisor. PostgreSQL returns a float without decimals, such as
1e308, as an integer, so its size counts as well.
"""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_vai.secrets.patterns import deferred

_UNSTORABLE = deferred("[\0\ud800-\udfff]")
_HALF_PAIR = deferred("[\ud800-\udfff]")

_LARGEST = 2**63

_written = json.JSONEncoder(ensure_ascii=False).encode

REMEDY = "Remove the character from the text, or leave out the recorded call that contains it."


def text_problem(text: str, *, nul: bool = False) -> str | None:
    """Return why Airflow cannot store a text, as a phrase such as ``contains ...``; ``None`` if it can.

    :param text: The text.
    :param nul: Whether NUL is accepted: in a file that no database stores.
    """
    if text.isascii() and (nul or "\0" not in text):
        return None
    found = (_HALF_PAIR if nul else _UNSTORABLE).search(text)
    if found is None:
        return None
    if found[0] == "\0":
        return "contains the character U+0000 (NUL), which databases refuse"
    return "contains half a surrogate pair (a lone surrogate), which cannot be encoded as UTF-8"


def is_storable_number(value: int | float) -> bool:
    """Return whether a number fits into 64 bits, so that it is still one when it comes back from the database."""
    return -_LARGEST <= value < _LARGEST


def storable(text: str) -> str:
    """Return a text for people with each character that cannot be stored replaced by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def unstorable(value: Any, *, nul: bool = False) -> tuple[list[str | int], str] | None:
    """Return the first text in JSON data that Airflow cannot store.

    :param value: JSON data. Keys count as well. It is not searched recursively, so it may be nested to any depth.
    :param nul: See :func:`text_problem`.
    :return: the keys and positions that lead to the text (for a key, to its object) and the problem; ``None`` if every
        text can be stored.
    """
    if _is_plainly_storable(value, nul=nul):
        return None
    from airflow_provider_vai.secrets.masking import mask

    waiting: list[tuple[Any, Any]] = [(value, None)]  # a place is linked to the one around it, so that none is copied
    while waiting:
        part, place = waiting.pop()
        if isinstance(part, str):
            if problem := text_problem(part, nul=nul):
                return _path(place), f"the text {mask(part)[:40]!a} {problem}"
        elif isinstance(part, dict):
            for key in part:
                if isinstance(key, str) and (problem := text_problem(key, nul=nul)):
                    return _path(place), f"the key {mask(key)[:40]!a} {problem}"
            waiting += [(inside, (place, key)) for key, inside in reversed(part.items())]
        elif isinstance(part, (list, tuple)):
            waiting += [(part[index], (place, index)) for index in range(len(part) - 1, -1, -1)]
    return None


def _is_plainly_storable(value: Any, *, nul: bool) -> bool:
    """Return whether every text in JSON data can be stored, as far as that is quickly seen; ``False``: look closely."""
    try:
        text = _written(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return (nul or "\\u0000" not in text) and (text.isascii() or not _HALF_PAIR.search(text))


def _path(place: Any) -> list[str | int]:
    parts: list[str | int] = []
    while place is not None:
        place, part = place
        parts.append(part)
    return parts[::-1]

"""Which values that the user said may become DAG params, and what a param may hold.

The user's words alone are no proof: "north" stands in many sentences. A text that hardly anything else equals counts by
itself; a plain word or number only where the user's sentence names it (beside the argument's own name, in quotes, or as
a proper noun), as :mod:`~airflow_provider_vai.crystallizer.evidence.weight` weighs values for wires.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from airflow_provider_vai.crystallizer.draft import Draft
from airflow_provider_vai.crystallizer.evidence.weight import SPEAKING, weight
from airflow_provider_vai.model.base import JsonPath
from airflow_provider_vai.secrets.masking import mask

LONGEST = 200
"""Characters. A longer text is a dictated body, and no field of a form."""

DECIDING = frozenset(
    {
        *("sql", "query_sql", "statement", "command", "cmd", "code", "script", "shell", "expression", "condition"),
        *("callable", "python_callable", "function", "tool", "tool_name", "tool_names", "tools", "action", "operation"),
        *("method", "endpoint", "headers", "connection", "connection_id", "conn", "model", "model_id", "agent"),
        *("dataset", "table", "tables", "schema", "database", "destination", "source", "source_config", "charts"),
    }
)
"""Names of arguments that decide what runs, or where it writes, in tools of which nothing else is known."""

STATEMENT = re.compile(
    r"\s*(select|insert|update|delete|with|create|drop|alter|merge|truncate|grant|call)\s+\S+\s", re.IGNORECASE
)
EMAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
SPEAKING_DIGITS = 3
"""Of a number that nobody says by the way."""

LARGEST_NUMBER = 2**53
"""A form in a browser changes larger ones."""

APOSTROPHES = "'\u2018\u2019"
QUOTES = f'"`\u201c\u201d\u201e\u00ab\u00bb{APOSTROPHES}'


def decides(draft: Draft, at: JsonPath) -> bool:
    """Return whether a place is in an argument that decides what runs: no param and no date may stand there.

    :param at: the place, the argument's name first.
    """
    if at[0] in draft.kind.never_wired or draft.kind.name == "unmapped_tool":
        return True
    names = [str(part).lower() for part in at if isinstance(part, str)]
    return any(name in DECIDING or name.endswith(("conn_id", "_sql", "_command")) for name in names)


def may_be_asked_for(value: Any, at: JsonPath, words: str) -> bool:
    """Return whether a value that the user said is one that another run may want to change.

    :param value: a plain value. :param at: its place, the argument's name first. :param words: the user's, up to the
        call, as written.
    """
    if isinstance(value, str):
        if len(value) > LONGEST or value != value.strip() or not value.isprintable():
            return False
        if STATEMENT.match(value) or mask(value) != value:
            return False
    elif value is None or isinstance(value, (list, dict)) or abs(value) > LARGEST_NUMBER:
        return False
    match weight(value):
        case "strong" if isinstance(value, str) and not SPEAKING.search(value):
            return value in words  # "difference for March", said by the way, is no subject "Difference for March"
        case "strong" | "date":
            return True
        case "word" | "number":
            return is_named(value, at, words)
    return False


def is_named(value: Any, at: JsonPath, words: str) -> bool:
    """Return whether a sentence says a plain word or number as the value that it is, and not by the way."""
    key = next((part for part in reversed(at) if isinstance(part, str)), "")
    keys = re.findall(r"[^\W\d_]{3,}", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", key).lower())
    text = value if isinstance(value, str) else str(abs(value)).removesuffix(".0")
    if not isinstance(value, str) or text.isdecimal():
        digits = sum(character.isdigit() for character in text)
        return digits >= SPEAKING_DIGITS or _beside(rf"{re.escape(text)}0?", keys, words)
    written = re.escape(value)
    if re.search(rf"[{QUOTES}]{written}[{QUOTES}]", words, re.IGNORECASE):
        return True
    within = rf"[^\W\d_][{APOSTROPHES}]?[,;:]? {written}(?!\w)"  # no capital because a sentence begins
    named = rf"(?<!\w){written} [^\W\d_a-z]"
    proper = value[:1].isupper() and (re.search(within, words) or re.search(named, words))
    return bool(proper) or _beside(written, keys, words)


def _beside(written: str, keys: Sequence[str], words: str) -> bool:
    """Return whether one of the names stands right before or after the value."""
    gap = r"[^\w.!?]{1,3}(?:(?:is|of|to|the|named|called|in)[^\w.!?]{1,2})?"
    return any(
        re.search(rf"(?<!\w)(?:{name}s?{gap}{written}|{written}[^\w.!?]{{1,3}}{name})(?!\w)", words, re.IGNORECASE)
        for name in keys
    )


def schema_of(value: str | int | float) -> dict[str, Any]:
    """Return the JSON Schema of a param: its type, and the format where the form has a field for it."""
    if isinstance(value, str):
        if _is_day(value):
            return {"type": "string", "format": "date"}
        if MOMENT.fullmatch(value):
            return {"type": "string", "format": "date-time"}
        return {"type": "string", "format": "email"} if EMAIL.fullmatch(value) else {"type": "string"}
    return {"type": "integer" if isinstance(value, int) else "number"}


def another(value: str | int | float) -> str | int | float:
    """Return a second value of the same type and format, for the proof."""
    if isinstance(value, str):
        if _is_day(value):
            return "2001-02-03" if value != "2001-02-03" else "2001-02-04"
        if MOMENT.fullmatch(value):
            return value.replace(value[:4], "2001" if value[:4] != "2001" else "2002", 1)
        return f"x{value}"
    return value + 1


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False

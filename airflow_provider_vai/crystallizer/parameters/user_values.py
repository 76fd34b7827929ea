"""Decides which of the user's values may become DAG params, and which JSON Schema a param has.

It is not enough that the user's words contain a value: "north" is part of many sentences. A distinctive text counts by
itself. A plain word or number counts only if the user's sentence names it: next to the argument's own name, in quotes,
or as a proper noun. How distinctive a value is, :mod:`~airflow_provider_vai.crystallizer.evidence.weight` decides.
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
from airflow_provider_vai.secrets.patterns import deferred

LONGEST = 200
"""The most characters of a param's default. A longer text is a dictated body, not a form field."""

DECIDING = frozenset(
    {
        *("sql", "query_sql", "statement", "command", "cmd", "code", "script", "shell", "expression", "condition"),
        *("callable", "python_callable", "function", "tool", "tool_name", "tool_names", "tools", "action", "operation"),
        *("method", "endpoint", "headers", "connection", "connection_id", "conn", "model", "model_id", "agent"),
        *("dataset", "table", "tables", "schema", "database", "destination", "source", "source_config", "charts"),
    }
)
"""Names of arguments that decide what runs, or where it writes, in tools about which nothing else is known."""

STATEMENT = deferred(
    r"\s*(select|insert|update|delete|with|create|drop|alter|merge|truncate|grant|call)\s+\S+\s", re.IGNORECASE
)
EMAIL = deferred(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+")
MOMENT = deferred(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
SPEAKING_DIGITS = 3
"""A number with at least this many digits is distinctive enough to count by itself."""

LARGEST_NUMBER = 2**53
"""Forms in browsers lose the precision of larger numbers."""

APOSTROPHES = "'\u2018\u2019"
QUOTES = f'"`\u201c\u201d\u201e\u00ab\u00bb{APOSTROPHES}'


def decides(draft: Draft, at: JsonPath) -> bool:
    """Return whether a place is in an argument that decides what runs. It must not become a param or a template.

    :param draft: the step.
    :param at: the place, the argument's name first.
    """
    if at[0] in draft.kind.never_wired or draft.kind.name == "unmapped_tool":
        return True
    names = [str(part).lower() for part in at if isinstance(part, str)]
    return any(name in DECIDING or name.endswith(("conn_id", "_sql", "_command")) for name in names)


def may_be_asked_for(value: Any, at: JsonPath, words: str) -> bool:
    """Return whether a value that the user said is suitable as a param.

    :param value: a plain value.
    :param at: the value's place, the argument's name first.
    :param words: the user's words up to the call, as written.
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
            return value in words  # in the same case: "difference for March" is not the subject "Difference for March"
        case "strong" | "date":
            return True
        case "word" | "number":
            return is_named(value, at, words)
    return False


def is_named(value: Any, at: JsonPath, words: str) -> bool:
    """Return whether the user's words name a plain word or number as a value, and do not merely contain it."""
    key = next((part for part in reversed(at) if isinstance(part, str)), "")
    keys = re.findall(r"[^\W\d_]{3,}", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", key).lower())
    text = value if isinstance(value, str) else str(abs(value)).removesuffix(".0")
    if not isinstance(value, str) or text.isdecimal():
        digits = sum(character.isdigit() for character in text)
        return digits >= SPEAKING_DIGITS or _beside(rf"{re.escape(text)}0?", keys, words)
    written = re.escape(value)
    if re.search(rf"[{QUOTES}]{written}[{QUOTES}]", words, re.IGNORECASE):
        return True
    within = rf"[^\W\d_][{APOSTROPHES}]?[,;:]? {written}(?!\w)"  # capitalized inside a sentence, not at its start
    named = rf"(?<!\w){written} [^\W\d_a-z]"
    proper = value[:1].isupper() and (re.search(within, words) or re.search(named, words))
    return bool(proper) or _beside(written, keys, words)


def _beside(written: str, keys: Sequence[str], words: str) -> bool:
    """Return whether one of the names is directly before or after the value."""
    gap = r"[^\w.!?]{1,3}(?:(?:is|of|to|the|named|called|in)[^\w.!?]{1,2})?"
    return any(
        re.search(rf"(?<!\w)(?:{name}s?{gap}{written}|{written}[^\w.!?]{{1,3}}{name})(?!\w)", words, re.IGNORECASE)
        for name in keys
    )


def schema_of(value: str | int | float) -> dict[str, Any]:
    """Return the JSON Schema of a param: its type, and its format if Airflow's form has a field for that format."""
    if isinstance(value, str):
        if _is_day(value):
            return {"type": "string", "format": "date"}
        if MOMENT.fullmatch(value):
            return {"type": "string", "format": "date-time"}
        return {"type": "string", "format": "email"} if EMAIL.fullmatch(value) else {"type": "string"}
    return {"type": "integer" if isinstance(value, int) else "number"}


def another(value: str | int | float) -> str | int | float:
    """Return a different value of the same type and format, for the substitution proof."""
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

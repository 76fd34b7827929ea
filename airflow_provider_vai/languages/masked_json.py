"""Writes JSON for readers outside: credentials masked, times in UTC, ASCII only."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timezone
from typing import Any

from airflow_provider_vai.secrets.masking import masked


def masked_json(content: Any, transparent: Collection[str] = ()) -> bytes:
    """Return JSON text with every credential masked.

    Text is written as ASCII: a trace may hold characters that UTF-8 cannot express.

    :param content: data of JSON types and times.
    :param transparent: keys that do not name the values below them, see :func:`~airflow_provider_vai.secrets.visit`.
    """
    document = json.loads(json.dumps(content, default=_in_utc, allow_nan=False))
    shown = masked(document, transparent=transparent)
    return json.dumps(shown, allow_nan=False, separators=(",", ":")).encode("ascii")


def utc(at: datetime) -> str:
    """Return a time in UTC as RFC 3339 wants it; one without a time zone is taken as UTC.

    :param at: the time.
    """
    aware = at if at.tzinfo else at.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def _in_utc(value: Any) -> str:
    if isinstance(value, datetime):
        return utc(value)
    raise TypeError(f"{type(value).__name__} is not a type of JSON")

"""Text from outside the program, on one line and safe to show in a terminal or on a page."""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_vai.languages.short_text import cut

SHOWN_CHARACTERS = 60


def plain(text: object, limit: int = 200) -> str:
    """Return ``text`` on one line of at most ``limit`` characters, with everything that is not printable escaped."""
    whole = str(text)
    if len(whole) <= limit and whole.isprintable():
        return whole
    shown = "".join(c if c.isprintable() else ("␤" if c == "\n" else repr(c)[1:-1]) for c in whole[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def shown(value: Any) -> str:
    """Return a value as JSON for a message: short, on one line, and with credentials masked."""
    from airflow_provider_vai.secrets.masking import mask  # not needed for plain texts, and slow to import

    return cut(mask(json.dumps(value, ensure_ascii=False, default=str)), SHOWN_CHARACTERS)

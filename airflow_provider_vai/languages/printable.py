"""Text from outside on one line, as a terminal or a page may show it."""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.secrets.masking import mask

SHOWN_CHARACTERS = 60


def plain(text: object, limit: int = 200) -> str:
    """Return ``text`` on one line, cut at ``limit``, with everything that is not printable written as an escape."""
    whole = str(text)
    if len(whole) <= limit and whole.isprintable():
        return whole
    shown = "".join(c if c.isprintable() else ("␤" if c == "\n" else repr(c)[1:-1]) for c in whole[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def shown(value: Any) -> str:
    """Return a value for a message: short, on one line, and without a credential."""
    return cut(mask(json.dumps(value, ensure_ascii=False, default=str)), SHOWN_CHARACTERS)

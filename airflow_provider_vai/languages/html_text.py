"""Escapes values for HTML pages."""

from __future__ import annotations

import re
from html import escape
from typing import Any

# Characters that neither HTML nor XML allows.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def text(value: Any) -> str:
    """Return a value as text, with markup escaped and characters that HTML does not allow replaced."""
    return escape(_NOT_TEXT.sub("\ufffd", str(value)), quote=True)


def clean(value: Any) -> Any:
    """Return JSON data with characters that HTML does not allow replaced, in texts and keys."""
    if isinstance(value, str):
        return _NOT_TEXT.sub("\ufffd", value)
    if isinstance(value, dict):
        return {clean(key): clean(part) for key, part in value.items()}
    return [clean(part) for part in value] if isinstance(value, (list, tuple)) else value

"""Values as text that an HTML page can carry, and that is no markup in it."""

from __future__ import annotations

import re
from html import escape
from typing import Any

# Neither HTML nor XML can carry these.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def text(value: Any) -> str:
    """Return a value as text that is no markup."""
    return escape(_NOT_TEXT.sub("\ufffd", str(value)), quote=True)


def clean(value: Any) -> Any:
    """Return JSON data without the characters that no page can carry."""
    if isinstance(value, str):
        return _NOT_TEXT.sub("\ufffd", value)
    if isinstance(value, dict):
        return {clean(key): clean(part) for key, part in value.items()}
    return [clean(part) for part in value] if isinstance(value, (list, tuple)) else value

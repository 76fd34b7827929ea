"""Text from outside as a page shows it: credentials masked, and characters that nobody sees made visible."""

from __future__ import annotations

import unicodedata

from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.secrets.masking import mask

LONGEST = 200_000
"""A longer text is cut: a page that a browser cannot lay out helps nobody."""

_KEPT = "\n\t"
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in _KEPT} | {0x7F: "\u2421"}
_INVISIBLE = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
"""Unicode categories of control, format, private and surrogate characters, and of line and paragraph separators."""


def visible(text: str) -> str:
    """Return a text with its credentials masked and its control, format and direction characters shown as marks.

    A direction mark could make a reviewer read another text than the one that runs (https://trojansource.codes). Line
    breaks and tabs stay.

    :param text: any text; what follows the first :data:`LONGEST` characters is left out, and the text says so.
    """
    rest = len(text) - LONGEST
    shown = mask(text[:LONGEST])
    if not shown.isprintable():
        shown = "".join(character if character.isprintable() else _mark(character) for character in shown)
    return f"{shown}… ({plural(rest, 'more character')})" if rest > 0 else shown


def _mark(character: str) -> str:
    code = ord(character)
    if character in _KEPT or unicodedata.category(character) not in _INVISIBLE:
        return character
    return _PICTURES.get(code) or f"\u27e8U+{code:04X}\u27e9"

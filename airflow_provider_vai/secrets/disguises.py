"""Undoes what makes a text look like another: characters without width, wide letters, letters of other scripts.

A name such as ``password`` is recognised although someone copied it from a page, with a no-break space or a soft hyphen
in it, or wrote one letter of it in Cyrillic.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_UNUSUAL = re.compile(
    "[\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u2064"
    "\u2066-\u206f\u2236\u3000\u3164\ua789\ufe00-\ufe0f\ufe13\ufe55\ufeff\uff01-\uff5e\uffa0\U0001d400-\U0001d7ff"
    "\U000e0000-\U000e01ef]"
)
_LETTERS = dict(
    zip(
        "авеікмнорсѕтухјԁɡһաοαενικρτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕІКМНОРСЅТУХЈ",
        "abeikmhopcstyxjdghaoaevikptuxABEZHIKMNOPTYXABEIKMHOPCSTYXJ",
        strict=True,
    )
)
_MIXED = re.compile(r"[^\W\d_]+")
_COLONS = {"\u2236": ":", "\ua789": ":", "\ufe13": ":", "\ufe55": ":"}


class Plain(NamedTuple):
    """A text without its disguise, and for each of its characters the place in the original."""

    text: str
    places: list[int]


def plain(text: str) -> Plain | None:
    """Return a text as it looks, in ordinary characters; ``None`` if it has no other ones."""
    if text.isascii():
        return None
    other = _letters_of_other_scripts(text)
    if not other and not _UNUSUAL.search(text):
        return None
    kept, places = [], []
    for place, character in enumerate(text):
        shown = other.get(place) or (_ordinary(character) if _UNUSUAL.match(character) else character)
        if shown:
            kept.append(shown)
            places.append(place)
    return Plain("".join(kept), places)


def undisguised(name: str) -> str:
    """Return a name as it looks, in ordinary characters."""
    found = plain(name)
    return name if found is None else found.text


def _ordinary(character: str) -> str:
    """Return the ordinary character for an unusual one; empty for one that is not seen."""
    if character in _COLONS:
        return _COLONS[character]
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    if category in ("Zl", "Zp"):
        return "\n"
    if category in ("Cf", "Mn", "Lo", "Cn"):
        return ""
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character


def _letters_of_other_scripts(text: str) -> dict[int, str]:
    """Return the Latin letter for each letter that looks like it, by its place, in words that are otherwise Latin."""
    found: dict[int, str] = {}
    for word in _MIXED.finditer(text):
        if word[0].isascii() or not any(letter.isascii() for letter in word[0]):
            continue
        found.update({word.start() + at: _LETTERS[one] for at, one in enumerate(word[0]) if one in _LETTERS})
    return found

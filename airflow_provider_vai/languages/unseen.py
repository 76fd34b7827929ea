"""Characters that nobody sees: they hide in a text, reorder it, or let it pass for another one."""

from __future__ import annotations

import unicodedata

_CONTROLS = ("Cc", "Cf")  # controls, direction overrides, zero-width characters
_NOT_SHOWN = ("Co", "Cn", "Cs", "Zl", "Zp")  # private use, unassigned, lone surrogates, separators

_FILLERS = (  # Unicode's other default-ignorable code points (fillers, variation selectors), and the empty Braille
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF),
)  # fmt: skip


def is_unseen(char: str) -> bool:
    """Return whether a character leaves no mark of its own in a text, as a zero-width space."""
    return unicodedata.category(char) in _CONTROLS or any(first <= ord(char) <= last for first, last in _FILLERS)


def is_visible(char: str) -> bool:
    """Return whether every reader sees a character as itself; a space and letters are visible."""
    return (char.isascii() and char.isprintable()) or not (is_unseen(char) or unicodedata.category(char) in _NOT_SHOWN)

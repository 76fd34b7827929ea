"""Decides whether a text *says* (contains) a value.

A text says a value if it contains the value as a separate word, not next to a letter or digit. People's words are
compared without regard to case, and numbers without regard to their spelling.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

NUMBER = re.compile(r"(?<![\w.])-?\d{1,30}(?:,\d{3})*(?:\.\d{1,30})?(?![\w])")
TOKEN = re.compile(r"\w+")
WORD = re.compile(r"\w+(?:['.-]\w+)*")

LONG = 1000
"""Characters of a text of which each different word is split into tokens once."""


class Said:
    """A text, or the texts in JSON data, in which values are looked for.

    :param value: the text or JSON data.
    :param fold: whether to ignore case.
    """

    def __init__(self, value: Any, *, fold: bool = False) -> None:
        self.value, self.fold = value, fold
        self._passages: dict[int, frozenset[tuple[str, ...]]] = {}

    @cached_property
    def text(self) -> str:
        """The text; for JSON data, all keys and values, one per line."""
        text = self.value if isinstance(self.value, str) else "\n".join(_lines(self.value))
        return text.casefold() if self.fold else text

    @cached_property
    def values(self) -> frozenset[str]:
        """The lines of the text; for JSON data, its keys and one-line values."""
        return frozenset(self.text.split("\n"))

    @cached_property
    def tokens(self) -> frozenset[str]:
        """The runs of letters and digits. A text with any other token cannot be contained, which is a quick check."""
        return tokens_of(self.text)

    def passages(self, length: int) -> frozenset[tuple[str, ...]]:
        """Return every sequence of ``length`` consecutive words, without case and punctuation. The result is cached."""
        if length not in self._passages:
            words = words_of(self.text)
            self._passages[length] = frozenset(zip(*(words[start:] for start in range(length)), strict=False))
        return self._passages[length]

    @cached_property
    def numbers(self) -> set[float]:
        """Every number in the text."""
        return {float(digits.replace(",", "")) for digits in NUMBER.findall(self.text)}

    def says(self, value: Any) -> bool:
        """Return whether the text contains a plain value. Empty values and booleans are never found.

        A tuple is a passage: consecutive words without case and punctuation, as :func:`words_of` returns them. Line
        breaks between the words do not matter.
        """
        if isinstance(value, tuple):
            return value in self.passages(len(value))
        if self.value == "" or value is None or isinstance(value, bool):
            return False
        if isinstance(value, (int, float)):
            return abs(value) < 1e30 and float(value) in self.numbers
        if not isinstance(value, str) or not value.strip():
            return False
        wanted = value.casefold() if self.fold else value
        return self.tokens.issuperset(TOKEN.findall(wanted)) and (wanted in self.values or stands_in(wanted, self.text))


def tokens_of(text: str) -> frozenset[str]:
    """Return the different runs of letters and digits in a text.

    :param text: The text.
    """
    return frozenset(TOKEN.findall(" ".join(frozenset(text.split())) if len(text) > LONG else text))


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text, without case and punctuation."""
    return tuple(WORD.findall(text.casefold()))


def stands_in(value: str, text: str) -> bool:
    """Return whether ``text`` contains ``value`` as a separate word, not next to a letter or digit."""
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        before = start > 0 and _joined(text[start - 1], value[0])
        after = end < len(text) and _joined(value[-1], text[end])
        if not before and not after:
            return True
        start = text.find(value, start + 1)
    return False


def _joined(one: str, other: str) -> bool:
    return (one.isalnum() or one == "_") and (other.isalnum() or other == "_")


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _lines(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _lines(part)
    elif isinstance(value, str):
        yield value
    elif value is not None:
        yield json.dumps(value)

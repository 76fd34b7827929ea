"""The different words of a text, which are far fewer than its words, for questions about any of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

SHORT = 100
"""Characters of a text in which looking for something takes less time than splitting it into words."""


@lru_cache(maxsize=4)
def distinct_words(text: str) -> frozenset[str]:
    """Return the words of a text, each once. Several finders ask for them, one after the other.

    :param text: The text.
    """
    return frozenset(text.split())


def long_words(text: str, least: int) -> str:
    """Return the long words of a text, each once, with a space between them; of a short text, all of it.

    :param text: The text.
    :param least: The fewest characters of a long word.
    """
    if len(text) <= SHORT:
        return text
    return " ".join([word for word in distinct_words(text) if len(word) >= least])


@lru_cache(maxsize=4)
def lower_words(text: str) -> str:
    """Return the different words of a text in lower case, with a space between them.

    :param text: The text.
    """
    return " ".join(distinct_words(text)).lower()


def occurrences(text: str, word: str) -> Iterator[int]:
    """Yield each place at which a word begins in a text, also inside other words.

    :param text: The text.
    :param word: The word, in the same case.
    """
    place = text.find(word)
    while place >= 0:
        yield place
        place = text.find(word, place + 1)

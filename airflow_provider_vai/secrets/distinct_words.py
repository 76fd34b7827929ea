"""The different words of a text, which are far fewer than its words, for questions about any of them."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4)
def distinct_words(text: str) -> frozenset[str]:
    """Return the words of a text, each once. Several finders ask for them, one after the other.

    :param text: The text.
    """
    return frozenset(text.split())

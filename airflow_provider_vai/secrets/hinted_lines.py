"""The lines of a text that have one of some words, without reading the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from airflow_provider_vai.secrets.distinct_words import occurrences


def hinted_lines(text: str, words: Iterable[str]) -> Iterator[tuple[int, int, frozenset[str]]]:
    """Yield where each line begins and ends that has one of some words, and which of them it has.

    A word ends at every character other than letters, digits, ``_`` and ``-``.

    :param text: The text.
    :param words: The words, in lower case.
    """
    lower = text.replace("\u0130", " ").lower()  # the only letter that becomes two
    places = sorted(
        (place, word) for word in words for place in occurrences(lower, word) if _is_word(lower, place, word)
    )
    start = end = -1
    found: set[str] = set()
    for place, word in places:
        if place > end:
            if found:
                yield start, end, frozenset(found)
            start, end = line_around(text, place)
            found = set()
        found.add(word)
    if found:
        yield start, end, frozenset(found)


def line_around(text: str, place: int) -> tuple[int, int]:
    """Return where the line around a place begins and ends. A backslash at its end continues it.

    :param text: The text.
    :param place: The place.
    """
    start = text.rfind("\n", 0, place) + 1
    while start > 1 and text[start - 2] == "\\":
        start = text.rfind("\n", 0, start - 1) + 1
    end = text.find("\n", place)
    while end > 0 and text[end - 1] == "\\":
        end = text.find("\n", end + 1)
    return start, end if end >= 0 else len(text)


def _is_word(lower: str, place: int, word: str) -> bool:
    end = place + len(word)
    return not (_is_of_word(lower[place - 1 : place]) or _is_of_word(lower[end : end + 1]))


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character in ("_", "-")

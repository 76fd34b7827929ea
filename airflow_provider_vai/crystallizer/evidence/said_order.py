"""Decides whether the user asked for the item at a position of a list: "open the first result".

A model that takes the first of a list may have chosen it by any criterion. Only the user's words tell an order from a
criterion: an ordinal beside a noun of the list, in a sentence without a criterion such as "highest" or "over".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from airflow_provider_vai.crystallizer.evidence.criteria import has_criterion
from airflow_provider_vai.crystallizer.evidence.weight import name_words
from airflow_provider_vai.secrets.patterns import deferred

ORDINALS = {
    ordinal: position
    for position, ordinals in enumerate(
        ("first 1st", "second 2nd", "third 3rd", "fourth 4th", "fifth 5th", "sixth 6th", "seventh 7th", "eighth 8th")
    )
    for ordinal in ordinals.split()
}
ITEMS = frozenset(
    {
        *("one", "result", "entry", "item", "hit", "row", "record", "match", "link", "page", "element", "option"),
        *("article", "file", "message"),
    }
)
"""Nouns that mean an item of any list."""

SENTENCE = deferred(r"[^.!?;\n]+(?:[.!?;](?!\s)[^.!?;\n]*)*")
ORDERED = deferred(r"\bthe (?:very )?(?=(\w+) (\w+)(?: (\w+))?)")


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text, in lower case."""
    for found in SENTENCE.finditer(text.casefold()):
        yield found[0]


def asks_for_position(text: str, position: int, names: Iterable[str]) -> bool:
    """Return whether a text asks for the item at a position, and names no criterion in the same sentence.

    :param text: What the user wrote in the turn.
    :param position: The item's position, from 0.
    :param names: The names of the tools and the argument, whose words name the items.
    """
    nouns = ITEMS | {word for name in names for word in name_words(name)}
    return any(_asks(sentence, position, nouns) for sentence in sentences(text))


def _asks(sentence: str, position: int, nouns: Iterable[str]) -> bool:
    for ordinal, *following in ORDERED.findall(sentence):
        named = {noun for word in following if word for noun in name_words(word)}
        if ORDINALS.get(ordinal) == position and not named.isdisjoint(nouns):
            return not has_criterion(re.sub(rf"\bthe (?:very )?{ordinal}\b", " ", sentence))
    return False

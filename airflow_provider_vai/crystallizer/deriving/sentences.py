"""What the words of a sentence say about an expression: its operation, its fields, its filters.

A value that fits proves little by itself: of lists of ten rows, some column has its largest value in almost any row. So
the user's words decide, and only words of *one* sentence count together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from airflow_provider_vai.crystallizer.evidence.criteria import PICKING, has_criterion
from airflow_provider_vai.crystallizer.evidence.said import TOKEN, stands_in
from airflow_provider_vai.crystallizer.evidence.said_order import sentences
from airflow_provider_vai.crystallizer.evidence.weight import name_words
from airflow_provider_vai.secrets.patterns import deferred

WORDS: Mapping[str, re.Pattern[str]] = {
    name: deferred(rf"\b(?:{words})\b")
    for name, words in {
        "total": r"totals?|sums?|summed|sum up|adds? up|come to|comes to|altogether|overall|combined|in all",
        "mean": r"average|mean|avg|on average",
        **PICKING,
        "count": r"how many|number of|count|counts",
        "distinct": r"different|distinct|unique",
        "difference": r"difference|gap|increase[ds]?|decrease[ds]?|grew|growth|rose|fell|change[ds]?",
        "change": r"growth|grew|change[ds]?|rose|fell|increase[ds]?|decrease[ds]?|trend|went",
        "percentage": r"percentage|per ?cent|share|proportion|portion|ratio|fraction",
        "list": r"every|all|each|names? of|lists?|export|batch|ids?",
    }.items()
}
BOUND = deferred(
    r"\b(over|above|more than|greater than|exceeding|at least|under|below|less than|fewer than|at most|up to)"
    r" (?:[a-z]{3} |[$€£])?(-?[0-9]{1,15}(?:,[0-9]{3}){0,5}(?:\.[0-9]{1,10})?)\b"
)
BOUNDS = {
    "over": "over", "above": "over", "more than": "over", "greater than": "over", "exceeding": "over",
    "at least": "at_least", "under": "below", "below": "below", "less than": "below", "fewer than": "below",
    "at most": "at_most", "up to": "at_most",
}  # fmt: skip
DAYS = deferred(r"\b([0-9]{1,4}) (day|week)s?\b")
OF_THEM = deferred(r"\b(?:of|among|from|out of) (?:them|those|these)\b(?! (?:that|which|who|with)\b)")
SPACES = str.maketrans("_-", "  ")


@dataclass(frozen=True)
class Sentence:
    """One sentence in lower case."""

    text: str

    @cached_property
    def plain(self) -> str:
        """The sentence with spaces for underscores and hyphens."""
        return self.text.translate(SPACES)

    @cached_property
    def words(self) -> frozenset[str]:
        """Its words, in the singular."""
        return frozenset(word for token in TOKEN.findall(self.text) for word in name_words(token))

    def has(self, operation: str) -> bool:
        """Return whether it has a word for the operation, a key of :data:`WORDS`."""
        return WORDS[operation].search(self.text) is not None

    def without(self, names: frozenset[str]) -> Sentence:
        """Return the sentence without these names, longest first: the film "Top Gun" is not the top of a list."""
        return _without(self.text, names)

    @cached_property
    def has_criterion(self) -> bool:
        """Whether it has a word that picks one of several records, or compares them."""
        return has_criterion(self.text)

    @cached_property
    def is_understood(self) -> bool:
        """Whether it has any known word for what is done, or a bound."""
        return bool(self.bounds) or any(self.has(operation) for operation in WORDS)

    def names(self, field: str) -> bool:
        """Return whether it has a word of a field's name."""
        return not self.words.isdisjoint(name_words(field))

    def says(self, value: str) -> bool:
        """Return whether it contains a value, with or without underscores and hyphens."""
        wanted = value.casefold()
        return stands_in(wanted, self.text) or stands_in(wanted.translate(SPACES), self.plain)

    def means(self, value: str) -> bool:
        """Return whether it contains a value, or the plural of a value that is one word: "SUVs"."""
        word = name_words(value)
        return self.says(value) or (len(word) == 1 and word[0] in self.words)

    @cached_property
    def bounds(self) -> list[tuple[str, float]]:
        """Its bounds as pairs of a function's name and a number: ``over 500`` is ``("over", 500.0)``."""
        return [(BOUNDS[word], float(digits.replace(",", ""))) for word, digits in BOUND.findall(self.text)]

    @cached_property
    def days(self) -> list[int]:
        """Its spans of time, in days."""
        return [int(digits) * (7 if unit == "week" else 1) for digits, unit in DAYS.findall(self.text)]


@lru_cache(maxsize=4096)
def _without(text: str, names: frozenset[str]) -> Sentence:
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ")
    return Sentence(text)


def sentences_of(*texts: str | None) -> list[Sentence]:
    """Return the sentences of the texts. One that speaks of a part of *them* has the words of the sentence before."""
    return [Sentence(text) for given in texts if given for text in _parts(given)]


def _parts(text: str) -> Iterator[str]:
    before = ""
    for sentence in sentences(text):
        before = f"{before}{sentence}" if before and OF_THEM.search(sentence) else sentence
        yield before

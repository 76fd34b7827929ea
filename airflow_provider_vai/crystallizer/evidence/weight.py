"""What a value alone proves, and what two names say about each other.

From the statistics of recorded runs: two thirds of the values that come from an earlier result stand at several places,
and plain words, dates, counts and flags coincide by chance. So a value counts alone only where chance is out of the
question; else its name, or a proven value of the same record, must speak for it, too.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any, Literal

from airflow_provider_vai.crystallizer.evidence.value_places import leaves

Weight = Literal["nothing", "flag", "count", "number", "date", "word", "strong"]

STRONG_DIGITS = 6  # "2024" is a year and "90210" a place; longer runs of digits are somebody's number
PHRASE_CHARACTERS = 8
WORD_CHARACTERS = 4
COUNTS_BELOW = 10

DATE = re.compile(
    r"\d{4}-\d\d(-\d\d)?([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?|\d{1,2}:\d\d(:\d\d)?( ?[AaPp][Mm])?"
    r"|\d{1,2}[./]\d{1,2}[./]\d{2,4}|(?i:(mon|tues|wednes|thurs|fri|satur|sun)day)"
    r"|(?i:(\d{1,2}\.? )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
    r"( \d{1,2}(st|nd|rd|th)?)?(,? \d{4})?)"
)
SPEAKING = re.compile(r"\d|[@#/\\]|\w\.\w")


def weight(value: Any) -> Weight:
    """Return what a value proves by being equal to another.

    ``strong``: an address, a file name, a text with digits or of several words, a filled list or object with such a
    value in it: proves by itself. ``word``, ``date``, ``number``: needs a name or a record. ``count`` (below 10): needs
    both. ``flag`` and ``nothing``: never.
    """
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, (int, float)):
        return "count" if abs(value) < COUNTS_BELOW and value == int(value) else "number"
    if isinstance(value, str):
        return _of_text(value.strip())
    inside = [weight(part) for number, (_, part) in enumerate(leaves(value)) if number < 1000]
    several = sum(part not in ("nothing", "flag", "count") for part in inside) >= 2
    return "strong" if "strong" in inside or several else "word"


def kinship(name: str, other: str) -> int:
    """Return how much two names say that they mean the same: 3 the same, 2 one ends with the other, 0 nothing.

    >>> kinship("recipients", "recipient"), kinship("file_id", "id_"), kinship("order_id", "user_id")
    (3, 2, 0)
    """
    one, two = _words(name), _words(other)
    if not one or not two:
        return 0
    if one == two:
        return 3
    short = min(len(one), len(two))
    return 2 if one[-short:] == two[-short:] else 0


def named_after(name: str, tool: str) -> bool:
    """Return whether a tool is called after an argument: ``get_channels`` gives what ``channel`` takes."""
    return bool({word for word in _words(name) if word not in ("id", "name", "get", "list")} & set(_words(tool)))


@lru_cache(maxsize=10_000)
def _of_text(text: str) -> Weight:
    if not text:
        return "nothing"
    if DATE.fullmatch(text):
        return "date"
    if re.fullmatch(r"-?\d+([.,]\d+)?", text):
        return "strong" if len(text) >= STRONG_DIGITS and text.isdigit() else "number"
    if len(text) < WORD_CHARACTERS:
        return "word"
    if SPEAKING.search(text) or (len(text.split()) > 1 and len(text) >= PHRASE_CHARACTERS):
        return "strong"
    return "word"


@cache
def _words(name: str) -> tuple[str, ...]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return tuple(_singular(word.lower()) for word in re.findall(r"[^\W_]+", spaced))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word

"""How much an equal value proves by itself, and how closely two names match.

In recorded runs, two thirds of the values that come from an earlier result appear in several places, and plain words,
dates, counts and flags are often equal by chance. So a value proves something by itself only if chance can be ruled
out. Otherwise its name must match, or another value of the same record must be proven.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, Literal

from airflow_provider_vai.crystallizer.evidence.value_places import leaves
from airflow_provider_vai.model.flags import is_prose
from airflow_provider_vai.secrets.patterns import deferred

Weight = Literal["nothing", "flag", "count", "number", "date", "word", "strong"]

STRONG_DIGITS = 6  # "2024" is a year and "90210" a zip code; longer runs of digits identify something
PHRASE_CHARACTERS = 8
WORD_CHARACTERS = 4
COUNTS_BELOW = 10
ID_WORDS = frozenset(
    ["id", "ids", "uid", "uuid", "number", "no", "nr", "key", "code", "zip", "phone", "sku", "isbn", "ean"]
)
"""The last words of names under which a number is an id."""

DATE = deferred(
    r"\d{4}-\d\d(-\d\d)?([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?|\d{1,2}:\d\d(:\d\d)?( ?[AaPp][Mm])?"
    r"|\d{1,2}[./]\d{1,2}[./]\d{2,4}|(?i:(mon|tues|wednes|thurs|fri|satur|sun)day)"
    r"|(?i:(\d{1,2}\.? )?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
    r"( \d{1,2}(st|nd|rd|th)?)?(,? \d{4})?)"
)
SPEAKING = deferred(r"\d|[@#/\\]|\w\.\w")


def weight(value: Any) -> Weight:
    """Return how much it proves that a value equals another.

    - ``strong`` proves by itself: an address, a file name, a text with digits or several words, or a list or object
      that contains such a value.
    - ``word``, ``date`` and ``number`` also need a matching name or record.
    - ``count`` (a whole number below 10) needs both.
    - ``flag`` and ``nothing`` prove nothing.
    """
    if isinstance(value, str):
        return _of_text(value.strip())
    if value is None or value in ([], {}):
        return "nothing"
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, (int, float)):
        return "count" if abs(value) < COUNTS_BELOW and value == int(value) else "number"
    inside = [weight(part) for number, (_, part) in enumerate(leaves(value)) if number < 1000]
    several = sum(part not in ("nothing", "flag", "count") for part in inside) >= 2
    return "strong" if "strong" in inside or several else "word"


def kinship(name: str, other: str) -> int:
    """Return how closely two names match: 3 if they are the same, 2 if one ends with the other, else 0.

    >>> kinship("recipients", "recipient"), kinship("file_id", "id_"), kinship("order_id", "user_id")
    (3, 2, 0)
    """
    one, two = name_words(name), name_words(other)
    if not one or not two:
        return 0
    if one == two:
        return 3
    short = min(len(one), len(two))
    return 2 if one[-short:] == two[-short:] else 0


def names_record(place: Sequence[str | int], value: Any) -> bool:
    """Return whether a value is the id or name of a record: a text that is no prose, number or date, or a numeric id.

    :param place: where the value is; the last name in it says whether a number is an id.
    """
    of = weight(value)
    is_number = of in ("number", "count") or (isinstance(value, str) and value.strip().isdigit())
    if is_number:
        name = next((part for part in reversed(place) if isinstance(part, str)), "")
        return is_id_name(name)
    return isinstance(value, str) and of in ("strong", "word") and not is_prose(value)


def is_id_name(name: str) -> bool:
    """Return whether a number under this name is an id: ``product_id``, ``order number``."""
    return not ID_WORDS.isdisjoint(name_words(name)[-1:])


def named_after(name: str, tool: str) -> bool:
    """Return whether a tool is named after an argument: ``get_channels`` returns values for ``channel``."""
    return bool(
        {word for word in name_words(name) if word not in ("id", "name", "get", "list")} & set(name_words(tool))
    )


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
def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a name, in lower case and in the singular."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return tuple(_singular(word.lower()) for word in re.findall(r"[^\W_]+", spaced))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word

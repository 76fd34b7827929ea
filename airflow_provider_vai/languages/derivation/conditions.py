"""Compare values: the conditions of :func:`~airflow_provider_vai.languages.derivation.rows.where`, and what they need.

Nothing here guesses: a null, or values of two types, are an error.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.derivation.numbers import NUMBER, number
from airflow_provider_vai.languages.places import described

Key = tuple[str, Decimal | str]
"""A value to compare by: its type, and the value."""

DATE = re.compile(r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?")
TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.([0-9]{1,6}))?(Z|[+-][0-9]{2}:[0-9]{2})?"
)


CONTAINING = "containing"
"""The condition that is about a list; the others compare numbers or dates."""

AMONG = "among"
"""The condition that is about a list of values."""

MENTIONING = "mentioning"
"""The condition that is about the words of a text."""


@dataclass(frozen=True)
class Bound:
    """A condition of ``where`` that is not an equal value: ``over(500)``, ``containing("SUV")`` and their relatives."""

    name: str
    value: Any
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{key}={part!r}' for key, part in self.fields.items()) or repr(self.value)})"

    def holds(self, value: Any, what: str) -> bool:
        """Return whether a row's value fulfils the condition.

        :param value: the row's value.
        :param what: what it is, for the message.
        :raises DerivationError: the two cannot be compared, or a list is wanted and the value is none.
        """
        if self.name == CONTAINING:
            if isinstance(value, dict) and self.fields:
                return self._fits(value)
            if not isinstance(value, list):
                raise DerivationError(f"{what} is not a list: found {described(value)}")
            return any(map(self._fits, value))
        if self.name == AMONG:
            return any(equal(value, one) for one in self.value)
        if self.name == MENTIONING:
            return mentions(value, self.value, what)
        kind, found = comparable(value, what)
        other, limit = comparable(self.value, f"the limit of {self.name}")
        if kind != other:
            raise DerivationError(
                f"{what} cannot be compared with the limit of {self.name}: one is a {kind}, the other a {other}"
            )
        return _COMPARE[self.name](found, limit)

    def _fits(self, item: Any) -> bool:
        if not self.fields:
            return equal(item, self.value)
        is_object = isinstance(item, dict)
        return is_object and all(key in item and equal(item[key], part) for key, part in self.fields.items())


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "over": lambda found, limit: bool(found > limit),
    "below": lambda found, limit: bool(found < limit),
    "at_least": lambda found, limit: bool(found >= limit),
    "at_most": lambda found, limit: bool(found <= limit),
}


def over(value: Any) -> Bound:
    """Return the condition "greater than ``value``", for :func:`where`."""
    return Bound("over", value)


def below(value: Any) -> Bound:
    """Return the condition "less than ``value``", for :func:`where`."""
    return Bound("below", value)


def at_least(value: Any) -> Bound:
    """Return the condition "greater than or equal to ``value``", for :func:`where`."""
    return Bound("at_least", value)


def at_most(value: Any) -> Bound:
    """Return the condition "less than or equal to ``value``", for :func:`where`."""
    return Bound("at_most", value)


def containing(value: Any = None, /, **fields: Any) -> Bound:
    """Return the condition "a list that has this item", or "an object with these fields", for :func:`where`.

    :param value: the item, if it is a plain value.
    :param fields: of an item that is an object, or of the object itself, the values that these fields must have.
    :raises DerivationError: both are given.
    """
    if fields and value is not None:
        raise DerivationError("an item is a value, or an object with these fields: give one of them")
    return Bound(CONTAINING, value, fields)


def mentioning(value: str) -> Bound:
    """Return the condition "a text with these words", in upper or lower case, for :func:`where`.

    :param value: one or several words; other forms of them, such as a plural, are other words.
    """
    return Bound(MENTIONING, value)


def among(values: list[Any]) -> Bound:
    """Return the condition "one of these values", for :func:`where`.

    :param values: a list, such as the names that another answer gives.
    :raises DerivationError: it is not a list.
    """
    if not isinstance(values, list):
        raise DerivationError(f"{AMONG} needs a list: found {described(values)}")
    return Bound(AMONG, values)


CONDITIONS = (*_COMPARE, CONTAINING, MENTIONING, AMONG)
"""The functions that return a condition. They mean something only inside a call of another function."""


def mentions(text: Any, words: Any, what: str) -> bool:
    """Return whether a text has words that are not parts of longer words.

    :param what: What the text is, for the message.
    :raises DerivationError: it is not a text, or the words are none.
    """
    if not isinstance(text, str):
        raise DerivationError(f"{what} is not a text: found {described(text)}")
    if not isinstance(words, str) or not words.strip():
        raise DerivationError(f"{MENTIONING} needs a word: found {described(words)}")
    return re.search(rf"(?<!\w){re.escape(words.casefold())}(?!\w)", text.casefold()) is not None


def equal(found: Any, wanted: Any) -> bool:
    """Return whether two values are equal; a boolean never equals a number."""
    return isinstance(found, bool) == isinstance(wanted, bool) and bool(found == wanted)


def comparable(value: Any, what: str) -> Key:
    """Return a number or an ISO date so that it can be compared with others of the same type.

    :param what: What the value is, for the message.
    :raises DerivationError: it is neither.
    """
    if isinstance(value, str) and not NUMBER.fullmatch(value):
        if is_date(value):
            return ("month" if len(value) == 7 else "date"), value
        if time := _time(value):
            return time
        raise DerivationError(f"{what} is neither a number nor an ISO date: found {described(value)}")
    return "number", number(value, what)


def is_date(text: Any) -> bool:
    """Return whether a value is an existing ISO date, or a month without a day, such as ``2025-12``."""
    if not isinstance(text, str) or not DATE.fullmatch(text):
        return False
    try:
        datetime.date.fromisoformat(text if len(text) == 10 else f"{text}-01")
    except ValueError:
        return False
    return True


def is_time(text: Any) -> bool:
    """Return whether a value is an existing ISO date with a time of day."""
    return isinstance(text, str) and _time(text) is not None


def _time(text: str) -> Key | None:
    """Return a point in time, in UTC if it has an offset; ``None`` if the text is none."""
    found = TIME.fullmatch(text)
    if not found:
        return None
    date, clock, fraction, offset = found.groups()
    zone = "+00:00" if offset == "Z" else offset or ""
    try:
        time = datetime.datetime.fromisoformat(f"{date}T{clock}{zone}")
        time = time.replace(microsecond=int((fraction or "").ljust(6, "0")))
        if time.tzinfo is None:
            return "time without offset", time.isoformat(timespec="microseconds")
        return "time", time.astimezone(datetime.timezone.utc).isoformat(timespec="microseconds")
    except (ValueError, OverflowError):
        return None

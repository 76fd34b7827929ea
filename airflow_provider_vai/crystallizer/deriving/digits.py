"""Numbers as they are written: how a text is read for them, and how many significant digits one has."""

from __future__ import annotations

import re
from typing import Any

NUMBER = re.compile(
    r"(?<![\w.,/-])([+-]?)([0-9]+(?:\.[0-9]{3})+(?=,[0-9])|[0-9]+(?:,[0-9]{3})*)((?:[.,][0-9]+)?)( ?%)?(?![\w%])"
)


def is_json_number(value: Any) -> bool:
    """Return whether a value is a number and not a boolean."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def significant(written: str, *, is_whole: bool) -> int:
    """Return how many significant digits a number is written with: ``0.5`` has one, ``28.0`` three, ``4,600`` two.

    :param is_whole: whether it is written without decimals. The zeros at its end do not count: people choose round
        numbers, whatever the data are.
    """
    digits = "".join(character for character in written if character.isdigit()).lstrip("0")
    return len(digits.rstrip("0") if is_whole else digits)


def digits_of(value: Any) -> int:
    """Return how many significant digits a JSON number has, or a number that is written in a text.

    :param value: the number. Anything else has no digits.
    """
    if is_json_number(value):
        return significant(repr(value), is_whole=value == int(value))
    found = NUMBER.fullmatch(value) if isinstance(value, str) else None
    return significant(found[0], is_whole=not found[3]) if found else 0


def plain_number(found: re.Match[str]) -> float:
    """Return the number that a match of :data:`NUMBER` writes; a percentage without its sign."""
    sign, whole, decimals, _ = found.groups()
    return float(f"{sign}{re.sub('[.,]', '', whole)}{decimals.replace(',', '.')}")

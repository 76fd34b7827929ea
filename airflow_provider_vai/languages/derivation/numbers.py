"""Exact decimal arithmetic with the numbers of JSON data.

A float counts as the decimal number that JSON shows: 0.1 is one tenth. So 0.1 + 0.2 is 0.3.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any, Literal

from airflow_provider_vai.exceptions import DerivationError
from airflow_provider_vai.languages.places import described

Rounding = Literal["half_even", "half_up", "down"]
ROUNDINGS = {"half_even": ROUND_HALF_EVEN, "half_up": ROUND_HALF_UP, "down": ROUND_DOWN}
MOST_DIGITS = 30
LARGEST = 10**MOST_DIGITS
SMALLEST = 1e-20  # with its 17 digits, 37 decimals
NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?")
EXACT = Context(prec=100)
DIVISION = Context(prec=28)
MOST_DECIMALS = 15


def number(value: Any, what: str) -> Decimal:
    """Return a value as an exact decimal number.

    :param value: A JSON number, or a text such as ``12.50``: digits, at most one point, no thousands separators.
    :param what: What the value is, for the message (``the field 'total' of row 3``).
    :raises DerivationError: the value is null, not finite, not a number, or too large or too small to be added exactly.
    """
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise DerivationError(f"{what} is not a number: found {described(value)}")
    if abs(value) >= LARGEST or 0 < abs(value) < SMALLEST:
        raise DerivationError(f"{what} has too many digits: a number has at most {MOST_DIGITS} before its point")
    if isinstance(value, int):
        return Decimal(value)
    exact = Decimal(repr(value))
    return exact if int(exact.as_tuple().exponent) < 0 else exact.quantize(Decimal("0.1"), context=EXACT)


def as_json(value: Decimal) -> int | float:
    """Return a decimal number as a JSON number: an integer if it has no decimals, else a float."""
    return int(value) if int(value.as_tuple().exponent) >= 0 else float(value)


def added(values: Iterable[Decimal]) -> Decimal:
    """Return the exact sum; 0 for no values."""
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total


def negated(value: Decimal) -> Decimal:
    """Return ``-value``, exactly."""
    return value.copy_negate()


def divided(value: Decimal, by: Decimal, what: str) -> float:
    """Return a quotient.

    :raises DerivationError: the divisor is 0; the message names ``what``.
    """
    if by == 0:
        raise DerivationError(f"{what} is 0, and nothing can be divided by 0")
    return float(DIVISION.divide(value, by))


def rounded_to(value: Decimal, digits: int, how: Rounding) -> Decimal:
    """Return a number with this many decimals.

    :param digits: 0 to :data:`MOST_DECIMALS`.
    :param how: ``half_even`` (4.5 is 4), ``half_up`` (4.5 is 5) or ``down`` (4.9 is 4).
    :raises DerivationError: the number of decimals or the rounding does not exist.
    """
    if not isinstance(how, str) or how not in ROUNDINGS:
        raise DerivationError(f"there is no rounding {how!r}: use one of {', '.join(ROUNDINGS)}")
    if isinstance(digits, bool) or not isinstance(digits, int) or not 0 <= digits <= MOST_DECIMALS:
        raise DerivationError(f"a number of decimals is between 0 and {MOST_DECIMALS}, not {digits!r}")
    made = value.quantize(Decimal(1).scaleb(-digits), rounding=ROUNDINGS[how], context=EXACT)
    return made if made else abs(made)  # a text must not show -0

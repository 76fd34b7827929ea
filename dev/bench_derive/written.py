"""How the scripted agent writes numbers in a text."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

STYLES = ("1,234", "1234.5", "1,234.50", "1.234,50", "1234")
"""The styles of amounts; a program has one of them."""


def rounded(value: float, digits: int) -> float:
    """Return a number rounded half up, an integer for no digits."""
    made = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return float(made) if digits else int(made)


def amount(value: float, style: str) -> str:
    """Return an amount in one of :data:`STYLES`."""
    digits = {"1,234": 0, "1234": 0, "1234.5": 1}.get(style, 2)
    made = f"{rounded(value, digits):{',' if ',' in style else ''}.{digits}f}"
    return made.translate(str.maketrans(",.", ".,")) if style == "1.234,50" else made


def signed(value: float) -> str:
    """Return a whole per cent with its sign."""
    return f"{rounded(value, 0):+d}%"

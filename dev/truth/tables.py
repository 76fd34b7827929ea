"""Counts as shares and tables, for the bench's report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any


def total(counts: Iterable[Counter[str]]) -> Counter[str]:
    """Return the sum of counts."""
    found: Counter[str] = Counter()
    for count in counts:
        found.update(count)
    return found


def share(count: Counter[str], part: str, whole: str) -> str:
    """Return a count with its share of another one, such as ``3 (16.7 %)``."""
    return f"{count[part]} ({percent(count[part], count[whole])})"


def percent(part: int, whole: int) -> str:
    """Return a share in percent, ``-`` of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return rows as lines of text, each column to the right."""
    texts = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[column]) for row in texts) for column in range(len(header))]
    padded = [[cell.rjust(width) for cell, width in zip(row, widths, strict=True)] for row in texts]
    return "\n".join("  ".join(row).rstrip() for row in padded)

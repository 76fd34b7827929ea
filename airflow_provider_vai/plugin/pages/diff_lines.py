"""A unified diff as lines with a class each, so that a page can colour them."""

from __future__ import annotations

from collections.abc import Iterator

MOST_LINES = 4000
CLASSES = {"+": "added", "-": "removed", "@": "place"}


def diff_lines(text: str) -> list[tuple[str, str]]:
    """Return the class and the text of each line of a unified diff, without the names of the files.

    :param text: the diff; what follows the first :data:`MOST_LINES` lines is left out, and the last line says so.
    """
    return list(_lines(text))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    lines = text.split("\n")[2:-1]
    for line in lines[:MOST_LINES]:
        yield CLASSES.get(line[:1], ""), line
    if len(lines) > MOST_LINES:
        yield "place", f"… {len(lines) - MOST_LINES:,} more lines"

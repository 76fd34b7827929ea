"""Output on the terminal: tables, lines and progress.

Text from a trace is escaped, so no escape sequence in it reaches the terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from airflow_provider_vai.languages.printable import plain

PLAIN_WIDTH = 160
"""The width of a table that is written to a file or pipe, in characters; on a terminal, its own width is used."""

GAP = "   "
"""The space between two columns."""


def say(*lines: str) -> None:
    """Print lines on standard output."""
    sys.stdout.write("\n".join(lines) + "\n")


def complain(message: str) -> None:
    """Print a message on standard error; line ends are kept, other unprintable characters are escaped."""
    sys.stderr.write("\n".join(plain(line, 2000) for line in f"vai: {message}".split("\n")) + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; unprintable characters in its cells are escaped."""
    from rich.box import SIMPLE_HEAD
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, soft_wrap=False)
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(columns, *cells, strict=True)]
    is_plain = not (console.is_terminal or console.options.ascii_only)
    if is_plain and sum(widths) + len(GAP) * (len(widths) - 1) + 2 <= console.width:
        say(*_lines(columns, cells, widths))
        return
    grid = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in cells:
        grid.add_row(*map(Text, row))
    console.print(grid)


def _lines(columns: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a table that fits the width, without colours. ``rich`` prints the same, but much slower."""
    from rich.cells import cell_len

    def line(cells: Sequence[str]) -> str:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True))
        return f" {GAP.join(padded)} "

    blank = " " * len(line(["" for _ in widths]))
    yield blank
    yield line(columns)
    yield f" {'─' * (len(blank) - 2)} "
    yield from map(line, rows)
    yield blank


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show a spinner with a text on standard error during the block, if that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(plain(what)):
        yield


def progress(items: Sequence[Any], what: str) -> Iterable[Any]:
    """Return ``items``; show a progress bar on standard error if it is a terminal and there are several items."""
    if len(items) < 2 or not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, description=what, console=Console(stderr=True), transient=True)

"""What people read: tables, lines and progress.

Text from a trace is data here, too: no escape sequence in it reaches the terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from airflow_provider_vai.languages.printable import plain

PLAIN_WIDTH = 160
"""Columns of a table that is written to a file or pipe; a terminal has its own width."""


def say(*lines: str) -> None:
    """Print lines for people."""
    sys.stdout.write("\n".join(lines) + "\n")


def complain(message: str) -> None:
    """Print an error; its line ends stay, everything else that is not printable is escaped."""
    sys.stderr.write("\n".join(plain(line, 2000) for line in f"vai: {message}".split("\n")) + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(plain(cell)) for cell in row))
    Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, soft_wrap=False).print(grid)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show that work goes on, on a terminal only."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(plain(what)):
        yield


def progress(items: Sequence[Any], what: str) -> Iterable[Any]:
    """Return ``items`` with a progress bar on standard error, on a terminal and for more than one item."""
    if len(items) < 2 or not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, description=what, console=Console(stderr=True), transient=True)

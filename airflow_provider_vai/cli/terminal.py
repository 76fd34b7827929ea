"""Output on the terminal: tables, lines and progress.

Text from a trace is escaped, so no escape sequence in it reaches the terminal.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from airflow_provider_vai.languages.printable import plain

PLAIN_WIDTH = 100
"""The width of a table that is written to a file or pipe, in characters; on a terminal, its own width is used."""

GAP = "   "
"""The space between two columns."""

PROSE = ("arguments", "summary", "description", "details", "title", "note", "edits", "before", "after", "why", "by")
"""Columns whose cells may be broken at a space. Cells of other columns, such as names, are never broken."""

LEAST_PROSE = 20
"""A column of text that would be narrower than this is written below its row instead."""

STYLES = {
    "ok": "green", "success": "green", "approved": "green",
    "warning": "yellow", "unknown": "yellow", "interrupted": "yellow",
    "error": "red", "failed": "red", "denied": "red", "rejected": "red",
}  # fmt: skip
"""Words about an outcome -> the colour in which a terminal shows them."""

_NARROW = re.compile(r"[\x00-\x7f\xa0-\u02ff\u2010-\u2026]*")
"""Characters that take one column each, such as those of Western languages, and an ellipsis."""
_WORD = re.compile(r"\s*\S+\s*")
_CODES = {"green": 32, "yellow": 33, "red": 31}
_modes = {"quiet": False, "wide": False, "working": False}

LONGEST_COMMAND = 4096
"""In characters. The words of a proposed command are shown up to here: a shortened path could not be pasted."""


def set_modes(*, quiet: bool, wide: bool) -> None:
    """Set what the options of the running command say about its output.

    :param quiet: ``--quiet``: no reports, notes, next steps or progress.
    :param wide: ``--wide``: every column, however wide the table becomes.
    """
    _modes.update(quiet=quiet, wide=wide)


def is_wide() -> bool:
    """Return whether every column is to be shown."""
    return _modes["wide"]


def is_quiet() -> bool:
    """Return whether only errors, and what the user asked to see, are to be printed."""
    return _modes["quiet"]


def say(*lines: str) -> None:
    """Print lines on standard output."""
    sys.stdout.write("\n".join(lines) + "\n")


def tell(*lines: str) -> None:
    """Print lines that report what was done, on standard output; nothing with ``--quiet``."""
    if not is_quiet():
        say(*lines)


def next_step(*commands: str) -> None:
    """Print the commands with which users usually go on; nothing with ``--quiet``."""
    tell(*(f"{'Next: ' if number == 0 else '      '}{command}" for number, command in enumerate(commands)))


def words(*given: object) -> str:
    """Return words of a command line as they can be pasted into a shell, whatever spaces and signs they have."""
    return plain(" ".join(shlex.quote(str(word)) for word in given), LONGEST_COMMAND)


def complain(message: str) -> None:
    """Print a message on standard error; line ends are kept, other unprintable characters are escaped."""
    sys.stderr.write("\n".join(plain(line, 2000) for line in f"vai: {message}".split("\n")) + "\n")


def remark(message: str) -> None:
    """Print a note or warning on standard error; nothing with ``--quiet``."""
    if not is_quiet():
        complain(message)


def coloured(word: str, shown: str | None = None) -> str:
    """Return a word about an outcome in its colour, if standard output is a terminal that shows colours.

    :param word: The word, one of :data:`STYLES`; others have no colour.
    :param shown: What to show in this colour; ``None``: the word.
    """
    text = word if shown is None else shown
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty()
    return text if is_plain or word not in STYLES else f"\x1b[{_CODES[STYLES[word]]}m{text}\x1b[0m"


def width() -> int:
    """Return the width of a table, in characters."""
    if sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    named = os.environ.get("COLUMNS", "")
    return min(int(named), PLAIN_WIDTH) if named.isdecimal() and int(named) else PLAIN_WIDTH


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    optional: Sequence[str] = (),
    cut: Sequence[str] = (),
) -> None:
    """Print a table that fits the width; unprintable characters in its cells are escaped.

    Text is broken at spaces, names never. If the names alone are too wide, each row is written as lines.

    :param columns: The names of the columns.
    :param rows: The cells of each row.
    :param optional: Columns to leave out, in this order, if the table would be too wide.
    :param cut: Columns whose cells are cut at the end instead of broken.
    """
    cells = [[plain(cell) for cell in row] for row in rows]
    shown, limit = list(columns), width()
    while True:
        widths = _widths(shown, cells)
        if is_wide() or sum(widths) + len(GAP) * (len(widths) - 1) + 2 <= limit:
            return _write_as_it_is(shown, cells, widths)
        flexible = [name in PROSE or name in cut for name in shown]
        least = [min(size, LEAST_PROSE) if bends else size for size, bends in zip(widths, flexible, strict=True)]
        if sum(least) + len(GAP) * (len(least) - 1) + 2 <= limit:
            return _write_broken(shown, _cut(shown, cells, cut, limit), limit)
        left_out = next((shown.index(name) for name in optional if name in shown), None)
        if left_out is None:
            return _write_stacked(shown, cells, limit)
        del shown[left_out]
        cells = [row[:left_out] + row[left_out + 1 :] for row in cells]


def _write_as_it_is(columns: Sequence[str], cells: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
    limit = sum(widths) + len(GAP) * len(widths) + 2
    if _is_drawn_by_rich(limit):
        _write_grid(columns, cells, limit)
    else:
        say(*_lines(columns, cells, widths))


def _write_broken(columns: Sequence[str], cells: Sequence[Sequence[str]], limit: int) -> None:
    """Write a table with cells that are broken at spaces. If only one column has long ones, it gets what is left."""
    widths = _widths(columns, cells)
    bends = [number for number, name in enumerate(columns) if name in PROSE and widths[number] > LEAST_PROSE]
    if len(bends) != 1 or _is_drawn_by_rich(limit):
        _write_grid(columns, cells, limit)
        return
    broken = bends[0]
    others = sum(width for number, width in enumerate(widths) if number != broken)
    widths[broken] = min(widths[broken], limit - 2 - others - len(GAP) * (len(widths) - 1))
    say(*_lines(columns, _broken(cells, broken, widths[broken]), widths))


def _is_drawn_by_rich(limit: int) -> bool:
    """Return whether a table needs colours, or lines of plain characters."""
    is_forced = any(name in os.environ for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"))
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if not is_forced and not sys.stdout.isatty() and encoding.lower().startswith("utf"):
        return False  # the usual case, and rich takes long to import
    from rich.console import Console

    console = Console(width=limit, soft_wrap=False)
    return console.is_terminal or console.options.ascii_only


def _broken(cells: Iterable[Sequence[str]], column: int, size: int) -> Iterator[list[str]]:
    """Yield the lines of each row, of which one column may be too wide."""
    for row in cells:
        first, *rest = _folded(row[column], size)
        yield [*row[:column], first, *row[column + 1 :]]
        for line in rest:
            yield [line if number == column else "" for number in range(len(row))]


def _folded(cell: str, size: int) -> list[str]:
    """Return a cell as lines of at most so many columns, broken at spaces where that is possible."""
    if _size(cell) <= size:
        return [cell]
    if cell.isascii():
        return _wrapped(cell, size)
    from rich.console import Console
    from rich.text import Text

    console = Console(width=size, soft_wrap=False)
    return [line.plain for line in Text(cell).wrap(console, size, overflow="fold")]


def _wrapped(cell: str, size: int) -> list[str]:
    """Return an ASCII cell as lines, broken where ``rich`` breaks it; importing that takes long."""
    lines, used = [""], 0
    for word in _WORD.findall(cell):
        pieces = [word]
        if used + len(word.rstrip()) > size:
            is_long = len(word.rstrip()) > size
            pieces = [word[start : start + size] for start in range(0, len(word), size)] if is_long else [word]
            lines += [""] if lines[-1] else []
            used = 0
        lines[-1] += pieces[0]
        lines += pieces[1:]
        used = len(pieces[-1]) if len(pieces) > 1 else used + len(word)
    return [line[:size] for line in lines]


def _widths(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(_size, column)) for column in zip(columns, *cells, strict=True)]


def _size(cell: str) -> int:
    """Return how many columns of a terminal a printable text takes."""
    if cell.isascii() or _NARROW.fullmatch(cell):
        return len(cell)
    from rich.cells import cell_len

    return cell_len(cell)


def _cut(columns: Sequence[str], cells: list[list[str]], cut: Sequence[str], limit: int) -> list[list[str]]:
    """Return the cells with those of the columns to cut so short that the table fits."""
    widths = _widths(columns, cells)
    for index, name in enumerate(columns):
        if name not in cut:
            continue
        others = sum(
            LEAST_PROSE if other in PROSE else widths[place] for place, other in enumerate(columns) if place != index
        )
        room = max(LEAST_PROSE, limit - 2 - others - len(GAP) * (len(columns) - 1))
        for row in cells:
            if _size(row[index]) > room:
                row[index] = _start(row[index], room - 1).rstrip() + "…"
    return cells


def _start(cell: str, size: int) -> str:
    """Return so many columns of a longer cell."""
    if cell.isascii():
        return cell[:size]
    from rich.cells import set_cell_size

    return set_cell_size(cell, size)


def _write_grid(columns: Sequence[str], cells: Sequence[Sequence[str]], limit: int) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        bends = column in PROSE
        grid.add_column(
            column, overflow="fold" if bends else "ellipsis", no_wrap=not bends, min_width=0 if bends else None
        )
    for row in cells:
        grid.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    Console(width=limit, soft_wrap=False).print(grid)


def _write_stacked(columns: Sequence[str], cells: Sequence[Sequence[str]], limit: int) -> None:
    """Write each row as its first cell, and a line for each of the others that is not empty."""
    for row in cells:
        say(row[0])
        for column, cell in zip(columns[1:], row[1:], strict=True):
            if cell:
                text = f"{column}: {cell}"
                wrapped = textwrap.wrap(
                    text, max(limit - 4, LEAST_PROSE), break_long_words=False, break_on_hyphens=False
                )
                say(*(f"  {'' if number == 0 else '  '}{line}" for number, line in enumerate(wrapped)))


def _lines(columns: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a table that fits the width, without colours. ``rich`` prints the same, but much slower."""

    def line(cells: Sequence[str]) -> str:
        padded = (cell + " " * (width - _size(cell)) for cell, width in zip(cells, widths, strict=True))
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
    if is_quiet() or _modes["working"] or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    _modes["working"] = True  # a second spinner would be drawn over this one
    try:
        with Console(stderr=True).status(plain(what)):
            yield
    finally:
        _modes["working"] = False


def progress(items: Sequence[Any], what: str) -> Iterable[Any]:
    """Return ``items``; show a progress bar on standard error if it is a terminal and there are several items."""
    if len(items) < 2 or is_quiet() or not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, description=what, console=Console(stderr=True), transient=True)

"""Parses a rendered DAG file a few statements at a time, because the syntax tree of a file is fifty times its size."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

HEAD_END = "\n):\n"
"""The end of the ``with DAG(...):`` header, before the block."""

STATEMENT = re.compile(r"^    (?=[^\s)\]}])", re.MULTILINE)
"""Where a statement in the DAG's block may begin."""


AT_ONCE = 8
"""The statements of the block that are parsed at once. Fewer take longer, and more take no less time."""


@dataclass(frozen=True)
class ParsedFile:
    """A parsed DAG file.

    :param head: The statements of the module; the last one is the DAG's ``with``.
    :param body: The statements in its block, of which a few are parsed at a time.
    """

    head: list[ast.stmt]
    body: Iterator[ast.stmt]


def parsed_in_pieces(text: str) -> ParsedFile:
    """Return the statements of a DAG file; those in the DAG's block are parsed only when they are read.

    The block is split before each line that may begin a statement. If a split is inside a bracket, a string or another
    statement, a piece is not valid Python. So if every piece is valid, the pieces together are the whole block.

    :param text: The text of the file.
    :raises SyntaxError: if a piece is not valid Python; this can also happen while ``body`` is read.
    :raises ValueError: if the text contains a null character.
    """
    head, end, body = text.partition(HEAD_END)
    if not end:
        raise SyntaxError("the text does not have the form of a rendered DAG file")
    return ParsedFile(ast.parse(f"{head}{end}    pass\n").body, _statements(body))


def _statements(body: str) -> Iterator[ast.stmt]:
    starts = [found.start() for found in STATEMENT.finditer(body)]
    if body[: starts[0] if starts else None].strip():
        raise SyntaxError("the block of the DAG does not begin with a statement")
    starts = starts[::AT_ONCE]
    for start, end in zip(starts, [*starts[1:], len(body)], strict=True):
        block = ast.parse(f"if 1:\n{body[start:end]}    pass\n").body
        if len(block) != 1 or not isinstance(block[0], ast.If) or block[0].orelse:
            raise SyntaxError("a statement is outside the block of the DAG")
        *statements, last = block[0].body
        if not isinstance(last, ast.Pass):
            raise SyntaxError("a statement does not end at the end of a line")
        yield from statements

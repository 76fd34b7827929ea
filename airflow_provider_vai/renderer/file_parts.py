"""A rendered DAG file, parsed one statement after the other: the tree of a large file is fifty times its text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

HEAD_END = "\n):\n"
"""What ends the line with which the DAG's block begins."""

STATEMENT = re.compile(r"^    (?=[^\s)\]}])", re.MULTILINE)
"""Where a statement of the DAG's block may begin."""


@dataclass(frozen=True)
class ParsedFile:
    """The statements of a file, the DAG's ``with`` the last of them, and, one by one, those in its block."""

    head: list[ast.stmt]
    body: Iterator[ast.stmt]


def parsed_in_pieces(text: str) -> ParsedFile:
    """Return the statements of a DAG file. Those of the DAG's block are parsed as they are asked for.

    The block is cut before each line that may begin a statement. A cut inside of a bracket, of a string or of any other
    statement leaves a piece that is not Python. So if each piece is, they are together what the whole block is.

    :raises SyntaxError: a piece is not Python by itself, also while the statements are asked for.
    :raises ValueError: the text holds a null character.
    """
    head, end, body = text.partition(HEAD_END)
    if not end:
        raise SyntaxError("the text does not have the form of a rendered DAG file")
    return ParsedFile(ast.parse(f"{head}{end}    pass\n").body, _statements(body))


def _statements(body: str) -> Iterator[ast.stmt]:
    starts = [found.start() for found in STATEMENT.finditer(body)]
    if body[: starts[0] if starts else None].strip():
        raise SyntaxError("the block of the DAG does not begin with a statement")
    for start, end in zip(starts, [*starts[1:], len(body)], strict=True):
        block = ast.parse(f"if 1:\n{body[start:end]}    pass\n").body
        if len(block) != 1 or not isinstance(block[0], ast.If) or block[0].orelse:
            raise SyntaxError("a statement stands outside of the block of the DAG")
        *statements, last = block[0].body
        if not isinstance(last, ast.Pass):
            raise SyntaxError("a statement does not end where its line does")
        yield from statements

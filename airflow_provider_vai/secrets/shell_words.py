"""Splits shell commands into words, in any text: a script, a sentence, JSON, the argument list of a call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from airflow_provider_vai.secrets.patterns import deferred

DEPTH = 3
"""How many commands in quotes are read one inside the other, as in ``bash -c "ssh host 'login -p x'"``."""

# The alternatives begin with different characters, so that no part of the text is read twice.
_PART = deferred(
    r"(?P<word>(?:'[^'\n]*'|\"(?:[^\"\\\n]|\\[^\n])*\"|\\.|(?<![\"']),|[^\s\"'`|;&<>()\\,])+)|"
    r"(?P<end><<<|[|;&<>()`\n]+(?:[ \t]+[|;&<>()`\n]+)*)|[\"'\\,]",
    re.DOTALL,
)
_QUOTED_COMMAND = deferred(r"[\[{]*\\*[\"']\S+\s")


class Word(NamedTuple):
    """A word of a command, without the quotes, brackets and commas around it, and where it begins in the text."""

    text: str
    start: int


class ShellCommand(NamedTuple):
    """The words of one command, and the operators after it: ``|``, ``<<<``, ``) |``; empty at the end of the text."""

    words: list[Word]
    operator: str


def commands(text: str, start: int = 0, depth: int = DEPTH) -> Iterator[ShellCommand]:
    """Yield the commands in a text, also those in quotes.

    :param start: What is added to each position.
    :param depth: How many levels of quotes are read.
    """
    words: list[Word] = []
    for part in _PART.finditer(text):
        found = part[0]
        if found.isalnum():
            words.append(Word(found, start + part.start()))
        elif part.lastgroup == "word":
            if depth and _QUOTED_COMMAND.match(found):
                inner = unquoted(found, part.start())
                yield from commands(inner.text, start + inner.start, depth - 1)
            word = unquoted(found, start + part.start())
            if word.text.strip("\\\n"):
                words.append(word)
        elif words and part.lastgroup == "end":
            yield ShellCommand(words, found)
            words = []
    if words:
        yield ShellCommand(words, "")


def unquoted(text: str, start: int) -> Word:
    """Return a text as a word: without the quotes, brackets and commas around it.

    :param start: Where the text begins.
    """
    if text[:1].isalnum() and text[-1:].isalnum():
        return Word(text, start)
    inner = text.lstrip("[{")
    inner = _without_quote(inner)
    start += len(text) - len(inner)
    inner = inner.rstrip("]},")
    inner = _without_quote(inner[::-1])[::-1]
    return Word(inner, start)


def _without_quote(text: str) -> str:
    bare = text.lstrip("\\")
    return bare[1:] if bare[:1] in ("'", '"') else text

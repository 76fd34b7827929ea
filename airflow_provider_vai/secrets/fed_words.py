"""Finds what is fed into a shell command that reads a credential from its standard input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from airflow_provider_vai.secrets.command_table import INPUT_WORDS, LOGIN_INPUT, SECRET_INPUT
from airflow_provider_vai.secrets.hinted_lines import line_around
from airflow_provider_vai.secrets.patterns import deferred, may_match
from airflow_provider_vai.secrets.shell_words import ShellCommand, Word

ECHOES = frozenset({"echo", "printf"})
"""Commands that write their words."""

MOST_LINES = 20
"""Lines of a here document that are read."""

LONGEST_LINE = 2_000
"""Characters of a line that are searched for a command with a here document."""

_PIPE = deferred(r"[)\s]*\|&?[\s(]*")
_BREAKS = deferred(r"(?:\\[nr])+|$")
"""Line breaks that are written as escapes, or the end of the text."""
_JOINS = (";", "&", "\n")
_HERE = deferred(r"<<-?[ \t]*\\?([\"']?)([A-Za-z_]\w*)\1")


def fed_words(commands: Iterable[ShellCommand]) -> Iterator[Word]:
    """Yield what one command passes to the next, if that one reads a credential: ``echo … | docker login …``.

    A command passes on what the commands before it in its brackets write: ``(echo …; cat script) | sudo -S sh``.

    :param commands: Commands in their order.
    """
    writing: list[list[Word]] = []
    before: ShellCommand | None = None
    for command in commands:
        operator = before.operator if before else ""
        if before and operator[:1] == "<":
            yield from _of_input(before, command)
        elif _PIPE.fullmatch(operator):
            given = writing if ")" in operator else writing[-1:]
            yield from (found for words in given for found in _read(command, words))
        earlier = writing[-MOST_LINES:] if operator[:1] in _JOINS and "(" not in operator else []
        writing = [*earlier, command.words[:1] if operator == "<<<" else _written(command.words)]
        before = command


def in_here_documents(text: str) -> Iterator[Word]:
    """Yield what a here document passes to a command that reads a credential: ``sudo -S apt update << EOF``.

    :param text: Any text.
    """
    if "<<" not in text or "\n" not in text or not may_match(text, INPUT_WORDS):
        return
    end = -1
    for found in _HERE.finditer(text):
        if found.start() < end:
            continue
        start, end = line_around(text, found.start())
        command = text[max(start, found.start() - LONGEST_LINE) : min(end, found.end() + LONGEST_LINE)]
        is_login = LOGIN_INPUT.search(command) is not None
        if is_login or SECRET_INPUT.search(command):
            lines = _lines(text, end + 1, found[2])
            yield from map(_password, lines) if is_login else islice(lines, 2)


def _lines(text: str, start: int, ending: str) -> Iterator[Word]:
    """Yield the first lines of a here document, without the blanks around them."""
    for _ in range(MOST_LINES):
        stop = text.find("\n", start)
        line = text[start : stop if stop >= 0 else len(text)]
        bare = line.strip()
        if bare == ending:
            return
        yield Word(bare, start + line.index(bare))
        if stop < 0:
            return
        start = stop + 1


def _of_input(before: ShellCommand, command: ShellCommand) -> Iterator[Word]:
    """Yield the credential in ``kinit mia <<< …`` and in ``gh auth login --with-token < <(echo …)``."""
    if command.words[0].text in ECHOES:
        yield from _read(before, _written(command.words))
    elif before.operator == "<<<":
        yield from _read(before, command.words[:1])


def _written(words: list[Word]) -> list[Word]:
    """Return the lines that ``echo`` and ``printf`` write, as far as they are in the words."""
    place = next((place for place, word in enumerate(words[:-1]) if word.text in ECHOES), None)
    if place is None:
        return []
    if words[place].text == "printf" and "%" in words[place + 1].text:
        return words[place + 2 :]
    return [] if words[-1].text[:1] == "-" else words[-1:]


def _read(command: ShellCommand, given: list[Word]) -> Iterator[Word]:
    """Yield the credentials among the lines that a command reads."""
    if not given:
        return
    text = " ".join(word.text for word in command.words)
    if LOGIN_INPUT.search(text):
        yield from ([_password(word) for word in given if ":" in word.text] or given[-1:])
    elif SECRET_INPUT.search(text):
        yield from (line for word in given for line in _escaped_lines(word))


def _escaped_lines(word: Word) -> Iterator[Word]:
    start = 0
    for found in _BREAKS.finditer(word.text):
        yield Word(word.text[start : found.start()], word.start + start)
        start = found.end()


def _password(line: Word) -> Word:
    name, sign, password = line.text.partition(":")
    return Word(password, line.start + len(name) + len(sign))

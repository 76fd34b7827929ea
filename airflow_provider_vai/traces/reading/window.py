"""A window on a JSON document of any size, which moves forward value by value."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.traces.reading.files import LIMIT_BYTES

CHUNK = 1 << 20
BLANK = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class Piece:
    """A line, an item or a member: its start, its length in bytes, and its value, parsed without the strict checks."""

    start: int
    length: int
    value: Any


class Window:
    """A window on a JSON document that moves forward value by value.

    :param file: the document's bytes, read from where it is.
    :param where: the file, for messages.

    The bytes are decoded as Latin-1: JSON's syntax is ASCII, and one character is one byte.
    """

    def __init__(self, file: IO[bytes], where: str) -> None:
        self.file, self.where = file, where
        self.text, self.at, self.passed = "", 0, 0
        self.is_whole = False
        self.decoder = json.JSONDecoder()
        if not self.peek().isascii():
            self.at = len(codecs.BOM_UTF8)

    def peek(self) -> str:
        """Return the next character that is not blank, without consuming it; empty at the end."""
        while True:
            self.at = BLANK.match(self.text, self.at).end()  # type: ignore[union-attr]  # the pattern matches "", too
            if self.at < len(self.text) or self.is_whole:
                return self.text[self.at : self.at + 1]
            self._more()

    def expect(self, character: str) -> None:
        """Consume one character of JSON's syntax."""
        if self.peek() != character:
            self.refuse(f"expected {character!r}")
        self.at += 1

    def separated(self, start: str, end: str) -> Iterator[None]:
        """Yield once before each member between two brackets; the caller consumes the member."""
        self.expect(start)
        if self.peek() != end:
            yield
            while self.peek() == ",":
                self.at += 1
                yield
        self.expect(end)

    def array(self) -> Iterator[Piece]:
        """Consume an array, item by item."""
        for _ in self.separated("[", "]"):
            yield self.value()

    def value(self) -> Piece:
        """Consume one value."""
        self.peek()
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.at)
            except (ValueError, RecursionError) as error:
                if self.is_whole or len(self.text) - self.at > LIMIT_BYTES:
                    self.refuse(getattr(error, "msg", "nested too deeply, or a number that is too long"))
            else:
                if end < len(self.text) or self.is_whole:
                    break
            self._more()
        raw, start = self.text[self.at : end], self.passed + self.at
        self.at = end
        if not raw.isascii():
            value = parse_leniently(raw.encode("latin-1"), f"{self.where}: at byte {start}")
        return Piece(start, len(raw), value)

    def refuse(self, problem: str) -> None:
        """Refuse the file: report the problem at this position, or that the value here is over the limit.

        :raises UnreadableTrace: always.
        """
        if len(self.text) - self.at > LIMIT_BYTES:
            raise too_long(f"{self.where}: at byte {self.passed + self.at}")
        raise UnreadableTrace(
            f"not JSON in the value at byte {self.passed + self.at}: {problem}",
            where=self.where,
            remedy="Export the trace again, or correct the file.",
        )

    def _more(self) -> None:
        # the window doubles, so that a long value is attempted only a few times
        chunk = self.file.read(max(CHUNK, len(self.text) - self.at))
        self.is_whole = not chunk
        self.passed += self.at
        self.text = self.text[self.at :] + chunk.decode("latin-1")
        self.at = 0


def parse_leniently(content: bytes, where: str) -> Any:
    """Return the value of a JSON text, parsed without the strict checks.

    :param content: the text, in UTF-8.
    :param where: its place, for messages.
    :raises UnreadableTrace: it is not JSON.
    """
    try:
        return json.loads(content.removeprefix(codecs.BOM_UTF8))
    except (ValueError, RecursionError) as error:
        problem = getattr(error, "msg", None) or str(error)
        raise UnreadableTrace(f"not JSON: {problem}", where=where, remedy="Export the trace again.") from None


def too_long(where: str, part: str = "a single value") -> UnreadableTrace:
    """Return the refusal of a value that is over the limit.

    :param where: its place.
    :param part: what it is.
    """
    problem = f"{part} is over the limit of {LIMIT_BYTES / 1e6:.0f} MB"
    return UnreadableTrace(problem, where=where, remedy="Export only the run you want.")

"""A trace file of any size, piece by piece: its lines, the items of its one large array, or an archive's members.

Each way of being large is a class with the same methods. ``scan`` passes over the pieces once, ``read`` returns the
pieces at a place again, ``document`` puts pieces together to a document of the file's format. Only the pieces asked
for are in memory.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Protocol

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.traces.reading.files import LIMIT_BYTES, characters
from airflow_provider_vai.traces.reading.trace import LINES, Trace, document, lines

ARRAYS = ("resourceSpans", "simulations", "samples")
"""Under which keys of a document the runs can stand."""

FIRST_LINE = 8_000_000
"""How long the first line of a file may be that is not named as JSONL and yet is."""

CHUNK = 1 << 20
BLANK = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class Piece:
    """A line, an item or a member: where it starts, how long it is, and its value, read quickly but not strictly."""

    start: int
    length: int
    value: Any


class Pieces(Protocol):
    """See the module."""

    is_lines: bool

    def scan(self) -> Iterator[Piece]:
        """Yield every piece, in the file's order.

        :raises UnreadableTrace: a piece cannot be read; its place is named.
        """
        ...

    def read(self, start: int, length: int) -> Iterator[Any]:
        """Yield the values at a place, strictly read."""
        ...

    def document(self, values: list[Any]) -> Any:
        """Return a document of the file's format that holds these pieces only."""
        ...


def pieces_of(trace: Trace, file: IO[bytes] | None) -> Pieces:
    """Return the pieces of a large trace.

    :param file: its unpacked bytes; ``None`` for an Inspect log, which is read by its members.
    """
    if file is None:
        return Members(trace, trace.file.samples or ())
    file.seek(0)
    is_named = trace.file.name.endswith(LINES)
    first = b"" if is_named else file.readline(FIRST_LINE)
    if is_named or (first.endswith(b"\n") and _is_document(first)):
        return Lines(trace, file)
    return ArrayItems(trace, file)


class Lines:
    """The lines of a JSONL file."""

    is_lines = True

    def __init__(self, trace: Trace, file: IO[bytes]) -> None:
        self.where = str(trace)
        self.file = file

    def scan(self) -> Iterator[Piece]:
        """Yield each line that is not blank."""
        start = number = 0
        self.file.seek(0)
        while line := self.file.readline(LIMIT_BYTES + 1):
            number += 1
            if len(line) > LIMIT_BYTES:
                raise _too_long(f"{self.where}: line {number}")
            if line.strip():
                yield Piece(start, len(line), _quick(line, f"{self.where}: line {number}"))
            start += len(line)

    def read(self, start: int, length: int) -> Iterator[Any]:
        """Yield the lines at a place."""
        self.file.seek(start)
        yield from lines(characters(self.file.read(length), self.where), f"{self.where}: after byte {start}")

    def document(self, values: list[Any]) -> Any:
        """Return the lines as they are."""
        return values


class ArrayItems:
    """The items of the document's one large array; everything beside it is kept in memory."""

    is_lines = False

    def __init__(self, trace: Trace, file: IO[bytes]) -> None:
        self.where = str(trace)
        self.file = file
        self.key: str | None = None
        self.rest: dict[str, Any] = {}

    def scan(self) -> Iterator[Piece]:
        """Yield each item of the array."""
        self.file.seek(0)
        self.key, self.rest = None, {}
        window = _Window(self.file, self.where)
        if window.peek() == "{":
            yield from self._members(window)
        else:
            yield from window.array()
        if window.peek():
            window.refuse("something stands behind the document")

    def _members(self, window: _Window) -> Iterator[Piece]:
        room = LIMIT_BYTES
        for _ in window.separated("{", "}"):
            name = window.value().value
            window.expect(":")
            if self.key is None and name in ARRAYS and window.peek() == "[":
                self.key = name
                yield from window.array()
            else:
                beside = window.value()
                self.rest[str(name)] = beside.value
                room -= beside.length
                if room < 0:
                    raise _too_long(f"{self.where}: what stands beside the runs")

    def read(self, start: int, length: int) -> Iterator[Any]:
        """Yield the item at a place."""
        self.file.seek(start)
        place = f"{self.where}: at byte {start}"
        yield document(characters(self.file.read(length), place), place)

    def document(self, values: list[Any]) -> Any:
        """Return the items in their array, with everything that stands beside it."""
        return values if self.key is None else {**self.rest, self.key: values}


class Members:
    """The samples of an Inspect log in an archive; a place is a member's number."""

    is_lines = False

    def __init__(self, trace: Trace, names: tuple[str, ...]) -> None:
        self.trace = trace
        self.names = names
        (self.header,) = self.read(0, 0)

    def scan(self) -> Iterator[Piece]:
        """Yield each sample."""
        for number in range(1, len(self.names)):
            yield Piece(number, 0, next(self.read(number, 0)))

    def read(self, start: int, length: int) -> Iterator[Any]:
        """Yield the member of that number."""
        place = f"{self.trace}: {self.names[start]}"
        with self.trace.file.opened(self.names[start]) as file:
            content = file.read(LIMIT_BYTES + 1)
        if len(content) > LIMIT_BYTES:
            raise _too_long(place)
        yield document(characters(content, place), place)

    def document(self, values: list[Any]) -> Any:
        """Return the samples with the log's header."""
        return {"header": self.header, "samples": values}


class _Window:
    """A stretch of a JSON document, moved forward value by value.

    The bytes are read as Latin-1: JSON's own signs are ASCII, and one character is one byte.
    """

    def __init__(self, file: IO[bytes], where: str) -> None:
        self.file, self.where = file, where
        self.text, self.at, self.passed = "", 0, 0
        self.is_whole = False
        self.decoder = json.JSONDecoder()
        if not self.peek().isascii():
            self.at = len(codecs.BOM_UTF8)

    def peek(self) -> str:
        """Return the next character that is not blank, without taking it; nothing at the end."""
        while True:
            self.at = BLANK.match(self.text, self.at).end()  # type: ignore[union-attr]  # it matches nothing, too
            if self.at < len(self.text) or self.is_whole:
                return self.text[self.at : self.at + 1]
            self._more()

    def expect(self, sign: str) -> None:
        """Take one sign of JSON's."""
        if self.peek() != sign:
            self.refuse(f"expected {sign!r}")
        self.at += 1

    def separated(self, start: str, end: str) -> Iterator[None]:
        """Yield at each member between two brackets; the caller takes it."""
        self.expect(start)
        if self.peek() != end:
            yield
            while self.peek() == ",":
                self.at += 1
                yield
        self.expect(end)

    def array(self) -> Iterator[Piece]:
        """Take an array, item by item."""
        for _ in self.separated("[", "]"):
            yield self.value()

    def value(self) -> Piece:
        """Take one value."""
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
        written, start = self.text[self.at : end], self.passed + self.at
        self.at = end
        if not written.isascii():
            value = _quick(written.encode("latin-1"), f"{self.where}: at byte {start}")
        return Piece(start, len(written), value)

    def refuse(self, problem: str) -> None:
        """Say what is wrong at this place, or that the value here is over the limit.

        :raises UnreadableTrace: always.
        """
        if len(self.text) - self.at > LIMIT_BYTES:
            raise _too_long(f"{self.where}: at byte {self.passed + self.at}")
        raise UnreadableTrace(
            f"not JSON in the value at byte {self.passed + self.at}: {problem}",
            where=self.where,
            remedy="Export the trace again, or correct the file.",
        )

    def _more(self) -> None:
        chunk = self.file.read(max(CHUNK, len(self.text) - self.at))  # doubled, so that a long value is tried seldom
        self.is_whole = not chunk
        self.passed += self.at
        self.text = self.text[self.at :] + chunk.decode("latin-1")
        self.at = 0


def _quick(content: bytes, where: str) -> Any:
    try:
        return json.loads(content.removeprefix(codecs.BOM_UTF8))
    except (ValueError, RecursionError) as error:
        problem = getattr(error, "msg", None) or str(error)
        raise UnreadableTrace(f"not JSON: {problem}", where=where, remedy="Export the trace again.") from None


def _is_document(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.removeprefix(codecs.BOM_UTF8)), (dict, list))
    except (ValueError, RecursionError):
        return False


def _too_long(where: str) -> UnreadableTrace:
    problem = f"one value is over the limit of {LIMIT_BYTES / 1e6:.0f} MB"
    return UnreadableTrace(problem, where=where, remedy="Export the one run you want.")

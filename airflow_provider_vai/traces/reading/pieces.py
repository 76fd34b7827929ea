"""Reads a large trace file in pieces: its lines or documents, the items of its one large array, an archive's members.

Each of these is a class with the same methods. ``scan`` yields every piece once, ``read`` reads the pieces at a
place again, ``document`` builds a document of the file's format from pieces. Only the requested pieces are in memory.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Protocol

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.traces.reading.files import LIMIT_BYTES, decode_text
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.unkept import Found, without_marks
from airflow_provider_vai.traces.reading.values import (
    JSONL_SUFFIXES,
    parse_concatenated,
    parse_document,
    parse_lines,
    why_skipped,
)

ARRAYS = ("resourceSpans", "simulations", "samples")
"""The keys of a document under which a list of runs may be."""

FIRST_LINE = 8_000_000
"""Maximum length, in bytes, of the first line when a file without a JSONL suffix is tested for JSONL."""

CHUNK = 1 << 20
BLANK = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class Piece:
    """A line, an item or a member: its start, its length in bytes, and its value, parsed without the strict checks."""

    start: int
    length: int
    value: Any


class Pieces(Protocol):
    """The pieces of one file; see the module."""

    is_jsonl: bool
    skipped: list[str]
    """Notes about lines that were left out by ``scan``."""

    def scan(self) -> Iterator[Piece]:
        """Yield every piece, in the file's order.

        :raises UnreadableTrace: a piece cannot be read; the message has its place.
        """
        ...

    def read(self, start: int, length: int, unkept: list[Found]) -> Iterator[Any]:
        """Yield the values at a place, parsed with the strict checks.

        :param unkept: gets the values that a Run cannot hold; there are marks in their place.
        """
        ...

    def document(self, values: list[Any]) -> Any:
        """Return a document of the file's format that holds only these pieces."""
        ...


def pieces_of(trace: Trace, file: IO[bytes] | None) -> Pieces:
    """Return the pieces of a large trace.

    :param file: its unpacked bytes; ``None`` for an Inspect log, which is read member by member.
    """
    if file is None:
        return Members(trace, trace.file.samples or ())
    file.seek(0)
    is_named = trace.file.name.endswith(JSONL_SUFFIXES) and not _is_concatenated(file)
    file.seek(0)
    first = b"" if is_named else file.readline(FIRST_LINE)
    if is_named or (first.endswith(b"\n") and _is_document(first)):
        return Lines(trace, file)
    return Documents(trace, file) if _is_concatenated(file) else ArrayItems(trace, file)


class Lines:
    """The lines of a JSONL file."""

    is_jsonl = True

    def __init__(self, trace: Trace, file: IO[bytes]) -> None:
        self.where = str(trace)
        self.file = file
        self.skipped: list[str] = []

    def scan(self) -> Iterator[Piece]:
        """Yield each line that is not blank and not left out; see :func:`why_skipped`."""
        start = number = 0
        self.skipped.clear()
        self.file.seek(0)
        while line := self.file.readline(LIMIT_BYTES + 1):
            number += 1
            if len(line) > LIMIT_BYTES:
                raise _too_long(f"{self.where}: line {number}")
            if line.strip() and not self._is_skipped(line, number):
                yield Piece(start, len(line), _parse_leniently(line, f"{self.where}: line {number}"))
            start += len(line)

    def read(self, start: int, length: int, unkept: list[Found]) -> Iterator[Any]:
        """Yield the lines at a place."""
        self.file.seek(start)
        text = decode_text(self.file.read(length), self.where)
        yield from parse_lines(text, f"{self.where}: after byte {start}", [], unkept)

    def _is_skipped(self, line: bytes, number: int) -> bool:
        if line[:1] in (b"{", b"[") and line.endswith(b"\n"):
            return False
        why = why_skipped(line.decode(errors="replace"), is_end=number > 1 and not line.endswith(b"\n"))
        self.skipped += [f"line {number}: {why}"] if why else []
        return why is not None

    def document(self, values: list[Any]) -> Any:
        """Return the lines as they are."""
        return values


class ArrayItems:
    """The items of the document's one large array. Everything outside that array is kept in memory."""

    is_jsonl = False

    def __init__(self, trace: Trace, file: IO[bytes]) -> None:
        self.where = str(trace)
        self.file = file
        self.skipped: list[str] = []
        self.key: str | None = None
        self.outside: dict[str, Any] = {}

    def scan(self) -> Iterator[Piece]:
        """Yield each item of the array."""
        self.file.seek(0)
        self.key, self.outside = None, {}
        window = _Window(self.file, self.where)
        if window.peek() == "{":
            yield from self._members(window)
        else:
            yield from window.array()
        if window.peek():
            window.refuse("there is something after the end of the document")

    def _members(self, window: _Window) -> Iterator[Piece]:
        room = LIMIT_BYTES
        for _ in window.separated("{", "}"):
            name = window.value().value
            window.expect(":")
            if self.key is None and name in ARRAYS and window.peek() == "[":
                self.key = name
                yield from window.array()
            else:
                piece = window.value()
                self.outside[str(name)] = piece.value
                room -= piece.length
                if room < 0:
                    raise _too_long(self.where, "the part outside the list of runs")

    def read(self, start: int, length: int, unkept: list[Found]) -> Iterator[Any]:
        """Yield the item at a place."""
        self.file.seek(start)
        at = f"at byte {start}"
        place = f"{self.where}: {at}"
        yield parse_document(decode_text(self.file.read(length), place), place, unkept=unkept, line=at)

    def document(self, values: list[Any]) -> Any:
        """Return the items in their array, with everything outside it."""
        return values if self.key is None else {**self.outside, self.key: values}


class Documents(ArrayItems):
    """JSON documents that follow one another, as OpenTelemetry's console exporter writes them."""

    is_jsonl = True

    def scan(self) -> Iterator[Piece]:
        """Yield each document."""
        self.file.seek(0)
        window = _Window(self.file, self.where)
        while window.peek():
            yield window.value()

    def read(self, start: int, length: int, unkept: list[Found]) -> Iterator[Any]:
        """Yield the documents at a place: several if there is nothing between them."""
        self.file.seek(start)
        place = f"{self.where}: at byte {start}"
        text = decode_text(self.file.read(length), place)
        yield from parse_concatenated(text, place, unkept) or [parse_document(text, place, unkept=unkept)]

    def document(self, values: list[Any]) -> Any:
        """Return the documents as a list."""
        return values


class Members:
    """The samples of an Inspect log in an archive; here a place is a member's number."""

    is_jsonl = False

    def __init__(self, trace: Trace, names: tuple[str, ...]) -> None:
        self.trace = trace
        self.names = names
        self.skipped: list[str] = []
        (self.header,) = self.read(0, 0, [])

    def scan(self) -> Iterator[Piece]:
        """Yield each sample."""
        for number in range(1, len(self.names)):
            yield Piece(number, 0, without_marks(next(self.read(number, 0, []))))

    def read(self, start: int, length: int, unkept: list[Found]) -> Iterator[Any]:
        """Yield the member with that number."""
        place = f"{self.trace}: {self.names[start]}"
        with self.trace.file.opened(self.names[start]) as file:
            content = file.read(LIMIT_BYTES + 1)
        if len(content) > LIMIT_BYTES:
            raise _too_long(place)
        yield parse_document(decode_text(content, place), place, unkept=unkept, line=self.names[start])

    def document(self, values: list[Any]) -> Any:
        """Return the samples with the log's header."""
        return {"header": self.header, "samples": values}


class _Window:
    """A window on a JSON document that moves forward value by value.

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
            value = _parse_leniently(raw.encode("latin-1"), f"{self.where}: at byte {start}")
        return Piece(start, len(raw), value)

    def refuse(self, problem: str) -> None:
        """Refuse the file: report the problem at this position, or that the value here is over the limit.

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
        # the window doubles, so that a long value is attempted only a few times
        chunk = self.file.read(max(CHUNK, len(self.text) - self.at))
        self.is_whole = not chunk
        self.passed += self.at
        self.text = self.text[self.at :] + chunk.decode("latin-1")
        self.at = 0


def _parse_leniently(content: bytes, where: str) -> Any:
    try:
        return json.loads(content.removeprefix(codecs.BOM_UTF8))
    except (ValueError, RecursionError) as error:
        problem = getattr(error, "msg", None) or str(error)
        raise UnreadableTrace(f"not JSON: {problem}", where=where, remedy="Export the trace again.") from None


def _is_concatenated(file: IO[bytes]) -> bool:
    """Return whether the start of a file is a whole object, with another one after it."""
    file.seek(0)
    start = file.read(FIRST_LINE).decode("latin-1").removeprefix("\xef\xbb\xbf").lstrip()
    if not start.startswith("{"):
        return False
    try:
        end = json.JSONDecoder().raw_decode(start)[1]
    except (ValueError, RecursionError):
        return False
    return start[end:].lstrip().startswith("{")


def _is_document(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.removeprefix(codecs.BOM_UTF8)), (dict, list))
    except (ValueError, RecursionError):
        return False


def _too_long(where: str, part: str = "a single value") -> UnreadableTrace:
    problem = f"{part} is over the limit of {LIMIT_BYTES / 1e6:.0f} MB"
    return UnreadableTrace(problem, where=where, remedy="Export only the run you want.")

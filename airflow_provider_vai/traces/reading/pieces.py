"""Reads a large trace file in pieces: its lines or documents, the items of its one large array, an archive's members.

Each of these is a class with the same methods. ``scan`` yields every piece once, ``read`` reads the pieces at a
place again, ``document`` builds a document of the file's format from pieces. Only the requested pieces are in memory.
"""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import IO, Any, Protocol

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.traces.reading.files import LIMIT_BYTES, decode_text
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.unkept import UnkeptValue, without_marks
from airflow_provider_vai.traces.reading.values import (
    JSONL_SUFFIXES,
    parse_concatenated,
    parse_document,
    parse_lines,
    why_skipped,
)
from airflow_provider_vai.traces.reading.window import Piece, Window, parse_leniently, too_long

ARRAYS = ("resourceSpans", "simulations", "samples")
"""The keys of a document under which a list of runs may be."""

HEAD_PIECES = 20
"""The most pieces of a file by which its reader is found."""

HEAD = 1 << 16
"""The number of bytes at the start of a file by which its reader is found."""

FIRST_LINE = 8_000_000
"""Maximum length, in bytes, of a first document that is longer than ``HEAD`` and may be one of several."""


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

    def read(self, start: int, length: int, unkept: list[UnkeptValue]) -> Iterator[Any]:
        """Yield the values at a place, parsed with the strict checks.

        :param unkept: gets the values that a Run cannot hold; there are marks in their place.
        """
        ...

    def document(self, values: list[Any]) -> Any:
        """Return a document of the file's format that holds only these pieces."""
        ...

    def head(self) -> Any:
        """Return such a document of the first pieces that are whole in the file's start; ``None`` if none is."""
        ...


def pieces_of(trace: Trace, file: IO[bytes] | None) -> Pieces:
    """Return the pieces of a large trace.

    The start of the file decides. Only if its first document is longer, it is tried as one of several documents.

    :param file: its unpacked bytes; ``None`` for an Inspect log, which is read member by member.
    """
    if file is None:
        return Members(trace, trace.file.samples or ())
    file.seek(0)
    start = file.read(HEAD)
    first, end, _ = start.partition(b"\n")
    if end and _is_document(first):
        return Lines(trace, file)
    if _is_concatenated(start):
        return Documents(trace, file)
    if trace.file.name.endswith(JSONL_SUFFIXES):
        return Lines(trace, file)
    items = ArrayItems(trace, file)
    return items if items.head() else several_of(trace, file) or items


def several_of(trace: Trace, file: IO[bytes]) -> Pieces | None:
    """Return the pieces of a file whose first document is followed by another one; ``None`` if it is not.

    :param file: its unpacked bytes.
    """
    file.seek(0)
    line = file.readline(FIRST_LINE)
    if line.endswith(b"\n") and _is_document(line):
        return Lines(trace, file)
    file.seek(0)
    return Documents(trace, file) if _is_concatenated(file.read(FIRST_LINE)) else None


def _head(pieces: Pieces) -> list[Any]:
    """Return the values of the first pieces, as far as they are whole in a part of the file."""
    values: list[Any] = []
    with suppress(UnreadableTrace):  # where the part ends
        for piece in islice(pieces.scan(), HEAD_PIECES):
            values.append(piece.value)
    return values


class Lines:
    """The lines of a JSONL file."""

    is_jsonl = True

    def __init__(self, trace: Trace, file: IO[bytes]) -> None:
        self.trace = trace
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
                raise too_long(f"{self.where}: line {number}")
            if line.strip() and not self._is_skipped(line, number):
                yield Piece(start, len(line), parse_leniently(line, f"{self.where}: line {number}"))
            start += len(line)

    def read(self, start: int, length: int, unkept: list[UnkeptValue]) -> Iterator[Any]:
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

    def head(self) -> Any:
        """Return the first lines that are whole in the file's start; ``None`` if none is."""
        return _head(Lines(self.trace, _start(self.file))) or None


class ArrayItems:
    """The items of the document's one large array. Everything outside that array is kept in memory."""

    is_jsonl = False

    def __init__(self, trace: Trace, file: IO[bytes]) -> None:
        self.trace = trace
        self.where = str(trace)
        self.file = file
        self.skipped: list[str] = []
        self.key: str | None = None
        self.outside: dict[str, Any] = {}

    def scan(self) -> Iterator[Piece]:
        """Yield each item of the array."""
        self.file.seek(0)
        self.key, self.outside = None, {}
        window = Window(self.file, self.where)
        if window.peek() == "{":
            yield from self._members(window)
        else:
            yield from window.array()
        if window.peek():
            window.refuse("there is something after the end of the document")

    def _members(self, window: Window) -> Iterator[Piece]:
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
                    raise too_long(self.where, "the part outside the list of runs")

    def read(self, start: int, length: int, unkept: list[UnkeptValue]) -> Iterator[Any]:
        """Yield the item at a place."""
        self.file.seek(start)
        at = f"at byte {start}"
        place = f"{self.where}: {at}"
        yield parse_document(decode_text(self.file.read(length), place), place, unkept=unkept, line=at)

    def document(self, values: list[Any]) -> Any:
        """Return the items in their array, with everything outside it."""
        return values if self.key is None else {**self.outside, self.key: values}

    def head(self) -> Any:
        """Return a document of the first items that are whole in the file's start; ``None`` if none is."""
        start = type(self)(self.trace, _start(self.file))
        values = _head(start)
        return start.document(values) if values else None


class Documents(ArrayItems):
    """JSON documents that follow one another, as OpenTelemetry's console exporter writes them."""

    is_jsonl = True

    def scan(self) -> Iterator[Piece]:
        """Yield each document."""
        self.file.seek(0)
        window = Window(self.file, self.where)
        while window.peek():
            yield window.value()

    def read(self, start: int, length: int, unkept: list[UnkeptValue]) -> Iterator[Any]:
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

    def read(self, start: int, length: int, unkept: list[UnkeptValue]) -> Iterator[Any]:
        """Yield the member with that number."""
        place = f"{self.trace}: {self.names[start]}"
        with self.trace.file.opened(self.names[start]) as file:
            content = file.read(LIMIT_BYTES + 1)
        if len(content) > LIMIT_BYTES:
            raise too_long(place)
        yield parse_document(decode_text(content, place), place, unkept=unkept, line=self.names[start])

    def document(self, values: list[Any]) -> Any:
        """Return the samples with the log's header."""
        return {"header": self.header, "samples": values}

    def head(self) -> Any:
        """Return the header with the first sample."""
        return self.document([next(self.scan()).value]) if self.names[1:] else None


def _start(file: IO[bytes]) -> IO[bytes]:
    file.seek(0)
    return io.BytesIO(file.read(HEAD))


def _is_concatenated(start: bytes) -> bool:
    """Return whether the start of a file is a whole object, with another one after it."""
    text = start.decode("latin-1").removeprefix("\xef\xbb\xbf").lstrip()
    if not text.startswith("{"):
        return False
    try:
        end = json.JSONDecoder().raw_decode(text)[1]
    except (ValueError, RecursionError):
        return False
    return text[end:].lstrip().startswith("{")


def _is_document(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.removeprefix(codecs.BOM_UTF8)), (dict, list))
    except (ValueError, RecursionError):
        return False

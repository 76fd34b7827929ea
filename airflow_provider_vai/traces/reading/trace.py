"""What an adapter is: two methods over one trace file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

from airflow_provider_vai.exceptions import MalformedTrace, UnreadableTrace
from airflow_provider_vai.languages import json_text, yaml_text
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.reading.files import LIMIT_BYTES, TraceFile, characters

DEEPEST = 200
"""Levels of nesting: pydantic's JSON writer gives up at 255, and a Run puts a value a few levels down."""

LINES = (".jsonl", ".ndjson")
YAML = (".yaml", ".yml")
"""How the names of files end that hold a document a line, or YAML."""

_HALF_PAIR = re.compile("[\ud800-\udfff]")
_FRACTION = re.compile(r"\.(\d+)")


class Trace:
    """A trace file, or one run's part of it: its bytes, read once, and the document in them.

    :param path: the file; ``archive.zip!member`` names a file in an archive.
    :param content: the bytes, where they stand in no file.
    :raises UnreadableTrace: from the properties, when the file cannot be read or holds no document.
    """

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        self.file = TraceFile(path)
        self.path = self.file.path
        self._name = str(path)
        self._is_part = False
        if content is not None:
            self.__dict__ |= {"content": content, "sha256": hashlib.sha256(content).hexdigest()}

    def __str__(self) -> str:
        return self._name

    def part(self, value: Any, name: str, *, is_lines: bool = False) -> Trace:
        """Return one run's part of this trace.

        :param value: the part as a document of the same format.
        :param name: what the part is called in messages.
        """
        made = Trace(self.path)
        made._name = f"{self} ({name})"
        made._is_part = True
        made.__dict__["_read"] = (value, is_lines)
        return made

    @cached_property
    def content(self) -> bytes:
        """The file's bytes, unpacked."""
        return self.file.content()

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file as it stands on disk, or of the part's canonical JSON, hex."""
        return json_text.digest(self.document) if self._is_part else self.file.sha256

    @property
    def document(self) -> Any:
        """The document in the file: of JSONL the list of its lines, of an Inspect log its header and samples."""
        return self._read[0]

    @property
    def is_lines(self) -> bool:
        """Whether the file holds one JSON document a line (JSONL)."""
        return self._read[1]

    @property
    def fallback_id(self) -> str:
        """A run's id where the file gives it none: the start of the digest of the file, or of the run's part."""
        return f"sha256:{self.sha256[:16]}"

    @cached_property
    def _read(self) -> tuple[Any, bool]:
        if "content" not in self.__dict__ and self.file.samples:
            return self._log(self.file.samples), False
        written, name = characters(self.content, str(self)), self._file_name()
        if name.endswith(YAML):
            return document(written, str(self), yaml_text.loads), False
        if has_lines(written, name):
            return list(lines(written, str(self))), True
        return document(written, str(self)), False

    def _file_name(self) -> str:
        return self.file.name if self.path.is_file() else self.path.name

    def _log(self, names: tuple[str, ...]) -> dict[str, Any]:
        if self.file.is_larger(LIMIT_BYTES):
            self.file.refuse_size("unpacked, it is")
        parts = []
        for name in names:
            with self.file.opened(name) as member:
                parts.append(document(characters(member.read(), str(self)), f"{self}: {name}"))
        return {"header": parts[0], "samples": parts[1:]}


Extent = Literal["yes", "partly", "no"]
"""Whether a format records something: always, only in some cases or for some calls, or never."""


@dataclass(frozen=True)
class Coverage:
    """What a trace format can record about a call. What it has no place for is unknown in every Run read from it.

    ``results``: the result, and whether the call failed. ``approvals``: what a person decided. ``edits``: executed
    arguments separate from proposed ones. ``timing``: when the call ran. ``batches``: which calls were proposed
    together.
    """

    results: Extent = "yes"
    approvals: Extent = "no"
    edits: Extent = "no"
    timing: Extent = "no"
    batches: Extent = "yes"


class Adapter(Protocol):
    """Reads one trace format.

    Third parties register theirs in the entry-point group ``airflow_provider_vai.adapters``.

    ``name`` is the format's name (``--format``, ``vai formats``), ``description`` one line for people, ``coverage``
    what the format has a place for. An adapter of a format with many runs in one file may have a method
    ``line_key(record)``: the run that a line or list item belongs to, a list of runs where it belongs to several, or
    ``None`` where it belongs to every run, as a header does; so a file of any size is read run by run. A run's key is
    best its id. The method looks only and never raises.
    """

    name: str
    description: str
    coverage: Coverage

    def accepts(self, document: Any) -> bool:
        """Return whether the JSON document has this format's shape. Looks only; never raises."""
        ...

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the runs in the trace, in the file's order.

        :raises MalformedTrace: a place breaks the format; the message names it.
        """
        ...


def document(text: str, where: str, loads: Callable[..., Any] = json_text.loads) -> Any:
    """Parse a document that a Run can hold.

    :param where: the file, for messages.
    :param loads: the parser: JSON's, if no other is named.
    :raises UnreadableTrace: see :func:`json_text.loads`; also nesting beyond ``DEEPEST`` and half a surrogate
        pair, neither of which a Run could write out again.
    """
    value = loads(text, where=where)
    if problem := _unkeepable(value):
        raise UnreadableTrace(problem, where=where, remedy="Export the trace without that value.")
    return value


def lines(text: str, where: str) -> Iterator[Any]:
    """Parse JSONL: an object or array a line; blank lines are passed over.

    :raises UnreadableTrace: a line is neither; it is named by its number.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            place = f"{where}: line {number}"
            value = document(line, place)
            if not isinstance(value, (dict, list)):
                raise UnreadableTrace("neither an object nor an array", where=place, remedy="Correct the file.")
            yield value


def has_lines(text: str, name: str) -> bool:
    """Return whether a text is JSONL: its first line is a document of its own and not the only one.

    :param name: the file's; where it ends as JSONL's do, one line is enough.
    """
    first, _, rest = text.strip().partition("\n")
    is_named = name.endswith(LINES)
    if not rest.strip():
        return is_named and bool(first)
    return _is_json(first) or (is_named and not _is_json(text))


def parsed(text: str) -> Any:
    """Return the object or array in a JSON text, or the text itself where it is neither or cannot be kept."""
    value = json_text.parsed_text(text, where="result")
    return text if _unkeepable(value) else value


def record(value: Any, where: str) -> dict[str, Any]:
    """Return ``value`` if it is a JSON object.

    :param where: its place, ``file: path.inside[0]``.
    :raises MalformedTrace: it is something else.
    """
    found: dict[str, Any] = _typed(value, dict, "an object", where)
    return found


def sequence(value: Any, where: str) -> list[Any]:
    """Return ``value`` if it is a JSON array; see :func:`record`."""
    found: list[Any] = _typed(value, list, "a list", where)
    return found


def text(value: Any, where: str) -> str:
    """Return ``value`` if it is a string; see :func:`record`."""
    found: str = _typed(value, str, "text", where)
    return found


def optional_text(value: Any, where: str) -> str | None:
    """Return ``value`` if it is a string or ``None``; see :func:`record`."""
    return None if value is None else text(value, where)


def records(value: Any, where: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each object of a JSON array with its place; see :func:`record`."""
    for index, item in enumerate(sequence(value, where)):
        yield record(item, f"{where}[{index}]"), f"{where}[{index}]"


def objects(trace: Trace) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the object that a trace's document is, or each of a list, with what stands before the places inside it.

    :raises MalformedTrace: the document, or an item of it, is no object.
    """
    if isinstance(trace.document, list):
        for item, where in records(trace.document, f"{trace}: "):
            yield item, f"{where}."
    else:
        yield record(trace.document, str(trace)), f"{trace}: "


def text_or_none(value: Any) -> str | None:
    """Return ``value`` if it is text with something in it: for fields that only describe."""
    return value if isinstance(value, str) and value.strip() else None


def moment(value: Any) -> datetime | None:
    """Return a time written as ISO 8601 text or as a number since 1970; else ``None``.

    The number's size tells its unit: seconds, milliseconds, microseconds or nanoseconds.
    """
    if isinstance(value, str):
        # Python 3.10 reads fractions of 3 or 6 digits only, and no "Z"
        whole = _FRACTION.sub(lambda digits: f".{digits[1][:6]:0<6}", value.replace("Z", "+00:00"), count=1)
        try:
            return datetime.fromisoformat(whole)
        except ValueError:
            return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
        for unit, limit in ((1, 1e11), (1e3, 1e14), (1e6, 1e17), (1e9, 1e20)):
            if value < limit:
                return datetime.fromtimestamp(value / unit, tz=timezone.utc)
    return None


def arguments(value: Any) -> dict[str, Any] | str | None:
    """Return a call's arguments: an object, an object in JSON text, or the text where it is neither."""
    if isinstance(value, str):
        read = parsed(value) if value.strip() else {}
        return read if isinstance(read, dict) else value
    if value is None or isinstance(value, dict):
        return value
    return json_text.canonical(value)


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), (dict, list))
    except (ValueError, RecursionError):
        return False


def _typed(value: Any, kind: type, name: str, where: str) -> Any:
    if isinstance(value, kind):
        return value
    found = "nothing" if value is None else f"{type(value).__name__} {_short(repr(value))}"
    raise MalformedTrace(
        f"expected {name}, found {found}",
        where=where,
        remedy="Export the trace again, or name its format with --format.",
    )


def _unkeepable(value: Any) -> str:
    level = [value]
    for _ in range(DEEPEST):  # level by level: no recursion on hostile depth
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str) and not item.isascii() and _HALF_PAIR.search(item):
                return f"the text {_short(ascii(item))} holds half a surrogate pair, which is no character"
        if not below:
            return ""
        level = below
    return f"nested more than {DEEPEST} levels deep"


def _short(shown: str, limit: int = 80) -> str:
    return shown if len(shown) <= limit else shown[:limit] + "…"

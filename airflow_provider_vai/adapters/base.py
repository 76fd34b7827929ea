"""What an adapter is: two methods over one trace file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from airflow_provider_vai import json_text
from airflow_provider_vai.exceptions import MalformedTrace, UnreadableTrace
from airflow_provider_vai.run import Run

LIMIT_BYTES = 100_000_000
"""A JSON document needs several times its size in memory: above this it is refused, not half read."""

DEEPEST = 200
"""Levels of nesting: pydantic's JSON writer gives up at 255, and a Run puts a value a few levels down."""

_HALF_PAIR = re.compile("[\ud800-\udfff]")
_FRACTION = re.compile(r"\.(\d+)")


class Trace:
    """A trace file: its bytes, read once, and the JSON document in them.

    :param path: the file.
    :raises UnreadableTrace: from the properties, when the file cannot be read or is not JSON text.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    @cached_property
    def content(self) -> bytes:
        """The file's bytes."""
        try:
            if self.path.is_dir():
                raise UnreadableTrace("is a folder", where=str(self), remedy="Name one trace file in it.")
            size = self.path.stat().st_size
            if size > LIMIT_BYTES:
                raise UnreadableTrace(
                    f"{size / 1e6:.0f} MB is over the limit of {LIMIT_BYTES / 1e6:.0f} MB",
                    where=str(self),
                    remedy="Export the one run you want, or split the file.",
                )
            return self.path.read_bytes()
        except OSError as error:
            raise UnreadableTrace(
                error.strerror or str(error), where=str(self), remedy="Check the path and its permissions."
            ) from None
        except ValueError as error:  # an embedded NUL in the path
            raise UnreadableTrace(str(error), where=repr(str(self)), remedy="Check the path.") from None

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes, hex."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def document(self) -> Any:
        """The JSON document in the file."""
        try:
            text = self.content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UnreadableTrace(
                f"not UTF-8 at byte {error.start} (0x{self.content[error.start]:02x})",
                where=str(self),
                remedy="Save the trace as UTF-8.",
            ) from None
        return document(text, str(self))

    @property
    def fallback_id(self) -> str:
        """A run's id where the file gives it none: the start of the file's own digest."""
        return f"sha256:{self.sha256[:16]}"


class Adapter(Protocol):
    """Reads one trace format.

    Third parties register theirs in the entry-point group ``airflow_provider_vai.adapters``.

    ``name`` is the format's name (``--format``, ``vai formats``), ``description`` one line for people.
    """

    name: str
    description: str

    def accepts(self, document: Any) -> bool:
        """Return whether the JSON document has this format's shape. Looks only; never raises."""
        ...

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the runs in the trace, in the file's order.

        :raises MalformedTrace: a place breaks the format; the message names it.
        """
        ...


def document(text: str, where: str) -> Any:
    """Parse a JSON document that a Run can hold.

    :param where: the file, for messages.
    :raises UnreadableTrace: see :func:`json_text.loads`; also nesting beyond ``DEEPEST`` and half a surrogate
        pair, neither of which a Run could write out again.
    """
    value = json_text.loads(text, where=where)
    if problem := _unkeepable(value):
        raise UnreadableTrace(problem, where=where, remedy="Export the trace without that value.")
    return value


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

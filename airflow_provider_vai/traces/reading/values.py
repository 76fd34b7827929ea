"""Reads single values of a trace: documents, lines, JSON in text, times; and requires a type at a place.

A *place* is where a value is, for messages: ``file: path.inside[0]``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace, UnreadableTrace
from airflow_provider_vai.languages import json_text, yaml_text
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.languages.storable import text_problem
from airflow_provider_vai.traces.reading.unkept import (
    DEEPEST,
    TOO_DEEP,
    UnkeptValue,
    found_in,
    is_too_deep,
    marked,
    reread,
)

JSONL_SUFFIXES = (".jsonl", ".ndjson")

PlacedObject = tuple[dict[str, Any], str]
"""A JSON object and its place."""

_STRING = re.compile(r'"(?:[^"\\]+|\\.)*(?:(?P<end>")|\\?\Z)', re.DOTALL)
"""A string in a JSON text. One without an end matches, too, so that no text is searched twice."""

_FRACTION = re.compile(r"\.(\d+)")


# --- documents --------------------------------------------------------------------------------------------------------


def parse_document(text: str, where: str, unkept: list[UnkeptValue] | None = None, line: str = "") -> Any:
    """Parse a JSON document that a Run can hold.

    :param where: the file, for messages.
    :param unkept: gets the values that a Run cannot hold; the document then has marks in their place. With ``None``
        such a document is refused.
    :param line: what comes before the place of such a value, such as the number of a line.
    :raises UnreadableTrace: see :func:`json_text.loads`; also for nesting beyond ``DEEPEST`` and for half a surrogate
        pair, because a Run could not write either of them out again.
    """
    try:
        value = json_text.loads(text, where=where)
        if problem := _unwritable(value, text):
            raise UnreadableTrace(problem, where=where, remedy="Export the trace without that value.")
    except UnreadableTrace:
        if unkept is None:
            raise
        value = marked(text, where)
        if not (found := found_in(value, line)):
            raise
        unkept += found
    return value


def parse_yaml(text: str, where: str, unkept: list[UnkeptValue]) -> Any:
    """Parse a YAML document, with marks in place of values that a Run cannot hold. It is parsed once: that takes long.

    :param where: the file, for messages.
    :param unkept: gets these values.
    :raises UnreadableTrace: see :func:`yaml_text.loads`; also for nesting beyond ``DEEPEST``.
    """
    value = marked(text, where, yaml_text.loads)
    unkept += found_in(value)
    return value


def parse_lines(text: str, where: str, skipped: list[str], unkept: list[UnkeptValue] | None = None) -> Iterator[Any]:
    """Parse JSONL: one object or array per line. Blank lines are skipped.

    :param where: the file, for messages.
    :param skipped: gets a note for each line that is left out; see :func:`why_skipped`.
    :param unkept: see :func:`parse_document`.
    :raises UnreadableTrace: a line cannot be read and may hold a call; the message has its number.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"line {number}"
        if why := why_skipped(line, is_end=1 < number == len(lines)):
            skipped.append(f"{place}: {why}")
            continue
        value = parse_document(line, f"{where}: {place}", unkept=unkept, line=place)
        if not isinstance(value, (dict, list)):
            raise UnreadableTrace(
                "neither an object nor an array, but JSON in text",
                where=f"{where}: {place}",
                remedy="Correct the file.",
            )
        yield value


def why_skipped(line: str, *, is_end: bool) -> str | None:
    """Return why a line of JSONL is left out, as a note; ``None`` if it has to be read.

    A line that is neither an object nor an array holds no call: a progress message, or ``null``. The end of a file
    whose writer stopped in the middle of a line is lost, but what is before it is not.

    :param line: the line, not blank.
    :param is_end: whether it is the file's last line, has no line end, and is not its only line.
    """
    start = line.lstrip("\ufeff \t\r")[:1]
    if start in ("{", "["):
        return (
            f"cut off after {plural(len(line), 'character')}; what is before it was read"
            if is_end and _is_cut(line)
            else None
        )
    if '{"' in line or "{\\" in line:
        return None
    return "neither an object nor an array; it was left out"


def _is_cut(line: str) -> bool:
    """Return whether a JSON text ends before its last bracket is closed."""
    rest = _STRING.sub(lambda text: "" if text["end"] else '"', line)
    opened = sum(map(rest.count, "[{")) - sum(map(rest.count, "]}"))
    return opened > 0 or '"' in rest


def parse_concatenated(text: str, where: str, unkept: list[UnkeptValue] | None = None) -> list[Any]:
    """Parse several JSON documents that follow one another in a text, as OpenTelemetry's console exporter writes them.

    :param unkept: see :func:`parse_document`.
    :return: the documents; an empty list if the text does not begin with a document and another one after it, or if it
        is JSONL, whose lines have numbers for messages.
    :raises UnreadableTrace: a later document is broken; the message has its number.
    """
    decoder, documents, at = json.JSONDecoder(), list[Any](), 0
    text = text.strip()
    if _is_json(text.partition("\n")[0]):
        return []
    while at < len(text):
        name = f"document {len(documents) + 1}"
        place = f"{where}: {name}"
        try:
            end = decoder.raw_decode(text, at)[1] if text[at] in "{[" else at
        except (ValueError, RecursionError):
            end = at
        if end == at:
            if len(documents) < 1 or text[at] not in "{[":
                return []
            parse_document(text[at:], place)  # raises: it says what is wrong
        documents.append(parse_document(text[at:end], place, unkept=unkept, line=name))
        while end < len(text) and text[end] in " \t\r\n":
            end += 1
        at = end
    return documents if len(documents) > 1 else []


def is_jsonl_text(text: str, name: str) -> bool:
    """Return whether a text is JSONL: its first line is a document, and more lines follow.

    :param name: the file's name; with a JSONL suffix a single line is enough.
    """
    first, _, rest = text.strip().partition("\n")
    is_named = name.endswith(JSONL_SUFFIXES)
    if not rest.strip():
        return is_named and bool(first)
    return _is_json(first) or (is_named and not _is_json(text))


def parse_json(text: str) -> Any:
    """Return the object or array in a JSON text; the text itself if it is neither, or if a Run cannot hold it."""
    value = json_text.parsed_text(text, where="result")
    if value is text or _unwritable(value, text):
        return reread(text) if text.lstrip()[:1] in ("{", "[") else text
    return value


# --- required types ---------------------------------------------------------------------------------------------------


def require_object(value: Any, where: str) -> dict[str, Any]:
    """Return ``value`` if it is a JSON object.

    :param where: its place.
    :raises MalformedTrace: it is something else.
    """
    checked: dict[str, Any] = _require(value, dict, "an object", where)
    return checked


def require_list(value: Any, where: str) -> list[Any]:
    """Return ``value`` if it is a JSON array; see :func:`require_object`."""
    checked: list[Any] = _require(value, list, "a list", where)
    return checked


def require_text(value: Any, where: str) -> str:
    """Return ``value`` if it is a string; see :func:`require_object`."""
    checked: str = _require(value, str, "text", where)
    return checked


def optional_text(value: Any, where: str) -> str | None:
    """Return ``value`` if it is a string or ``None``; see :func:`require_object`."""
    return None if value is None else require_text(value, where)


def require_objects(value: Any, where: str) -> Iterator[PlacedObject]:
    """Yield each object of a JSON array with its place; see :func:`require_object`."""
    for index, item in enumerate(require_list(value, where)):
        yield require_object(item, f"{where}[{index}]"), f"{where}[{index}]"


def place_inside(place: str, key: str) -> str:
    """Return the place of the value under a key of the object at ``place``."""
    return f"{place}{key}" if place.endswith(": ") else f"{place}.{key}"


# --- lenient readers --------------------------------------------------------------------------------------------------


def text_or_none(value: Any) -> str | None:
    """Return ``value`` if it is text that is not blank, else ``None``: for fields that only describe."""
    return value if isinstance(value, str) and value.strip() else None


def id_or_none(value: Any) -> str | None:
    """Return an id as text: text that is not blank, or a whole number, as some writers number calls; else ``None``."""
    return str(value) if type(value) is int else text_or_none(value)


def as_object(value: Any) -> dict[str, Any]:
    """Return ``value`` if it is an object, else an empty one: for parts that only describe."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return ``value`` if it is a list, else an empty one: for parts that only describe."""
    return value if isinstance(value, list) else []


def parse_time(value: Any) -> datetime | None:
    """Return a time written as ISO 8601 text or as a number since 1970; else ``None``.

    A text without a time zone is in UTC, so that all times of a run can be compared. The unit of a number (seconds,
    milliseconds, microseconds or nanoseconds) follows from its size.
    """
    if isinstance(value, str):
        # Python 3.10 reads only fractions of 3 or 6 digits, and no "Z"
        iso = _FRACTION.sub(lambda digits: f".{digits[1][:6]:0<6}", value.replace("Z", "+00:00"), count=1)
        try:
            at = datetime.fromisoformat(iso)
        except ValueError:
            return None
        return at if at.tzinfo else at.replace(tzinfo=timezone.utc)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
        for unit, limit in ((1, 1e11), (1e3, 1e14), (1e6, 1e17), (1e9, 1e20)):
            if value < limit:
                return datetime.fromtimestamp(value / unit, tz=timezone.utc)
    return None


def parse_arguments(value: Any) -> dict[str, Any] | str | None:
    """Return a call's arguments: an object, an object in JSON text, or the text itself."""
    if isinstance(value, str):
        parsed = parse_json(value) if value.strip() else {}
        return parsed if isinstance(parsed, dict) else value
    if value is None or isinstance(value, dict):
        return value
    return json_text.canonical(value)


def arguments_problem(text: str) -> str:
    """Return why a call's arguments, which an adapter kept as text, are not an object that a step can have."""
    if text.lstrip().startswith("{"):
        try:
            parse_document(text, "")
        except UnreadableTrace as error:
            return error.problem
    return "they are text, not a JSON object"


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), (dict, list))
    except (ValueError, RecursionError):
        return False


def _require(value: Any, kind: type, name: str, where: str) -> Any:
    if isinstance(value, kind):
        return value
    actual = "nothing" if value is None else f"{type(value).__name__} {cut(repr(value), 80)}"
    raise MalformedTrace(
        f"expected {name}, found {actual}",
        where=where,
        remedy="Export the trace again, or name its format with --format.",
    )


def _unwritable(value: Any, text: str) -> str:
    """Return why a Run could not write a value out as JSON; empty if it could.

    :param text: the text of the value. Without a character or escape beyond ASCII, it has no half of a surrogate pair.
    """
    if text.isascii() and "\\u" not in text and "\\U" not in text:
        return TOO_DEEP if is_too_deep(value) else ""
    level = [value]
    for _ in range(DEEPEST):  # level by level, so that hostile nesting causes no recursion
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str) and (problem := text_problem(item, nul=True)):
                return f"the text {cut(ascii(item), 80)} {problem}"
        if not below:
            return ""
        level = below
    return TOO_DEEP

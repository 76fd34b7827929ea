"""Values of a trace that a Run cannot hold: ``NaN``, a key that occurs twice, half a surrogate pair.

One such value in the arguments of one call is no reason to lose the other calls. Its document is parsed with marks in
place of such values, and its adapter reads it twice: with the marks, and with plain values. A call that the two
readings see differently holds such a value. See :mod:`~airflow_provider_vai.traces.reading.rereading`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.languages.storable import storable, text_problem

DEEPEST = 200
"""Allowed levels of nesting. Pydantic's JSON writer gives up at 255, and a Run nests a value a few levels deeper."""

TOO_DEEP = f"nested more than {DEEPEST} levels deep"

LATER = "\ue000"
"""Comes after the name of a key that occurs again, with a number: a character for private use."""

_LATER = re.compile(f"{LATER}\\d+$")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_SHIFTED = re.compile("[\U000f0000-\U000f07ff]")
_SHIFT = 0xF0000 - 0xD800
"""Half a surrogate pair in a key is shifted to this range for private use, because no Run can hold it."""


class MarkedText(str):
    """A value as it is written in a JSON text, such as ``NaN``, with what is wrong and the value in its place."""

    problem: str
    remedy: str
    plain: str | None


class MarkedObject(dict[str, Any]):
    """An object in which a key occurs again: it holds the first value, and the later ones under names of their own."""

    problem: str
    remedy: str
    plain: dict[str, Any]


@dataclass(frozen=True)
class UnkeptValue:
    """A value that a Run cannot hold: its place, what is wrong, a remedy, and whether it is an object."""

    place: str
    problem: str
    remedy: str
    is_object: bool

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}" if self.place else self.problem


def marked(text: str, where: str, loads: Callable[..., Any] = json_text.loads) -> Any:
    """Parse a document, with marks in place of values that a Run cannot hold.

    :param where: the file, for messages.
    :param loads: the parser; JSON by default.
    :raises UnreadableTrace: the text is not JSON or YAML at all, or nested too deeply.
    """
    value = loads(text, where=where, unkept=_mark)
    if is_too_deep(value):
        raise UnreadableTrace(TOO_DEEP, where=where, remedy="Export the trace without that value.")
    return _with_marked_texts(value) if "\\u" in text or "\\U" in text or not text.isascii() else value


def is_too_deep(value: Any) -> bool:
    """Return whether JSON data is nested more than ``DEEPEST`` levels deep. It is not searched recursively."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            part
            for item in level
            if isinstance(item, (dict, list))
            for part in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True


def without_marks(value: Any) -> Any:
    """Return a document with plain values in place of its marks: null, and the last value of a repeated key."""
    if isinstance(value, MarkedText):
        return value.plain
    if isinstance(value, MarkedObject):
        return {key: without_marks(part) for key, part in value.plain.items()}
    if isinstance(value, dict):
        return {storable(key): without_marks(part) for key, part in value.items()}
    return [without_marks(part) for part in value] if isinstance(value, list) else value


def found_in(value: Any, line: str = "") -> list[UnkeptValue]:
    """Return the marked values of a document.

    :param line: what comes before each place, such as the number of a line.
    """
    found: list[UnkeptValue] = []
    waiting: list[tuple[Any, list[str | int]]] = [(value, [])]
    while waiting:
        part, path = waiting.pop()
        if isinstance(part, (MarkedText, MarkedObject)):
            place = ": ".join(name for name in (line, _dotted(path)) if name)
            found.append(UnkeptValue(place, part.problem, part.remedy, isinstance(part, dict)))
        if isinstance(part, dict):
            waiting += [(inside, [*path, key]) for key, inside in reversed(part.items())]
        elif isinstance(part, list):
            waiting += [(part[index], [*path, index]) for index in range(len(part) - 1, -1, -1)]
    return found


def written(value: Any) -> str:
    """Return a value as JSON text, with what the file has in place of its marks."""
    if isinstance(value, MarkedText):
        return str(value)
    if isinstance(value, dict):
        parts = [f"{json.dumps(_key(key))}: {written(part)}" for key, part in value.items()]
        return f"{{{', '.join(parts)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    return json.dumps(value)


def _shown(text: str) -> str:
    from airflow_provider_vai.secrets.masking import mask

    return cut(ascii(mask(text)), 80)


def _key(key: str) -> str:
    """Return a key of a marked object as it is written in the file."""
    return _SHIFTED.sub(lambda found: chr(ord(found[0]) - _SHIFT), _LATER.sub("", key))


def _shifted(found: re.Match[str]) -> str:
    return chr(ord(found[0]) + _SHIFT)


def _dotted(path: Iterable[str | int]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{_key(part)}" for part in path]
    return storable("".join(parts).removeprefix("."))


def _mark(value: str | json_text.Pairs, problem: str, remedy: str) -> Any:
    mark: Any
    if isinstance(value, str):
        mark = MarkedText(value)
        mark.plain = None
    else:
        mark, names = MarkedObject(), dict(value)
        for number, (key, part) in enumerate(value):
            mark[f"{key}{LATER}{number}" if key in mark else key] = part
        mark.plain = names
    mark.problem, mark.remedy = problem, remedy
    return mark


def _with_marked_texts(value: Any) -> Any:
    """Return a document with marks in place of texts with half a surrogate pair."""
    if isinstance(value, str) and (problem := text_problem(value, nul=True)):
        mark = MarkedText(json.dumps(value))
        mark.problem, mark.remedy = f"the text {_shown(value)} {problem}", "Correct the text."
        mark.plain = storable(value)
        return mark
    if isinstance(value, list):
        return [_with_marked_texts(part) for part in value]
    if not isinstance(value, dict):
        return value
    parts = {key: _with_marked_texts(part) for key, part in value.items()}
    if isinstance(value, MarkedObject):
        value.update(parts)
        value.plain = {key: _with_marked_texts(part) for key, part in value.plain.items()}
        return value
    halves = [key for key in parts if text_problem(key, nul=True)]
    if not halves:
        return parts
    mark_object = MarkedObject({_HALF_PAIR.sub(_shifted, key): part for key, part in parts.items()})
    mark_object.problem = f"the key {_shown(halves[0])} {text_problem(halves[0], nul=True)}"
    mark_object.remedy = "Correct the key."
    mark_object.plain = {storable(key): part for key, part in parts.items()}
    return mark_object


# --- JSON in texts of the trace ---------------------------------------------------------------------------------------

Manner = Literal["kept", "plain", "marked"]
"""How JSON in a text is read if it has such a value: kept as text, with plain values, or with marks."""


class Reading:
    """One reading of a trace.

    :param manner: what becomes of JSON in a text.
    """

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.found: list[UnkeptValue] = []


_READING: ContextVar[Reading | None] = ContextVar("reading", default=None)


@contextmanager
def reading(manner: Manner) -> Iterator[Reading]:
    """Set how JSON in texts is read, and collect the values in it that a Run cannot hold."""
    current = Reading(manner)
    token = _READING.set(current)
    try:
        yield current
    finally:
        _READING.reset(token)


def reread(text: str) -> Any:
    """Return the JSON in a text that the strict parser refused, as the present reading wants it; else the text."""
    current = _READING.get()
    if current is None:
        return text
    try:
        value = marked(text.strip(), "")
    except UnreadableTrace:
        return text
    found = found_in(value)
    current.found += found
    if not found or current.manner == "kept":
        return text
    return value if current.manner == "marked" else without_marks(value)

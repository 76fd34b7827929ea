"""Reads and writes JSON strictly.

Python's parser accepts ``NaN``, which JSON forbids. It silently changes values: ``1e400`` becomes infinity, ``1e-400``
becomes zero, and the last of two equal keys wins. A deeply nested document ends in a ``RecursionError``. A trace is
evidence, so each of these is refused here with a message that names the value.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property
from json.encoder import encode_basestring_ascii
from typing import Any, NoReturn

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.languages.short_text import cut

CORRECT = "Export the trace again, or correct the file."

Pairs = list[tuple[str, Any]]
"""The keys and values of an object, in the order of the text, with repeated keys."""

Unkept = Callable[["str | Pairs", str, str], Any]
"""Returns a value in place of one that Python cannot keep unchanged. It is given the value as the text has it, or
the pairs of an object; what is wrong; and a remedy."""


def loads(text: str, *, where: str, unkept: Unkept | None = None) -> Any:
    """Parse one JSON document.

    :param text: The document, without a byte-order mark.
    :param where: The file or place, for messages.
    :param unkept: What to put in place of a value that Python cannot keep unchanged; ``None`` refuses the document.
    :raises UnreadableTrace: the text is not JSON, or contains a number or object that Python cannot keep unchanged.
    """

    def refuse(problem: str, remedy: str = CORRECT) -> NoReturn:
        raise UnreadableTrace(problem, where=where, remedy=remedy)

    def replaced(value: str | Pairs, problem: str, remedy: str = CORRECT) -> Any:
        return unkept(value, problem, remedy) if unkept else refuse(problem, remedy)

    def number(digits: str) -> Any:
        value = float(digits)
        if math.isinf(value):
            return replaced(digits, f"the number {cut(digits)} is too large for a 64-bit float")
        if value == 0 and digits.strip("-").lower().split("e")[0].strip("0."):
            return replaced(digits, f"the number {cut(digits)} is too small for a 64-bit float and would become 0")
        return value

    def integer(digits: str) -> Any:
        try:
            return int(digits)
        except ValueError:
            return replaced(digits, f"an integer of {len(digits)} digits is too long for Python to convert")

    def record(pairs: Pairs) -> Any:
        value = dict(pairs)
        if len(value) == len(pairs):
            return value
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        problem = f"the key {cut(repr(twice))} occurs twice in one object, so one of its values would be lost"
        return replaced(pairs, problem)

    def constant(name: str) -> Any:
        return replaced(name, f"{name} is not JSON", "Replace it with null or a number.")

    if not text.strip():
        refuse("the file is empty", "Export the trace again.")
    try:
        return json.loads(
            text, parse_float=number, parse_int=integer, parse_constant=constant, object_pairs_hook=record
        )
    except json.JSONDecodeError as error:
        refuse(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}")
    except RecursionError:
        refuse("the document is nested too deeply to read", "Export the trace without the nested value.")


def parsed_text(text: str, *, where: str) -> Any:
    """Parse a tool result that is a JSON object or array in text; return any other text unchanged.

    A text with a value that :func:`loads` refuses is returned unchanged as well.

    :param text: The result as the tool sent it.
    :param where: The place of the text, passed on to :func:`loads`.
    """
    stripped = text.strip()
    if not stripped.startswith(("{", "[")):
        return text
    try:
        return loads(stripped, where=where)
    except UnreadableTrace:
        return text


def canonical(value: Any) -> str:
    """Return the canonical JSON text of ``value``: sorted keys, ASCII. Equal texts mean equal values *and* types.

    An object with a method ``serialize`` is written as the result of that method.
    """
    write = _PLAIN.get(type(value))
    return write(value) if write else _canonical(value)


_PLAIN: dict[type, Callable[[Any], str]] = {
    str: encode_basestring_ascii,
    int: repr,
    bool: {False: "false", True: "true"}.__getitem__,
    type(None): lambda value: "null",
}
"""How a value of a type is written that is no list or object."""


def _writer(encoder: json.JSONEncoder) -> Callable[[Any], str]:
    """Return an encoder's ``encode`` for lists and objects. It makes a new C encoder for each value; this one does not.

    :param encoder: An encoder without an indent.
    """
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # pragma: no cover - another Python than CPython
        return encoder.encode
    write = make(
        *(None, encoder.default, encode_basestring_ascii, None, encoder.key_separator, encoder.item_separator),
        *(encoder.sort_keys, encoder.skipkeys, encoder.allow_nan),
    )
    return lambda value: "".join(write(value, 0))


_canonical = _writer(
    json.JSONEncoder(
        sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False, default=lambda part: part.serialize()
    )
)


def digest(value: Any) -> str:
    """Return the SHA-256 of ``canonical(value)`` in hex."""
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()


def pretty(value: Any) -> str:
    """Return ``value`` as JSON for a file: indented by two spaces, key order kept, ASCII, with a final newline.

    ``value`` may contain :class:`WrittenJson` objects.
    """
    parts: list[str] = []
    _write(value, "\n", parts.append, text=_indented, has_pieces=_is_filled_object)
    parts.append("\n")
    return "".join(parts)


def laid_out(value: Any) -> str:
    """Return ``value`` as JSON for a large file: as :func:`pretty`, but short arrays and objects on one line each.

    A file takes about two thirds of the space then, and a change of a value is still a change of one line.

    :param value: JSON data; it may contain :class:`WrittenJson` objects.
    """
    parts: list[str] = []
    _write(value, "\n", parts.append, text=_laid_out, has_pieces=_holds_long)
    parts.append("\n")
    return "".join(parts)


class WrittenJson:
    """A value whose JSON text is written once and used in several documents.

    :param value: JSON data.
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def release(self) -> None:
        """Write the text for :func:`laid_out`, and drop the value, which may take much memory."""
        self.value = None if self.laid_out else self.value

    @cached_property
    def indented(self) -> str:
        """The text as :func:`pretty` writes it, without the final newline."""
        return _indented(self.value, "\n")

    @cached_property
    def laid_out(self) -> str:
        """The text as :func:`laid_out` writes it, without the final newline."""
        return _laid_out(self.value, "\n")


class Repeated(dict[str, Any]):
    """An object that may be in a document several times; :func:`laid_out` then writes its text once.

    ``again`` is whether it is there more than once. Nobody changes it.
    """

    __slots__ = ("_texts", "again")

    def __init__(self, value: Mapping[str, Any]) -> None:
        super().__init__(value)
        self.again = False
        self._texts: dict[str, str] = {}

    def text(self, line: str) -> str:
        """Return the text as :func:`laid_out` writes it.

        :param line: A newline followed by the indentation of the object's line.
        """
        text = self._texts.get(line)
        if text is None:
            text = _laid_out_parts(self, line) if self else "{}"
            if self.again:
                self._texts[line] = text
        return text


LINE = 100
"""The most characters of an array or object that :func:`laid_out` writes on one line, without its indentation."""

_scalar = _writer(json.JSONEncoder(ensure_ascii=True, allow_nan=False))


def _write(
    value: Any,
    line: str,
    write: Callable[[str], None],
    *,
    text: Callable[[Any, str], str],
    has_pieces: Callable[[Any], bool],
) -> None:
    """Write a value in pieces, so that what is inside is not copied once for each object around it.

    :param text: returns the text of a value that is written as a whole.
    :param has_pieces: whether a value is an object whose entries are written one by one.
    """
    if not has_pieces(value):
        write(text(value, line))
        return
    before, inner = "{", f"{line}  "
    for key, part in value.items():
        write(f"{before}{inner}{_key(key)}: ")
        _write(part, inner, write, text=text, has_pieces=has_pieces)
        before = ","
    write(f"{line}}}")


def _is_filled_object(value: Any) -> bool:
    return isinstance(value, dict) and bool(value)


def _holds_long(value: Any) -> bool:
    """Return whether a value is an object with a long :class:`WrittenJson`, also in objects in it."""
    if not isinstance(value, dict):
        return False
    parts = value.values()
    return any((isinstance(one, WrittenJson) and len(one.laid_out) > LINE) or _holds_long(one) for one in parts)


def _key(key: Any) -> str:
    return encode_basestring_ascii(key if isinstance(key, str) else _scalar(key))


def _indented(value: Any, line: str) -> str:
    """Return a value as ``json.dumps`` writes it with an indent, but several times faster.

    :param line: A newline followed by the indentation of the value's line.
    """
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if isinstance(value, WrittenJson):
        return value.indented.replace("\n", line)
    inner = f"{line}  "
    if isinstance(value, dict) and value:
        parts = [f"{_key(key)}: {_indented(part, inner)}" for key, part in value.items()]
        return f"{{{inner}{f',{inner}'.join(parts)}{line}}}"
    if isinstance(value, (list, tuple)) and value:
        return f"[{inner}{f',{inner}'.join([_indented(part, inner) for part in value])}{line}]"
    return _scalar(value)


def _laid_out(value: Any, line: str) -> str:
    """Return a value as :func:`laid_out` writes it.

    What fits on one line does not depend on the indentation, so that the same value has the same lines at every depth.
    Each part is written once: a value is on one line if its parts are, and have room there together.

    :param line: A newline followed by the indentation of the value's line.
    """
    kind = type(value)
    if kind in _PLAIN:
        return _PLAIN[kind](value)
    if kind is Repeated:
        return value.text(line)  # type: ignore[no-any-return]
    if isinstance(value, WrittenJson):
        return value.laid_out.replace("\n", line)
    return _laid_out_parts(value, line) if value and isinstance(value, (dict, list, tuple)) else _scalar(value)


def _laid_out_parts(value: Any, line: str) -> str:
    """Return an object or a list that is not empty as :func:`laid_out` writes it."""
    inner = f"{line}  "
    if isinstance(value, dict):
        before, after = "{", "}"
        parts = [
            f"{encode_basestring_ascii(key) if type(key) is str else _key(key)}: "
            f"{encode_basestring_ascii(part) if type(part) is str else _laid_out(part, inner)}"
            for key, part in value.items()
        ]
    else:
        before, after = "[", "]"
        parts = [encode_basestring_ascii(part) if type(part) is str else _laid_out(part, inner) for part in value]
    if 2 * len(parts) < LINE:
        text = ", ".join(parts)
        if len(text) + 2 <= LINE and "\n" not in text:
            return f"{before}{text}{after}"
    return f"{before}{inner}{f',{inner}'.join(parts)}{line}{after}"


def schema(value: Any, depth: int = 3) -> dict[str, Any]:
    """Return the shape of a recorded value as a small JSON Schema. A list is described by its first item.

    :param depth: How many levels of nesting to describe.
    """
    if isinstance(value, dict):
        described: dict[str, Any] = {"type": "object"}
        if depth:
            described["properties"] = {key: schema(part, depth - 1) for key, part in value.items()}
        return described
    if isinstance(value, list):
        return {"type": "array", **({"items": schema(value[0], depth - 1)} if value and depth else {})}
    names = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    return {"type": names[type(value)]}


def is_deeper(value: Any, most: int) -> bool:
    """Return whether lists and objects are nested more than ``most`` levels deep, without recursion."""
    level = [value]
    for _ in range(most):
        parts = (one.values() if isinstance(one, dict) else one if isinstance(one, list) else () for one in level)
        level = [part for inside in parts for part in inside if isinstance(part, (dict, list))]
        if not level:
            return False
    return True

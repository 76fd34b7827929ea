"""Turns data into Python source.

Every value in a DAG file is written by :func:`literal`. It accepts only the listed types, and what it writes reads back
equal and with the same type. The output has the form that a formatter would give it: double quotes unless single ones
need fewer escapes, triple quotes for text with several lines, and a list or dict on one line if it is short, else one
item per line with a trailing comma.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable
from typing import Any

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.languages.derivation.source import divided
from airflow_provider_vai.languages.storable import text_problem

INDENT = "    "
SHORT_LINE = 88
LINE_LENGTH = 110
MAX_DEPTH = 80  # Python's parser accepts about 100 nested brackets in old versions, and 200 in new ones


_ESCAPED = re.compile(r"[\"'\\]")


class PythonSource(str):
    """Text that is already Python source. Only the renderer makes it, from checked names and with this module."""

    __slots__ = ()


class SourcePlace:
    """A function call that is written in place of a value, such as ``wired(step, "rows")``.

    :param function: The name of the function; a Python identifier.
    :param variable: A variable of the file as the first argument; ``None``: there is none.
    :param values: The other positional arguments, as data.
    :param keywords: The keyword arguments, as data; one that is no Python name is written in ``**{...}``.

    ``module`` is the module that the file imports the function from; ``None``: the name of the function determines it.
    """

    module: str | None = None

    def __init__(self, function: str, variable: str | None, /, *values: Any, **keywords: Any) -> None:
        self.function, self.variable, self.values, self.keywords = function, variable, values, keywords


class SourceName(SourcePlace):
    """A variable of the file, written in place of a value."""

    def __init__(self, variable: str) -> None:
        super().__init__("", variable)


class SourceSubscript(SourcePlace):
    """A part of another place, such as ``best["month"]``.

    :param base: The place.
    :param path: Keys and positions.
    """

    def __init__(self, base: SourcePlace, /, *path: str | int) -> None:
        super().__init__("", None, base, *path)


def literal(value: Any, level: int = 0, where: str = "value") -> PythonSource:
    """Return the Python source of a value.

    :param value: None, bool, int, finite float, str, list, or dict with str keys, nested at most ``MAX_DEPTH`` levels
        deep. A :class:`SourcePlace` is allowed anywhere in it.
    :param level: The indentation level of the line that contains the value; continuation lines are indented by it.
    :param where: The name of the value, for messages.
    :raises RenderError: if the value has another type, or contains NaN, infinity, text that Airflow cannot store (see
        :mod:`~airflow_provider_vai.languages.storable`), or an integer that is too long to print.
    """
    if level > MAX_DEPTH:
        raise RenderError(
            f"the value is nested more than {MAX_DEPTH} levels deep",
            where=where,
            remedy="Exclude the call, or flatten its value.",
        )
    if isinstance(value, SourcePlace):
        return _reference(value, level, where)
    writer = _WRITERS.get(type(value))
    if writer is None:
        raise RenderError(
            f"a value of type {type(value).__name__} cannot be written as a Python literal",
            where=where,
            remedy="Exclude the call.",
        )
    return PythonSource(writer(value, level, where))


def docstring(text: str) -> PythonSource:
    """Return ``text`` as the source of a module docstring; unprintable characters and backslashes are escaped.

    Trailing white space is removed from each line, because the text is for people and is never read back as data.
    """
    lines = [line.rstrip() for line in text.strip().split("\n")]
    body = "\n".join("".join(_escaped(character) for character in line) for line in lines)
    body = re.sub(r'"(?="|\Z)|(?<=")"', r'\\"', body)  # a quote beside another quote, or at the end
    return PythonSource(f'"""{body}\n"""' if "\n" in body else f'"""{body}"""')


def comment(text: str) -> PythonSource:
    """Return ``text`` as a one-line comment; unprintable characters become spaces."""
    printable = (
        text if text.isprintable() else "".join(character if character.isprintable() else " " for character in text)
    )
    return PythonSource(f"# {printable}")


def name(text: str) -> PythonSource:
    """Return ``text`` as a Python name.

    :raises RenderError: if it is not an identifier, or is a keyword.
    """
    if not text.isidentifier() or keyword.iskeyword(text):
        raise RenderError(f"{text!r} is not a Python name", remedy="Use letters, digits and underscores.")
    return PythonSource(text)


def _reference(reference: SourcePlace, level: int, where: str) -> PythonSource:
    if isinstance(reference, SourceName):
        return name(str(reference.variable))
    if isinstance(reference, SourceSubscript):
        base, *path = (literal(value, level, where) for value in reference.values)
        return PythonSource(base + "".join(f"[{part}]" for part in path))
    keywords, others = divided(reference.keywords)
    parts: list[str] = [] if reference.variable is None else [name(reference.variable)]
    parts += [literal(value, level + 1, where) for value in reference.values]
    parts += [f"{name(key)}={literal(value, level + 1, where)}" for key, value in keywords.items()]
    parts += [f"**{literal(others, level + 1, where)}"] if others else []
    return PythonSource(_block(f"{name(reference.function)}(", ")", parts, level))


def _text(value: str, level: int, where: str) -> str:
    line = _line(value, where)
    return f'"""\\\n{value}"""' if _is_plain_block(value) else line


def _line(value: str, where: str) -> str:
    if value.isprintable() and not _ESCAPED.search(value):
        return f'"{value}"'
    if problem := text_problem(value):
        raise RenderError(
            f"the text {value[:40]!r} {problem}",
            where=where,
            remedy="Correct the text in the trace, or exclude the call.",
        )
    quote = "'" if value.count('"') > value.count("'") else '"'
    parts = [repr(part)[1:-1] for part in value.split(quote)]  # without this quote in it, `repr` escapes no quotes
    return quote + f"\\{quote}".join(parts) + quote


def _is_plain_block(value: str) -> bool:
    if "\n" not in value.rstrip("\n"):
        return False
    lines = value.split("\n")
    plain = all(line.isprintable() and line == line.rstrip() for line in lines)
    return plain and "\\" not in value and '"""' not in value and not value.endswith('"')


def _integer(value: int, level: int, where: str) -> str:
    try:
        return repr(value)
    except ValueError:
        raise RenderError(
            "an integer has more digits than Python can print", where=where, remedy="Exclude the call."
        ) from None


def _float(value: float, level: int, where: str) -> str:
    if not math.isfinite(value):
        raise RenderError(
            f"the number {value!r} cannot be written as a literal", where=where, remedy="Exclude the call."
        )
    return repr(value).replace("e+", "e")


def _list(value: list[Any], level: int, where: str) -> str:
    return _block("[", "]", [literal(part, level + 1, f"{where}[{index}]") for index, part in enumerate(value)], level)


def _dict(value: dict[Any, Any], level: int, where: str) -> str:
    items = []
    for key, part in value.items():
        if type(key) is not str:
            raise RenderError(f"the key {key!r} is not a string", where=where, remedy="Exclude the call.")
        place = f"{where}[{key[:60]!r}]"
        items.append(f"{_line(key, place)}: {literal(part, level + 1, place)}")
    return _block("{", "}", items, level)


def _block(opening: str, closing: str, items: list[str], level: int) -> str:
    line = opening + ", ".join(items) + closing
    if "\n" not in line and len(INDENT) * level + len(line) <= SHORT_LINE:
        return line
    indent = INDENT * (level + 1)
    return "\n".join([opening, *(f"{indent}{item}," for item in items), INDENT * level + closing])


def _escaped(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    return "\\t" if character == "\t" else repr(character)[1:-1]


_WRITERS: dict[type, Callable[[Any, int, str], str]] = {
    type(None): lambda value, level, where: "None",
    bool: lambda value, level, where: repr(value),
    int: _integer,
    float: _float,
    str: _text,
    list: _list,
    dict: _dict,
}

"""Parses data inside text results: the named forms in which tools write lists, records and fields.

The crystallizer finds a form with :func:`form_of`, and a task parses it with :func:`parse`. Each form is a fixed parser
with a name, never a pattern derived from one recording, so a later text is parsed exactly like the recorded one:

========== ===================================================== ===================================================
form       the text                                              the value
========== ===================================================== ===================================================
json       one JSON object or array: the whole text, the only    the object or array
           fenced block, or after some words
python     a Python literal, as ``str()`` prints a dict or list  the literal, tuples as lists
yaml       YAML whose top level is a list or an object           the list or object; a time or ``yes`` stays text
table      lines with one Markdown table                         a list of objects, cells as text
records    each line ``Key: value, Key: value``, the same keys   a list of objects, values as text
list       one item on each line, after bullets, numbers or a    a list of text
           heading (``Hotels: first item``)
fields     lines, some of them ``Key: value``                    an object with the keys that occur once
number     only a number                                         the number
========== ===================================================== ===================================================
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn

LIMIT_CHARACTERS = 250_000
"""A longer text is not parsed: YAML would take seconds, and nobody could check what was found."""

FENCE = re.compile(r"```[\w-]*[ \t]*")
FENCE_END = re.compile(r"```[ \t]*")
BULLET = re.compile(r"(?:[-*•]|\d{1,4}[.)])[ \t]+(\S.*)")
HEADING = re.compile(r"([^\W\d_][\w ./()-]{0,60}):(?:[ \t]+(\S.*))?")
FIELD = re.compile(r"(?:[-*>•][ \t]+)?([*_]{0,2})([^\W\d_][\w ./()-]{0,60}?)(?::\1|\1:)[ \t]+(\S.*)")
NEXT_PAIR = re.compile(r", (?=[^\W\d_][\w ]{0,40}: )")
NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?")
RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
PLAIN = re.compile(r"\w[\w@./+\- ,;!?'\"#]*")
"""One line without any sign of a form but that of a number: no colon, bar, bracket or bullet."""

LONGEST_ITEM = 200  # characters of an item in a list without bullets; longer lines are prose


def parse(text: str, form: str) -> Any:
    """Return the value of a text in a given form.

    :param text: A result, or a text inside one.
    :param form: A key of :data:`FORMS`.
    :raises ValueError: the form is unknown, or the text is too long or not in the form. The message does not repeat the
        text.
    """
    if form not in FORMS:
        raise ValueError(f"unknown form {form!r}: use one of {', '.join(FORMS)}")
    if len(text) > LIMIT_CHARACTERS:
        raise ValueError(
            f"a text of {len(text)} characters is too long to parse as {form}: at most {LIMIT_CHARACTERS} are allowed"
        )
    return FORMS[form](text)


def form_of(text: str) -> tuple[str, Any] | None:
    """Return the form of a text and its value; ``None`` if it has no form or its value is empty.

    The forms are tried in the order of :data:`FORMS`, the strict ones first, and the first match counts. A list is
    recognised here only if it has two lines or more and none of them is a sentence. :func:`parse` is less strict.
    """
    if len(text) > LIMIT_CHARACTERS or not text.strip():
        return None
    if PLAIN.fullmatch(text) and not NUMBER.fullmatch(text.strip()):  # most texts; the parsers would agree
        return None
    for form, parser in FORMS.items():
        try:
            value = parser(text)
        except ValueError:
            continue
        if form == "list" and not _looks_like_a_list(text):
            continue
        if value or form == "number":
            return form, value
    return None


def _fenced_blocks(text: str) -> list[str]:
    """Return the contents of the fenced code blocks in a text. One pass: a fence that is never closed costs nothing."""
    lines, blocks = text.split("\n"), []
    start: int | None = None
    for number, line in enumerate(lines):
        if start is None:
            start = number + 1 if FENCE.fullmatch(line) else None
        elif FENCE_END.fullmatch(line):
            blocks.append("".join(f"{inside}\n" for inside in lines[start:number]))
            start = None
    return blocks


def _json(text: str) -> Any:
    blocks = _fenced_blocks(text)
    inside = blocks[0] if len(blocks) == 1 else text
    start = re.search(r"(?:\A|(?<=\s))[\[{]", inside)
    if start is None:
        _refuse("JSON object or array")
    decoder = json.JSONDecoder(parse_constant=lambda name: _refuse(f"valid JSON: {name}"), parse_float=_finite)
    try:
        value, end = decoder.raw_decode(inside, start.start())
    except RecursionError:
        _refuse("readable JSON: it is nested too deeply")
    if inside[end:].strip():
        _refuse("single JSON object or array as its last part")
    return value


def _python(text: str) -> Any:
    stripped = text.strip()
    if not stripped.startswith(("{", "[", "(")):
        _refuse("Python list or dict")
    try:
        return _plain(ast.literal_eval(stripped))
    except (SyntaxError, RecursionError, MemoryError, TypeError):
        _refuse("Python list or dict")


def _plain(value: Any) -> Any:
    """Return a Python literal as JSON data; numeric keys become text."""
    if isinstance(value, dict):
        keys = [key if isinstance(key, str) else str(key) for key in value]
        if len(set(keys)) < len(keys) or not all(isinstance(key, (str, int, float)) for key in value):
            _refuse("Python dict with text keys")
        return dict(zip(keys, map(_plain, value.values()), strict=True))
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return _refuse("Python literal that JSON can represent")


def _yaml(text: str) -> Any:
    from airflow_provider_vai.exceptions import UnreadableTrace
    from airflow_provider_vai.languages import yaml_text

    if not re.search(r"^(?:[^\S\n]*-(?:\s|$)|[^\n#]*\S:(?:\s|$)|[\[{])", text, re.MULTILINE):
        _refuse("YAML list or object")
    try:
        value = yaml_text.loads(text, where="")
    except UnreadableTrace:
        _refuse("YAML")
    if not isinstance(value, (list, dict)):
        _refuse("YAML list or object")
    return value


def _table(text: str) -> list[dict[str, str]]:
    lines = [line.strip() for line in text.splitlines()]
    rules = [
        number for number, line in enumerate(lines) if number and "|" in lines[number - 1] and RULE.fullmatch(line)
    ]
    if len(rules) != 1:
        _refuse("single Markdown table")
    head = _cells(lines[rules[0] - 1])
    if len(set(head)) < len(head) or "" in head or len(_cells(lines[rules[0]])) != len(head):
        _refuse("Markdown table with a distinct name for each column")
    rows = []
    for line in lines[rules[0] + 1 :]:
        if "|" not in line:
            break
        cells = _cells(line)
        if len(cells) != len(head):
            _refuse("Markdown table with the same number of cells in each row")
        rows.append(dict(zip(head, cells, strict=True)))
    return rows


def _cells(line: str) -> list[str]:
    inner = line.removeprefix("|").removesuffix("|")
    return [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", inner)]


def _records(text: str) -> list[dict[str, str]]:
    records: list[dict[str, str]] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        pairs = [part.partition(": ") for part in NEXT_PAIR.split(line.strip())]
        record = {key: value.strip() for key, _, value in pairs}
        if len(record) < 2 or len(record) < len(pairs) or (records and record.keys() != records[0].keys()):
            _refuse("records: each line must have the same two or more `Key: value` pairs")
        if not all(HEADING.fullmatch(f"{key}:") for key in record):
            _refuse("records: each line must consist of `Key: value` pairs")
        records.append(record)
    return records


def _list(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return []
    bullets = [BULLET.fullmatch(line) for line in lines]
    heading = None if bullets[0] else HEADING.fullmatch(lines[0])
    rest = lines[1:] if heading else lines
    items = [item.group(1).strip() for item in bullets[len(lines) - len(rest) :] if item]
    if items and len(items) == len(rest) and (heading is None or not heading.group(2)):
        return items
    if items or any(len(line) > LONGEST_ITEM or ": " in line or line.endswith(":") for line in rest):
        _refuse("list with one item on each line")
    return [*([heading.group(2).strip()] if heading and heading.group(2) else []), *rest]


def _looks_like_a_list(text: str) -> bool:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    heading = HEADING.fullmatch(lines[0])
    is_field = heading is not None and heading.group(2) is not None and NUMBER.fullmatch(heading.group(2)) is not None
    return len(lines) > 1 and not is_field and not any(line.endswith((".", "!", "?", ",", ";")) for line in lines)


def _fields(text: str) -> dict[str, str]:
    found = [match.groups()[1:] for line in text.splitlines() if (match := FIELD.fullmatch(line.strip()))]
    keys = [key for key, _ in found]
    return {key: value.strip() for key, value in found if keys.count(key) == 1} if len(found) <= 1000 else {}


def _number(text: str) -> int | float:
    stripped = text.strip()
    if not NUMBER.fullmatch(stripped):
        _refuse("number")
    return _finite(stripped) if "." in stripped else int(stripped)


def _finite(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _refuse("valid JSON: a number is too large")


def _refuse(missing: str) -> NoReturn:
    raise ValueError(f"the text contains no {missing}")


FORMS: dict[str, Callable[[str], Any]] = {
    "json": _json,
    "python": _python,
    "yaml": _yaml,
    "table": _table,
    "records": _records,
    "list": _list,
    "fields": _fields,
    "number": _number,
}
"""Name of the form -> its parser, the strict ones first."""

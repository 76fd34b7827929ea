"""Data inside a text result: the named forms in which tools write lists, records and fields, and how each is read.

Pure and shared: the crystallizer finds a form with :func:`form_of`, a task reads it with :func:`parse`. A form is a
fixed reading with a name, never a pattern that was made from one recording, so that tomorrow's text is read as the
recorded one was:

========== ===================================================== ===================================================
form       what the text is                                      value
========== ===================================================== ===================================================
json       one JSON object or array: the whole text, the only    as it is
           fenced block, or after some words
python     a Python literal, as ``str()`` prints a dict or list  as it is, tuples as lists
yaml       YAML, the whole text a list or an object              as it is; a time or a ``yes`` stays text
table      lines with one Markdown table                         a list of objects, cells as text
records    each line ``Key: value, Key: value``, the same keys   a list of objects, values as text
list       one item a line, after bullets, numbers or a heading  a list of text
           (``Hotels: first item``)
fields     lines, some of them ``Key: value``                    an object of the keys that stand there once
number     a number and nothing else                             the number
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
"""A longer text is not searched: YAML takes seconds for it, and a person cannot check what was found."""

FENCE = re.compile(r"^```[\w-]*[ \t]*\n(.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)
BULLET = re.compile(r"(?:[-*•]|\d{1,4}[.)])[ \t]+(\S.*)")
HEADING = re.compile(r"([^\W\d_][\w ./()-]{0,60}):(?:[ \t]+(\S.*))?")
FIELD = re.compile(r"(?:[-*>•][ \t]+)?([*_]{0,2})([^\W\d_][\w ./()-]{0,60}?)(?::\1|\1:)[ \t]+(\S.*)")
NEXT_PAIR = re.compile(r", (?=[^\W\d_][\w ]{0,40}: )")
NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?")
RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
LONGEST_ITEM = 200  # characters of an item of a list without bullets: longer lines are prose


def parse(text: str, form: str) -> Any:
    """Return the value that a text holds in a form.

    :param text: a result, or a text inside one.
    :param form: a key of :data:`FORMS`.
    :raises ValueError: there is no such form, the text is too long, or it is not of the form; the message says which
        and does not repeat the text.
    """
    if form not in FORMS:
        raise ValueError(f"no form {form!r}: there are {', '.join(FORMS)}")
    if len(text) > LIMIT_CHARACTERS:
        raise ValueError(f"a text of {len(text)} characters is too long to be read as {form}")
    return FORMS[form](text)


def form_of(text: str) -> tuple[str, Any] | None:
    """Return the form of a text and what it holds, ``None`` where it has none or holds nothing.

    The forms are tried in the order of :data:`FORMS`, the strict ones first; a text has one form. A list is found from
    two lines on, and where no line is a sentence: read by its name, it may have fewer lines, and others.
    """
    if len(text) > LIMIT_CHARACTERS or not text.strip():
        return None
    for form, read in FORMS.items():
        try:
            value = read(text)
        except ValueError:
            continue
        if form == "list" and not _looks_like_a_list(text):
            continue
        if value or form == "number":
            return form, value
    return None


def _json(text: str) -> Any:
    blocks = FENCE.findall(text)
    inside = blocks[0] if len(blocks) == 1 else text
    start = re.search(r"(?:\A|(?<=\s))[\[{]", inside)
    if start is None:
        _refuse("JSON object or array")
    decoder = json.JSONDecoder(parse_constant=lambda name: _refuse(f"JSON: {name}"), parse_float=_finite)
    try:
        value, end = decoder.raw_decode(inside, start.start())
    except RecursionError:
        _refuse("JSON that is not nested too deeply")
    if inside[end:].strip():
        _refuse("single JSON object or array at its end")
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
    """Return a Python literal as JSON data; numbers as keys become text."""
    if isinstance(value, dict):
        keys = [key if isinstance(key, str) else str(key) for key in value]
        if len(set(keys)) < len(keys) or not all(isinstance(key, (str, int, float)) for key in value):
            _refuse("Python dict with text keys")
        return dict(zip(keys, map(_plain, value.values()), strict=True))
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return _refuse("Python literal that JSON can hold")


def _yaml(text: str) -> Any:
    from airflow_provider_vai.exceptions import UnreadableTrace
    from airflow_provider_vai.languages import yaml_text

    if not re.search(r"^(?:\s*-(?:\s|$)|[^\n#]*\S:(?:\s|$)|[\[{])", text, re.MULTILINE):
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
        _refuse("Markdown table with a name above each column")
    rows = []
    for line in lines[rules[0] + 1 :]:
        if "|" not in line:
            break
        cells = _cells(line)
        if len(cells) != len(head):
            _refuse("Markdown table with as many cells in each row")
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
            _refuse("line of the same two or more `Key: value` pairs")
        if not all(HEADING.fullmatch(f"{key}:") for key in record):
            _refuse("line of `Key: value` pairs")
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
        _refuse("list of one item a line")
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
    return value if math.isfinite(value) else _refuse("JSON: a number is too large")


def _refuse(wanted: str) -> NoReturn:
    raise ValueError(f"it holds no {wanted}")


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
"""Name -> reading, the strict ones first."""

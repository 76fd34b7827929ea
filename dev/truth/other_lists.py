"""Arrange the lists of recorded results in another way: reversed, rotated, with one more item at the front.

Everything that stands several times, or could, counts as a list: a list of records, of plain ids, of one item; an
object whose keys are ids; and the lists in a text, which are written back in the text's own form. The added item is a
copy of a list's first one. What names it (ids, names, addresses) is altered, what describes it (a date, a status, a
price) stays. The same value is always altered to the same new value, so that related results stay consistent.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml  # type: ignore[import-untyped]

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.text_forms import BULLET, form_of, parse
from truth.alterations import Path, changed_letters

WORLDS: dict[str, tuple[str, ...]] = {
    "as recorded": (),
    "reversed": ("reverse",),
    "rotated": ("rotate",),
    "longer": ("lengthen",),
    "reversed, longer": ("reverse", "lengthen"),
    "rotated, longer": ("rotate", "lengthen"),
}
"""What is done to every list, by the world's name."""

DESCRIBING = re.compile(r"[a-z]+(?:[ _-][a-z]+)*|\d{4}-\d\d-\d\d.*|\d\d:\d\d.*|-?\d+\.\d+|\W*")
"""Texts that describe a record and do not name it: lower-case words, dates, times, prices."""


def arranged(value: Any, world: str) -> Any:
    """Return a recorded result as it is in a world: every list in it arranged in the world's way.

    :param world: a key of :data:`WORLDS`.
    """
    steps = WORLDS[world]
    return _arranged(value, steps) if steps else value


def changes(data: Any, world: str, path: Path = ()) -> list[Any]:
    """Return the changes that arrange every list of an environment, in the form of ``alterations.applied``."""
    if isinstance(data, dict):
        return [change for key, part in data.items() for change in changes(part, world, (*path, key))]
    return [[list(path), arranged(data, world)]] if isinstance(data, list) else []


def other_item(value: Any, salt: str = "") -> Any:
    """Return a made-up item of the same shape: what names the item is altered, what describes it stays.

    :param salt: gives another made-up item for the same value.
    """
    if isinstance(value, dict):
        return {other_key(key, salt): _other_part(key, part, salt) for key, part in value.items()}
    if isinstance(value, list):
        return [other_item(part, salt) for part in value]
    if isinstance(value, str):
        return value if DESCRIBING.fullmatch(value) else renamed(value, salt)
    return renamed(value, salt) if isinstance(value, int) and abs(value) >= 100 else value


def renamed(value: Any, salt: str = "") -> Any:
    """Return another text or number of the same form; always the same one for the same value and salt."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value + 7919 + len(salt)
    if not isinstance(value, str):
        return value
    if value.isdecimal() and len(value) < 5:
        return str(int(value) + 7919 + len(salt))
    new = changed_letters(value, random.Random(f"{salt} {value}"))
    return new if new != value else f"{value} 2"


def rewritten(text: str, change: Callable[[Any], Any]) -> str:
    """Return a text with the data in it changed, in the form in which it was written.

    The text stays as it is if it has no form, or if its form cannot hold the changed data.
    """
    found = form_of(text)
    if found is None:
        return text
    form, old = found
    new = change(old)
    written = _WRITERS[form](text, new) if form in _WRITERS and not _same(new, old) else text
    try:
        return written if _same(parse(written, form), new) else text
    except ValueError:
        return text


def is_by_id(value: Any) -> bool:
    """Return whether a value is an object of records, with their ids as keys."""
    if not isinstance(value, dict) or not value or not all(isinstance(part, dict) for part in value.values()):
        return False
    return all(re.search(r"\d", str(key)) for key in value)


def _arranged(value: Any, steps: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return rewritten(value, lambda data: _arranged(data, steps)) if "\n" in value or "[" in value else value
    if isinstance(value, dict):
        inner = {key: _arranged(part, steps) for key, part in value.items()}
        return dict(_in_order(list(inner.items()), steps)) if is_by_id(value) else inner
    if isinstance(value, list):
        return _in_order([_arranged(part, steps) for part in value], steps)
    return value


def _in_order(items: list[Any], steps: tuple[str, ...]) -> list[Any]:
    added = [_other_entry(items[0])] if items and "lengthen" in steps else []
    if "reverse" in steps:
        items = items[::-1]
    if "rotate" in steps:
        items = [*items[-1:], *items[:-1]]
    return [*added, *items]


def _other_entry(item: Any) -> Any:
    if isinstance(item, tuple):  # a key and its record
        key, record = item
        return renamed(key), other_item(record)
    return other_item(item) if isinstance(item, (dict, list)) else renamed(item)


def other_key(key: Any, salt: str) -> Any:
    """Return another key if the key is an id, else the key itself."""
    return renamed(key, salt) if re.search(r"\d{3}", str(key)) else key


def _other_part(key: str, part: Any, salt: str) -> Any:
    return renamed(part, salt) if re.search(r"(?:^|_)id_?$", key) else other_item(part, salt)


def _same(left: Any, right: Any) -> bool:
    return json_text.canonical(left) == json_text.canonical(right)


def _yaml(text: str, data: Any) -> str:
    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10_000))


def _list(text: str, items: list[Any]) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    bulleted = [BULLET.fullmatch(line) for line in lines]
    if bulleted[-1]:
        heading = [] if bulleted[0] else lines[:1]
        return "\n".join([*heading, *(f"- {item}" for item in items)]) + "\n"
    heading_text, colon, first = lines[0].partition(": ")
    if colon and first:
        return f"{heading_text}: " + "\n".join(map(str, items)) + "\n"
    return "\n".join([*(lines[:1] if lines[0].endswith(":") else []), *map(str, items)]) + "\n"


def _records(text: str, records: list[dict[str, Any]]) -> str:
    return "\n".join(", ".join(f"{key}: {value}" for key, value in record.items()) for record in records) + "\n"


def _table(text: str, rows: list[dict[str, Any]]) -> str:
    head = list(rows[0]) if rows else []
    lines = [head, ["---"] * len(head), *([str(row.get(key, "")) for key in head] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


_WRITERS: Mapping[str, Callable[[str, Any], str]] = {
    "json": lambda text, data: json.dumps(data),
    "python": lambda text, data: repr(data),
    "yaml": _yaml,
    "list": _list,
    "records": _records,
    "table": _table,
}
"""By the name of a form. A text of ``fields`` or a ``number`` holds no list."""

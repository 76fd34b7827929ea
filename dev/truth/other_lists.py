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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml  # type: ignore[import-untyped]

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.text_forms import BULLET, form_of, parse
from truth.alterations import changed_letters

Pattern = tuple[str, ...]
ANY, TEXT = "*", "(text)"


@dataclass(frozen=True)
class Arrangement:
    """What is done to lists.

    :param reverse: turn each around. :param rotate: put the last item of each first.
    :param lengthen: add an item to the front of those that this returns true for, if any.
    """

    reverse: bool = False
    rotate: bool = False
    lengthen: Callable[[list[Any]], bool] | None = None

    def apply(self, items: list[Any]) -> list[Any]:
        """Return a list's items in the new arrangement."""
        added = [_other_entry(items[0])] if items and self.lengthen and self.lengthen(items) else []
        items = items[::-1] if self.reverse else items
        return [*added, *([*items[-1:], *items[:-1]] if self.rotate else items)]


def _any(items: list[Any]) -> bool:
    return True


WORLDS: dict[str, Arrangement] = {
    "as recorded": Arrangement(),
    "reversed": Arrangement(reverse=True),
    "rotated": Arrangement(rotate=True),
    "longer": Arrangement(lengthen=_any),
    "longer where several": Arrangement(lengthen=lambda items: len(items) > 1),
    "reversed, longer": Arrangement(reverse=True, lengthen=_any),
    "rotated, longer": Arrangement(rotate=True, lengthen=_any),
}
"""What is done to every list, by the world's name."""

ALONE: dict[str, Arrangement] = {
    "one list reversed": Arrangement(reverse=True),
    "one list rotated": Arrangement(rotate=True),
    "one list longer": Arrangement(lengthen=_any),
}
"""What is done to one list at a time: where all are longer, the first that has two items may hide the next."""

DESCRIBING = re.compile(r"[a-z]+(?:[ _-][a-z]+)*|\d{4}-\d\d-\d\d.*|\d\d:\d\d.*|-?\d+\.\d+|\W*")
"""Texts that describe a record and do not name it: lower-case words, dates, times, prices."""


def arranged(value: Any, to: Arrangement, only: Pattern | None = None) -> Any:
    """Return a recorded result with its lists arranged in another way.

    :param only: the pattern of the lists that are arranged, all of them if left out.
    """
    return value if to == Arrangement() else _arranged(value, to, only, ())


def patterns(value: Any, at: Pattern = ()) -> Iterator[Pattern]:
    """Yield the pattern of each list: the keys on the way to it, with ``*`` for any item or id."""
    if isinstance(value, str):
        found = form_of(value) if _may_hold_data(value) else None
        yield from patterns(found[1], (*at, TEXT)) if found else ()
    elif isinstance(value, dict):
        ids = is_by_id(value)
        yield from [at] * ids
        for key, part in value.items():
            yield from patterns(part, (*at, ANY if ids else key))
    elif isinstance(value, list):
        yield at
        for part in value:
            yield from patterns(part, (*at, ANY))


def changes(data: Any, to: Arrangement, at: Pattern = ()) -> list[Any]:
    """Return the changes that arrange the lists of an environment, in the form of ``alterations.applied``."""
    if isinstance(data, dict) and not is_by_id(data):
        return [change for key, part in data.items() for change in changes(part, to, (*at, key))]
    new = arranged(data, to) if isinstance(data, list) else data
    return [] if _same(new, data) else [[list(at), new]]


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


def _arranged(value: Any, to: Arrangement, only: Pattern | None, at: Pattern) -> Any:
    if isinstance(value, str):
        return rewritten(value, lambda data: _arranged(data, to, only, (*at, TEXT))) if _may_hold_data(value) else value
    is_meant = only is None or at == only
    if isinstance(value, dict):
        ids = is_by_id(value)
        inner = {key: _arranged(part, to, only, (*at, ANY if ids else key)) for key, part in value.items()}
        return dict(to.apply(list(inner.items()))) if ids and is_meant else inner
    if isinstance(value, list):
        items = [_arranged(part, to, only, (*at, ANY)) for part in value]
        return to.apply(items) if is_meant else items
    return value


def _may_hold_data(text: str) -> bool:
    return "\n" in text or "[" in text


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

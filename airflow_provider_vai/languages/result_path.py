"""A place in a result: keys and list positions, and steps that read a text or pick a record by its name.

Pure and shared: what the crystallizer proves on the recording is what a task does with its own result. Which step a
part is depends on what stands there, so a part can never be taken for a key:

- in an object, text is a **key**, and ``"[only]"`` its **one value**, whatever the key is;
- in a list, a number is a **position**, ``"[only]"`` its **one item**, and ``"[name=Spotify]"`` the **one record**
  whose ``name`` is that text;
- in a text, ``"text:yaml"`` **reads** it (the forms of :mod:`~airflow_provider_vai.languages.text_forms`);
- last of all, ``"is:text"``, ``"is:number"``, ``"is:list"`` or ``"is:object"`` **checks** what was found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from airflow_provider_vai.languages import text_forms as text_extract
from airflow_provider_vai.languages.places import described, has_part, shown_part

TEXT = "text:"
CHECK = "is:"
ONLY = "[only]"
RECORD = re.compile(r"\[([^=\[\]]+)=(.*)\]", re.DOTALL)


def follow(value: Any, path: Sequence[str | int]) -> Any:
    """Return the part of ``value`` at ``path``.

    :param value: JSON data.
    :raises LookupError: nothing is there, a text is not of the form, no or several records have the name, or what is
        there is of another type; the message says how far the path went and what stood there.
    """
    for depth, part in enumerate(path):
        try:
            value = _entered(value, part, is_last=depth == len(path) - 1)
        except (KeyError, IndexError, ValueError) as error:
            place = "".join(f"[{shown_part(step)}]" for step in path[:depth]) or "the result"
            why = f"{error}, " if type(error) is ValueError else ""
            raise LookupError(f"no {shown_part(part)} at {place}: {why}found {described(value)}") from None
    return value


def record(key: str, value: Any) -> str | None:
    """Return the step to the record whose ``key`` is ``value``; ``None`` where that cannot be written."""
    step = f"[{key}={_as_text(value)}]"
    found = RECORD.fullmatch(step)
    return step if found and found.groups() == (key, _as_text(value)) else None


def check(value: Any) -> str | None:
    """Return the step that checks the type of ``value``; ``None`` for a type that no wire is made to."""
    name = _type(value)
    return f"{CHECK}{name}" if name else None


def _entered(value: Any, part: str | int, *, is_last: bool) -> Any:
    if has_part(value, part):
        return value[part]
    if isinstance(value, (dict, list)) and part == ONLY:
        return _only(value)
    if isinstance(part, str):
        if isinstance(value, list) and (named := RECORD.fullmatch(part)):
            return _picked(value, named.group(1), named.group(2))
        if isinstance(value, str) and part.startswith(TEXT):
            return text_extract.parse(value, part.removeprefix(TEXT))
        if is_last and part.startswith(CHECK) and _type(value) == part.removeprefix(CHECK):
            return value
    raise KeyError(part)


def _picked(records: list[Any], key: str, text: str) -> Any:
    found = [entry for entry in records if isinstance(entry, dict) and key in entry and _as_text(entry[key]) == text]
    if len(found) != 1:
        raise ValueError(f"{len(found) or 'none'} of the records fit")
    return found[0]


def _only(value: dict[str, Any] | list[Any]) -> Any:
    if len(value) != 1:
        raise ValueError(f"{len(value)} {'keys' if isinstance(value, dict) else 'items'} where one was recorded")
    return next(iter(value.values() if isinstance(value, dict) else value))


def _as_text(value: Any) -> str | None:
    """Return a plain value as the text that names it; ``None`` for lists, objects and nothing."""
    if value is None or isinstance(value, (dict, list)):
        return None
    return value if isinstance(value, str) else json.dumps(value)


def _type(value: Any) -> str | None:
    if isinstance(value, bool) or value is None:
        return None
    return {str: "text", int: "number", float: "number", list: "list", dict: "object"}.get(type(value))

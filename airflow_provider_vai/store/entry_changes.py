"""Writes a log entry as what changed since an earlier one, and reads it back.

The entries of a large automation are large, and most of each is the same as before. Such an entry holds the number of
the entry that it builds on, its base, and only what differs from it. A base is always whole, so reading an entry never
takes more than two files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from airflow_provider_vai.languages.json_text import WrittenJson

BASED_ON = "based_on"
TEXTS = ("rendered", "dag_file")

_text = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
"""The text of a JSON value; equal texts mean equal values, types and order of keys."""


def changes(base: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry as what changed since its base, without the field that names the base.

    :param base: The base as JSON data.
    :param entry: The entry as JSON data; its sidecar may contain :class:`~.json_text.WrittenJson`.
    """
    before, after = base["sidecar"], _plain(entry["sidecar"])
    changed = {
        name: _changed(before[name], value) if name in before else {"value": value}
        for name, value in after.items()
        if name not in before or _text(before[name]) != _text(value)
    }
    found = {name: value for name, value in entry.items() if name not in ("sidecar", *TEXTS)}
    found["sidecar"] = {"changed": changed, "removed": [name for name in before if name not in after]}
    for name in TEXTS:
        found[name] = _changed(base.get(name), entry.get(name))
    return found


def rebuilt(base: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """Return a whole entry.

    :param base: Its base as JSON data.
    :param changed: What :func:`changes` returned; a field that names the base is dropped.
    :raises ValueError: the parts do not belong together: a part of the base is missing, or an entry has another form.
    """
    try:
        sidecar = {name: value for name, value in base["sidecar"].items() if name not in changed["sidecar"]["removed"]}
        for name, change in changed["sidecar"]["changed"].items():
            sidecar[name] = _applied(sidecar.get(name), change)
        texts = {name: _applied(base.get(name), changed[name]) for name in TEXTS}
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(f"it does not belong to the entry that it is based on ({error!r})") from None
    return {**{name: value for name, value in changed.items() if name != BASED_ON}, "sidecar": sidecar, **texts}


def _plain(sidecar: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.value if isinstance(value, WrittenJson) else value for name, value in sidecar.items()}


def _changed(before: Any, after: Any) -> dict[str, Any]:
    """Return a new value of a list or text in pieces, of which some are ranges of the old one; any other as it is."""
    if type(before) is type(after) and isinstance(before, (list, str)):
        old = _divided(before)
        if len(old) > 1:
            return {"pieces": list(_pieces(old, _divided(after)))}
    return {"value": after}


def _applied(before: Any, change: Mapping[str, Any]) -> Any:
    if "pieces" not in change:
        return change["value"]
    divided: list[Any] = _divided(before)
    result: list[Any] = []
    for piece in change["pieces"]:
        if isinstance(piece, dict):
            result += piece["new"]
            continue
        start, stop = piece
        if not 0 <= start <= stop <= len(divided):
            raise IndexError(f"lines or members {start} to {stop} of {len(divided)}")
        result += divided[start:stop]
    return "".join(result) if isinstance(before, str) else result


def _pieces(before: Sequence[Any], after: Sequence[Any]) -> Iterator[list[int] | dict[str, Any]]:
    """Yield ranges of the old members, and the new members between them, in the new order."""
    old, new = [_text(part) for part in before], [_text(part) for part in after]
    least = min(len(old), len(new))
    head = next((at for at in range(least) if old[at] != new[at]), least)
    tail = next((at for at in range(least - head) if old[-1 - at] != new[-1 - at]), least - head)
    if head:
        yield [0, head]
    inner = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail])
    for tag, start, stop, new_start, new_stop in inner.get_opcodes():
        if tag == "equal":
            yield [head + start, head + stop]
        elif new_stop > new_start:
            yield {"new": list(after[head + new_start : head + new_stop])}
    if tail:
        yield [len(old) - tail, len(old)]


def _divided(value: list[Any] | str) -> list[Any]:
    return value.splitlines(keepends=True) if isinstance(value, str) else value

"""Containers that hold a trace one level down: pages of an API, and envelopes around each message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

PAGES = ("items", "data", "results", "records", "rows", "entries", "messages", "events", "spans", "traces", "runs")
"""Keys under which an API lists what it returns."""

ENVELOPES = ("message", "payload", "event", "data", "record", "body")
"""Keys under which a log keeps each message that was sent or received."""

DESCRIBING = frozenset(
    {"links", "_links", "meta", "metadata", "pagination", "paging", "page_info", "pageInfo", "columns"}
)
"""Keys of objects that only describe a page."""

DEEPEST = 3


def contents(document: Any) -> Iterator[tuple[Any, str]]:
    """Yield what may be the trace inside a document, each with its name for messages: the outermost first.

    Only a container that holds nothing else is opened, so that nothing of a trace is lost.
    """
    name = ""
    for _ in range(DEEPEST):
        inner = _page(document) or _envelopes(document) or _columns(document)
        if inner is None:
            return
        document, key = inner
        name = f"{name}.{key}" if name else key
        yield document, name


def _page(document: Any) -> tuple[list[Any], str] | None:
    """Return the list in a page, with its key."""
    if not isinstance(document, dict):
        return None
    held = [key for key, value in document.items() if isinstance(value, (dict, list)) and key not in DESCRIBING]
    if len(held) != 1 or held[0] not in PAGES or not isinstance(document[held[0]], list):
        return None
    return document[held[0]], str(held[0])


def _columns(document: Any) -> tuple[list[Any], str] | None:
    """Return the rows of a table that is written column by column, as Logfire's API does."""
    columns = document.get("columns") if isinstance(document, dict) else None
    if not isinstance(columns, list) or not columns or len(document) != 1:
        return None
    if not all(isinstance(column, dict) and isinstance(column.get("values"), list) for column in columns):
        return None
    if len({len(column["values"]) for column in columns}) != 1:
        return None
    names = [str(column.get("name")) for column in columns]
    rows = zip(*(column["values"] for column in columns), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows], "columns"


def _envelopes(document: Any) -> tuple[list[Any], str] | None:
    """Return the messages in a list of envelopes, with the key of all of them."""
    if not isinstance(document, list) or not document or not all(isinstance(item, dict) for item in document):
        return None
    for key in ENVELOPES:
        if all(isinstance(item.get(key), dict) and _is_plain(item, key) for item in document):
            return [item[key] for item in document], f"[].{key}"
    return None


def _is_plain(envelope: dict[str, Any], key: str) -> bool:
    """Return whether an envelope only describes its message: when, in which direction, with which number."""
    return all(not isinstance(value, (dict, list)) for name, value in envelope.items() if name != key)

"""Finds the events of a managed agent's session in any form of file, each once and with its place."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.traces.reading.values import PlacedObject, as_list, require_objects, text_or_none

RESULTS = {
    "agent.tool_result": "tool_use_id",
    "agent.mcp_tool_result": "mcp_tool_use_id",
    "user.custom_tool_result": "custom_tool_use_id",
    "user.tool_result": "tool_use_id",
}
"""Types of events that hold a result, each with the key of its call's id."""
CLIENT = "client.beta.sessions"


def events(document: Any, where: str, *, is_required: bool = False) -> list[PlacedObject]:
    """Return the session's events in their order.

    A sent event comes back in the stream with an id, so the sent form counts only if it did not come back. An event
    that is recorded twice, such as in a reopened stream, counts once.

    :param is_required: whether a document without events is malformed; otherwise the list is empty.
    :raises MalformedTrace: see ``is_required``.
    """
    if isinstance(document, list) and any(_is_recorded(item) for item in document):
        placed = [event for number, item in enumerate(document) for event in _recorded(item, f"{where}: [{number}]")]
    else:
        listed, inside = document, f"{where}: "
        for key in ("data", "events") if isinstance(document, dict) else ():
            if key in document:
                listed, inside = document[key], f"{inside}{key}"
                break
        if not is_required:
            listed = [item for item in as_list(listed) if isinstance(item, dict)]
        placed = list(require_objects(listed, inside))
    return _once(placed)


def session_facts(document: Any) -> dict[str, Any]:
    """Return the session object; an empty object if the file has none."""
    items = document if isinstance(document, list) else [document]
    for item in items:
        payload = item[1] if _is_recorded(item) else item
        inner = payload.get("session", payload) if isinstance(payload, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("agent"), dict):
            return inner
    return {}


def _is_recorded(item: Any) -> bool:
    """Return whether an item is a ``[call, payload]`` pair that was recorded at the client."""
    return isinstance(item, list) and len(item) > 1 and isinstance(item[0], str) and item[0].startswith(CLIENT)


def _recorded(item: Any, where: str) -> list[PlacedObject]:
    if not _is_recorded(item):
        return []
    payload, place = item[1], f"{where}[1]"
    if isinstance(payload, list):  # a sent payload: the session's id and the events
        payload = next((part for part in payload if isinstance(part, dict)), {})
    if not isinstance(payload, dict):
        return []
    for key in ("events", "data"):
        if isinstance(payload.get(key), list):
            return [(event, place) for event in payload[key] if isinstance(event, dict)]
    return [(payload, place)] if ".events." in item[0] else []


def _once(events: list[PlacedObject]) -> list[PlacedObject]:
    came_back = {_key(event) for event, _ in events if event.get("id")}
    seen: set[str] = set()
    kept = []
    for event, place in events:
        name = text_or_none(event.get("id"))
        if name in seen or (name is None and _key(event) in came_back):
            continue
        seen |= {name} if name else set()
        kept.append((event, place))
    return kept


def _key(event: dict[str, Any]) -> tuple[str, str]:
    call_id = next((str(event[key]) for key in RESULTS.values() if event.get(key)), None)
    return str(event.get("type")), call_id or json_text.canonical(event.get("content"))

"""The events of a managed agent's session, wherever a file keeps them, each once and with its place."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.traces.reading.values import require_objects, text_or_none

RESULTS = {
    "agent.tool_result": "tool_use_id",
    "agent.mcp_tool_result": "mcp_tool_use_id",
    "user.custom_tool_result": "custom_tool_use_id",
    "user.tool_result": "tool_use_id",
}
"""Kinds of event that hold a result, and where each names its call."""
CLIENT = "client.beta.sessions"

Placed = tuple[dict[str, Any], str]


def events(document: Any, where: str, *, must: bool = False) -> list[Placed]:
    """Return the session's events in their order.

    What was sent comes back in the stream, with an id: the sent form counts only where nothing came back. An event
    that stands twice (a stream opened again, then listed) counts once.

    :param must: whether a document without events is malformed; else an empty list comes back.
    :raises MalformedTrace: see ``must``.
    """
    if isinstance(document, list) and any(_is_recorded(item) for item in document):
        found = [event for number, item in enumerate(document) for event in _recorded(item, f"{where}: [{number}]")]
    else:
        listed, inside = document, f"{where}: "
        for key in ("data", "events") if isinstance(document, dict) else ():
            if key in document:
                listed, inside = document[key], f"{inside}{key}"
                break
        if not must:
            listed = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
        found = list(require_objects(listed, inside))
    return _once(found)


def session_facts(document: Any) -> dict[str, Any]:
    """Return the session object, where the file holds one."""
    items = document if isinstance(document, list) else [document]
    for item in items:
        payload = item[1] if _is_recorded(item) else item
        inner = payload.get("session", payload) if isinstance(payload, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("agent"), dict):
            return inner
    return {}


def _is_recorded(item: Any) -> bool:
    """Return whether an item is a recorded ``[call, payload]`` of the client."""
    return isinstance(item, list) and len(item) > 1 and isinstance(item[0], str) and item[0].startswith(CLIENT)


def _recorded(item: Any, where: str) -> list[Placed]:
    if not _is_recorded(item):
        return []
    payload, place = item[1], f"{where}[1]"
    if isinstance(payload, list):  # what was sent: the session's id, and the events
        payload = next((part for part in payload if isinstance(part, dict)), {})
    if not isinstance(payload, dict):
        return []
    for key in ("events", "data"):
        if isinstance(payload.get(key), list):
            return [(event, place) for event in payload[key] if isinstance(event, dict)]
    return [(payload, place)] if ".events." in item[0] else []


def _once(found: list[Placed]) -> list[Placed]:
    came_back = {_key(event) for event, _ in found if event.get("id")}
    seen: set[str] = set()
    kept = []
    for event, place in found:
        name = text_or_none(event.get("id"))
        if name in seen or (name is None and _key(event) in came_back):
            continue
        seen |= {name} if name else set()
        kept.append((event, place))
    return kept


def _key(event: dict[str, Any]) -> tuple[str, str]:
    about = next((str(event[key]) for key in RESULTS.values() if event.get(key)), None)
    return str(event.get("type")), about or json_text.canonical(event.get("content"))

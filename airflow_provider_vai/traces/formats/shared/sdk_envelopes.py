"""Messages of the Claude Agent SDK as its transport carries them: with control messages in between."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.traces.reading.values import as_object, text_or_none

CONTROL = ("control_", "keep_alive")
"""How the types of messages begin that steer the transport; they hold no message of the conversation."""

PLACEHOLDER = "default"
"""The session id that the SDK writes into what it sends, because only the answers know the session."""


def sdk_messages(document: Any) -> Any:
    """Return the messages of the conversation, all with their session's id; any other document unchanged."""
    if not isinstance(document, list):
        return document
    kinds = [str(as_object(message).get("type")) for message in document]
    ids = {text_or_none(as_object(message).get("session_id")) for message in document} - {None, PLACEHOLDER}
    if len(ids) != 1 or not any(kind.startswith(CONTROL) or kind == "assistant" for kind in kinds):
        return document
    kept = [message for message, kind in zip(document, kinds, strict=True) if not kind.startswith(CONTROL)]
    session = ids.pop()
    return [{**message, "session_id": session} if isinstance(message, dict) else message for message in kept]

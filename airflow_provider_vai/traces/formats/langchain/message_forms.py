"""Normalizes the forms of LangChain messages: flat, under ``data``, serialised, or in streamed chunks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from airflow_provider_vai.traces.reading.values import as_list, as_object, text_or_none

KINDS = {
    **{"human": "human", "HumanMessage": "human", "user": "human"},
    **{"ai": "ai", "AIMessage": "ai", "AIMessageChunk": "ai", "assistant": "ai"},
    **{"tool": "tool", "ToolMessage": "tool", "function": "tool", "FunctionMessage": "tool"},
    **{"system": "system", "SystemMessage": "system", "developer": "system"},
    **{"remove": "", "RemoveMessage": "", "chat": "", "ChatMessage": ""},
}
"""The type of a message by the name that each form has for it: a type, a class, or a role."""


def normalized(item: Any) -> dict[str, Any] | None:
    """Return a message as ``{"type": "ai", ...its fields}``; ``None`` if it is not a message. Never raises."""
    if not isinstance(item, dict):
        return None
    data, kwargs = item.get("data"), item.get("kwargs")
    kind: Any = item.get("type", item.get("role"))
    if item.get("lc") == 1 and isinstance(kwargs, dict):
        path = as_list(item.get("id"))
        item, kind = kwargs, path[-1] if path else None
    elif isinstance(data, dict) and "content" not in item:
        item = data
    elif "content" not in item and "tool_calls" not in item and kind != "remove":
        return None
    known = KINDS.get(kind) if isinstance(kind, str) else None
    is_message = known is not None and (known != "" or "id" in item)
    return {**item, "type": known or kind} if is_message else None


def proposals(messages: Any) -> dict[str, dict[str, Any]]:
    """Return the calls in a list of messages by their ids. Never raises."""
    calls = [as_object(call) for message in as_list(messages) for call in calls_of(normalized(message) or {})]
    return {call["id"]: call for call in calls if text_or_none(call.get("id"))}


def repeated_ids(messages: Iterable[Any]) -> set[str]:
    """Return the ids that several calls in a list of messages have. Never raises."""
    calls = [as_object(call) for message in messages for call in calls_of(normalized(message) or {})]
    counts = Counter(call_id for call in calls if (call_id := text_or_none(call.get("id"))))
    return {call_id for call_id, count in counts.items() if count > 1}


def joined(messages: Iterable[Any]) -> list[Any]:
    """Return messages with the chunks of each streamed message joined."""
    complete: list[Any] = []
    for entry in messages:
        # a stream pairs each chunk with facts about its origin
        item = entry[0] if isinstance(entry, list) and len(entry) == 2 and normalized(entry[0]) else entry
        message = normalized(item) or {}
        last = as_object(complete[-1]) if complete else {}
        chunks = message.get("tool_call_chunks")
        if message.get("type") != "ai" or not isinstance(chunks, list):
            complete.append(item)
        elif _continues(last, message):
            last["tool_call_chunks"] += chunks
            last["usage_metadata"] = message.get("usage_metadata") or last.get("usage_metadata")
            if isinstance(last.get("content"), str) and isinstance(message.get("content"), str):
                last["content"] += message["content"]
        else:
            complete.append({**message, "tool_call_chunks": [*chunks]})
    return complete


def _continues(last: dict[str, Any], message: dict[str, Any]) -> bool:
    is_chunk = last.get("type") == "ai" and isinstance(last.get("tool_call_chunks"), list)
    return is_chunk and last.get("id") == message.get("id")


def calls_of(message: dict[str, Any]) -> list[Any]:
    """Return an AI message's calls as objects with ``id``, ``name`` and ``args``, from the first key that has some."""
    if message.get("type") != "ai":
        return []
    extra = as_object(message.get("additional_kwargs"))
    oldest = [{"function": extra["function_call"]}] if extra.get("function_call") else []
    complete = [*as_list(message.get("tool_calls")), *as_list(message.get("invalid_tool_calls"))]
    chunks = _assembled(as_list(message.get("tool_call_chunks")))
    calls = chunks or complete or as_list(extra.get("tool_calls")) or oldest
    return [_normalized_call(call) if isinstance(call, dict) else call for call in calls]


def _normalized_call(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function")  # OpenAI's form
    if not isinstance(function, dict):
        return call
    return {"id": call.get("id"), "name": function.get("name"), "args": function.get("arguments")}


def _assembled(chunks: list[Any]) -> list[Any]:
    calls: dict[Any, dict[str, Any]] = {}
    for chunk in chunks:
        if isinstance(chunk, dict):
            call = calls.setdefault(str(chunk.get("index")), {"id": None, "name": None, "args": ""})
            call["id"], call["name"] = call["id"] or chunk.get("id"), call["name"] or chunk.get("name")
            call["args"] += chunk["args"] if isinstance(chunk.get("args"), str) else ""
    return list(calls.values())

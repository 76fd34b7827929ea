"""LangChain messages in each form that they are written in: flat, under ``data``, serialised, in streamed chunks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_provider_vai.traces.reading.values import as_object, text_or_none

KINDS = {
    **{"human": "human", "HumanMessage": "human", "user": "human"},
    **{"ai": "ai", "AIMessage": "ai", "AIMessageChunk": "ai", "assistant": "ai"},
    **{"tool": "tool", "ToolMessage": "tool", "function": "tool", "FunctionMessage": "tool"},
    **{"system": "system", "SystemMessage": "system", "developer": "system"},
    **{"remove": "", "RemoveMessage": "", "chat": "", "ChatMessage": ""},
}
"""What each message calls itself, in every form: its type, its class, or a role."""


def plain(item: Any) -> dict[str, Any] | None:
    """Return a message in one form, ``{"type": ai, ...its fields}``; ``None`` where it is no message. Never raises."""
    if not isinstance(item, dict):
        return None
    held = {"data": item.get("data"), "kwargs": item.get("kwargs")}
    kind: Any = item.get("type", item.get("role"))
    if item.get("lc") == 1 and isinstance(held["kwargs"], dict):
        path = item.get("id")
        item, kind = held["kwargs"], path[-1] if isinstance(path, list) and path else None
    elif isinstance(held["data"], dict) and "content" not in item:
        item = held["data"]
    elif "content" not in item and "tool_calls" not in item and kind != "remove":
        return None
    found = KINDS.get(kind) if isinstance(kind, str) else None
    is_known = found is not None and (found != "" or "id" in item)
    return {**item, "type": found or kind} if is_known else None


def proposals(messages: Any) -> dict[str, dict[str, Any]]:
    """Return the calls in a list of messages by their ids. Never raises."""
    found = [plain(message) or {} for message in messages] if isinstance(messages, list) else []
    calls = [as_object(call) for message in found for call in calls_of(message)]
    return {call["id"]: call for call in calls if text_or_none(call.get("id"))}


def joined(messages: Iterable[Any]) -> list[Any]:
    """Return messages with the chunks of each streamed one put together."""
    whole: list[Any] = []
    for found in messages:
        # a stream pairs each chunk with facts about its origin
        item = found[0] if isinstance(found, list) and len(found) == 2 and plain(found[0]) else found
        message = plain(item) or {}
        last = whole[-1] if whole and isinstance(whole[-1], dict) else {}
        chunks = message.get("tool_call_chunks")
        if message.get("type") != "ai" or not isinstance(chunks, list):
            whole.append(item)
        elif _goes_on(last, message):
            last["tool_call_chunks"] += chunks
            last["usage_metadata"] = message.get("usage_metadata") or last.get("usage_metadata")
            if isinstance(last.get("content"), str) and isinstance(message.get("content"), str):
                last["content"] += message["content"]
        else:
            whole.append({**message, "tool_call_chunks": [*chunks]})
    return whole


def _goes_on(last: dict[str, Any], message: dict[str, Any]) -> bool:
    is_chunk = last.get("type") == "ai" and isinstance(last.get("tool_call_chunks"), list)
    return is_chunk and last.get("id") == message.get("id")


def calls_of(message: dict[str, Any]) -> list[Any]:
    """Return an answer's calls as objects with ``id``, ``name`` and ``args``, from the first place that has them."""
    if message.get("type") != "ai":
        return []
    extra = as_object(message.get("additional_kwargs"))
    oldest = [{"function": extra["function_call"]}] if extra.get("function_call") else []
    whole = [*_list(message.get("tool_calls")), *_list(message.get("invalid_tool_calls"))]
    found = _assembled(_list(message.get("tool_call_chunks"))) or whole or _list(extra.get("tool_calls")) or oldest
    return [_named(call) if isinstance(call, dict) else call for call in found]


def _named(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function")  # as OpenAI writes it
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


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

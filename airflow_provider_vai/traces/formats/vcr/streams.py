"""Joins streamed model responses into the object of a response without streaming. Never raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_provider_vai.traces.reading.values import as_list, as_object

Events = list[Any]


def _anthropic(events: Events) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    blocks: dict[Any, dict[str, Any]] = {}
    for event in map(as_object, events):
        delta, index = as_object(event.get("delta")), str(event.get("index"))
        if event.get("type") == "message_start":
            answer |= as_object(event.get("message"))
        elif event.get("type") == "content_block_start":
            blocks[index] = dict(as_object(event.get("content_block")))
        elif delta.get("type") == "text_delta" and index in blocks:
            _append(blocks[index], "text", delta.get("text"))
        elif delta.get("type") == "input_json_delta" and index in blocks:
            if not isinstance(blocks[index].get("input"), str):
                blocks[index]["input"] = ""  # the block began with an empty object
            _append(blocks[index], "input", delta.get("partial_json"))
        elif event.get("type") == "message_delta":
            answer["usage"] = {**as_object(answer.get("usage")), **as_object(event.get("usage"))}
    return {**answer, "content": list(blocks.values())}


def _chat(events: Events) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    message: dict[str, Any] = {"role": "assistant"}
    calls: dict[str, dict[str, Any]] = {}
    for event in map(as_object, events):
        answer |= {key: event[key] for key in ("id", "model", "usage") if event.get(key) is not None}
        delta = as_object(_first(event.get("choices")).get("delta"))
        _append(message, "content", delta.get("content"))
        for piece in map(as_object, as_list(delta.get("tool_calls"))):
            call = calls.setdefault(str(piece.get("index", len(calls))), {"function": {}})
            call |= {key: piece[key] for key in ("id", "type") if piece.get(key) is not None}
            function = as_object(piece.get("function"))
            _append(call["function"], "name", function.get("name"))
            _append(call["function"], "arguments", function.get("arguments"))
    if calls:
        message["tool_calls"] = list(calls.values())
    return {**answer, "choices": [{"message": message}]}


def _responses(events: Events) -> dict[str, Any]:
    items: list[Any] = []
    answer: dict[str, Any] = {}
    for event in map(as_object, events):
        answer = as_object(event.get("response")) or answer
        if event.get("type") == "response.output_item.done":
            items.append(event.get("item"))
    return {**answer, "output": answer.get("output") or items}


def _gemini(events: Events) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    parts: list[Any] = []
    for event in map(as_object, events):
        answer |= {key: value for key, value in event.items() if key != "candidates"}
        parts += as_list(as_object(_first(event.get("candidates")).get("content")).get("parts"))
    return {**answer, "candidates": [{"content": {"role": "model", "parts": parts}}]}


def _first(items: Any) -> dict[str, Any]:
    return as_object(items[0]) if isinstance(items, list) and items else {}


def _append(holder: dict[str, Any], key: str, piece: Any) -> None:
    if isinstance(piece, str):
        so_far = holder.get(key)
        holder[key] = (so_far if isinstance(so_far, str) else "") + piece


JOIN: dict[str, Callable[[Events], dict[str, Any]]] = {
    "anthropic": _anthropic,
    "chat": _chat,
    "responses": _responses,
    "gemini": _gemini,
}

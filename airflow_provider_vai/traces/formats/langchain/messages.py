"""Reads LangChain messages into a conversation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from airflow_provider_vai.model.run import ToolCall
from airflow_provider_vai.traces.formats.langchain.message_forms import calls_of, normalized
from airflow_provider_vai.traces.formats.shared.content import (
    error_text,
    parse_python_repr,
    part_kind,
    proposed_arguments,
    result_value,
)
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.values import (
    as_list,
    as_object,
    optional_text,
    require_objects,
    require_text,
    text_or_none,
)

REPEATED = frozenset({"tool_use", "tool_call", "function_call", "thinking", "reasoning", "redacted_thinking"})
"""Content blocks of an AI message that repeat ``tool_calls``, or hold the model's reasoning."""
NOTICE = "Note: a human reviewer replaced this tool call before it ran."
EXECUTED = "Executed instead: "

Notice = tuple[str, dict[str, Any]]
"""The tool and the arguments that ran instead, from a notice in the result's text."""
Decide = Callable[[ToolResult, Notice | None], ToolResult]
"""Returns a result with a person's decision on its call."""


def read_message(conversation: Conversation, item: Any, decide: Decide, where: str) -> None:
    """Read one message into a conversation.

    :raises MalformedTrace: a call or a result breaks the format.
    """
    message = normalized(item) or {}
    content, inside = message.get("content"), f"{where}.content"
    match message.get("type"):
        case "human":
            conversation.start_turn(conversation.text_of(content, inside))
        case "system":
            conversation.add_system_text(conversation.text_of(content, inside))
        case "ai":
            _read_ai(conversation, message, where)
        case "tool":
            _read_tool(conversation, message, decide, where)
        case kind if not kind or kind not in ("remove", "RemoveMessage"):
            conversation.note(where, f"unknown message {kind or type(item).__name__!r}")


def _read_ai(conversation: Conversation, message: dict[str, Any], where: str) -> None:
    conversation.start_message()
    for call, place in require_objects(calls_of(message), f"{where}.tool_calls"):
        proposal = ToolCall(
            id=optional_text(call.get("id"), f"{place}.id") or "",
            tool=require_text(call.get("name"), f"{place}.name"),
            proposed_arguments=proposed_arguments(call.get("args")),
        )
        conversation.add_call(proposal, place)
    content = message.get("content")
    others = [block for block in as_list(content) if part_kind(block) not in REPEATED]
    conversation.text_of(others, f"{where}.content")  # notes unknown blocks


def _read_tool(conversation: Conversation, message: dict[str, Any], decide: Decide, where: str) -> None:
    call_id = optional_text(message.get("tool_call_id"), f"{where}.tool_call_id")
    tool, content = text_or_none(message.get("name")), message.get("content")
    notice, text = _notice(error_text(content) or "")
    content = text if notice else content
    if message.get("status") == "error":
        result = ToolResult(id=call_id, tool=tool, outcome="failed", error=error_text(content))
    else:
        result = ToolResult(
            id=call_id, tool=tool, value=_value(content, message.get("artifact")), is_marked="status" in message
        )
    decided = decide(result, notice)
    position = conversation.add_result(decided, where)
    if position is not None and decided.approval.state == "edited" and decided.tool:  # an edit may name another tool
        conversation.calls[position] = conversation.calls[position].model_copy(update={"tool": decided.tool})


def _value(content: Any, artifact: Any) -> Any:
    structured = as_object(artifact).get("structured_content") or artifact
    if isinstance(structured, (dict, list)) and structured:
        return structured
    return parse_python_repr(result_value(content))


def _notice(text: str) -> tuple[Notice | None, str]:
    """Return the notice of an edit at the beginning of a result, or ``None``, and the result's text without it."""
    start = text.find(EXECUTED) if text.startswith(NOTICE) else -1
    tool, _, rest = text[start + len(EXECUTED) :].partition(" with arguments ")
    if start < 0 or not rest:
        return None, text
    try:
        arguments, end = json.JSONDecoder().raw_decode(rest)
    except (ValueError, RecursionError):
        return None, text
    result = rest[end:].removeprefix(".").lstrip().removeprefix("Tool response:").removeprefix("\n")
    return ((tool, arguments), result) if isinstance(arguments, dict) else (None, text)

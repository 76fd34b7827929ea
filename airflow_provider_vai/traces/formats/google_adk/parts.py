"""Google's content parts (``function_call``, ``function_response``) in ADK events and Gemini requests.

Their keys are camelCase or snake_case. Older versions have no call ids.
"""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_vai.model.run import ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.values import (
    as_object,
    optional_text,
    require_object,
    require_objects,
    require_text,
)

IGNORED = frozenset({"text", "inline_data", "file_data", "thought", "thought_signature", "video_metadata"})
_CAPITAL = re.compile("[A-Z]")


def snake(part: dict[str, Any]) -> dict[str, Any]:
    """Return an object with its own keys in snake_case, without those whose value is ``None``."""
    spelled = {_CAPITAL.sub(lambda capital: "_" + capital[0].lower(), key): value for key, value in part.items()}
    return {key: value for key, value in spelled.items() if value is not None}


def read_call(part: dict[str, Any], where: str) -> ToolCall:
    """Return the proposed call in a ``function_call``.

    :raises MalformedTrace: it is not an object, or its name or id is not text.
    """
    call = require_object(part["function_call"], where)
    return ToolCall(
        id=optional_text(call.get("id"), f"{where}.id") or "",
        tool=require_text(call.get("name"), f"{where}.name"),
        proposed_arguments=proposed_arguments(call.get("args")),
    )


def read_result(part: dict[str, Any], where: str) -> ToolResult:
    """Return the result in a ``function_response``. By convention, ``error``, ``status: error`` or MCP's
    ``isError`` mark a failure.

    :raises MalformedTrace: it is not an object, or its name or id is not text.
    """
    response_part = require_object(part["function_response"], where)
    response = response_part.get("response")
    call_id = optional_text(response_part.get("id"), f"{where}.id")
    tool = optional_text(response_part.get("name"), f"{where}.name")
    facts = as_object(response)
    error = facts.get("error") or facts.get("error_message")
    if facts.get("error") or facts.get("isError") is True or facts.get("status") == "error":
        return ToolResult(id=call_id, tool=tool, outcome="failed", error=error_text(error or response))
    return ToolResult(id=call_id, tool=tool, value=response)


class Contents:
    """Reads Gemini contents into a conversation, one after the other."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation

    def read(self, content: dict[str, Any], place: str) -> None:
        """Read one content: a user's, a model's, or the results of its calls.

        :raises MalformedTrace: a part breaks the format.
        """
        parts = [(snake(part), at) for part, at in require_objects(snake(content).get("parts", []), f"{place}.parts")]
        if content.get("role") != "model" and text_of_parts(parts):
            self.conversation.start_turn(text_of_parts(parts))
        self.conversation.start_message()
        for part, where in parts:
            if "function_call" in part:
                self.conversation.add_call(read_call(part, where), where)
            elif "function_response" in part:
                self.conversation.add_result(read_result(part, where), where)
            note_unknown(self.conversation, part, where)


def text_of_parts(parts: list[tuple[dict[str, Any], str]]) -> str | None:
    """Return the text of parts with snake_case keys, without thoughts."""
    texts = [part["text"] for part, _ in parts if isinstance(part.get("text"), str) and part.get("thought") is not True]
    return "\n".join(texts) or None


def note_unknown(conversation: Conversation, part: dict[str, Any], where: str) -> None:
    """Note what else a part holds besides text, media, calls and results, such as code that ran at the provider."""
    for key in sorted(part.keys() - IGNORED - {"function_call", "function_response"}):
        conversation.note(where, f"unknown part {key!r}")

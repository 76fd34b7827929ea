"""Google's content parts (``function_call``, ``function_response``), of ADK events and Gemini requests alike.

They come in camelCase and in snake_case, with call ids and, from older versions, without.
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
    """Return an object with its own keys in snake_case, and without those that hold ``None``."""
    spelled = {_CAPITAL.sub(lambda found: "_" + found[0].lower(), key): value for key, value in part.items()}
    return {key: value for key, value in spelled.items() if value is not None}


def read_call(part: dict[str, Any], where: str) -> ToolCall:
    """Return a ``function_call`` as proposed.

    :raises MalformedTrace: it is no object, or name or id is no text.
    """
    asked = require_object(part["function_call"], where)
    return ToolCall(
        id=optional_text(asked.get("id"), f"{where}.id") or "",
        tool=require_text(asked.get("name"), f"{where}.name"),
        proposed_arguments=proposed_arguments(asked.get("args")),
    )


def read_result_part(part: dict[str, Any], where: str) -> ToolResult:
    """Return what a ``function_response`` says: a key ``error`` marks a failure by convention, MCP sets ``isError``.

    :raises MalformedTrace: it is no object, or name or id is no text.
    """
    given = require_object(part["function_response"], where)
    response = given.get("response")
    call_id = optional_text(given.get("id"), f"{where}.id")
    tool = optional_text(given.get("name"), f"{where}.name")
    error = as_object(response).get("error")
    if error or as_object(response).get("isError") is True:
        return ToolResult(id=call_id, tool=tool, outcome="failed", error=error_text(error or response))
    return ToolResult(id=call_id, tool=tool, value=response)


class Contents:
    """Tells a conversation what stands in Gemini contents, one after the other."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation

    def read(self, content: dict[str, Any], place: str) -> None:
        """Read one content: a user's, a model's, or the results of its calls.

        :raises MalformedTrace: a part breaks the format.
        """
        found = require_objects(snake(content).get("parts", []), f"{place}.parts")
        parts = [(snake(part), where) for part, where in found]
        if content.get("role") != "model" and words(parts):
            self.conversation.start_turn(words(parts))
        self.conversation.start_message()
        for part, where in parts:
            if "function_call" in part:
                self.conversation.add_call(read_call(part, where), where)
            elif "function_response" in part:
                self.conversation.add_result(read_result_part(part, where), where)
            note_unknown(self.conversation, part, where)


def words(parts: list[tuple[dict[str, Any], str]]) -> str | None:
    """Return the text of parts in snake_case, thoughts left out."""
    said = [part["text"] for part, _ in parts if isinstance(part.get("text"), str) and part.get("thought") is not True]
    return "\n".join(said) or None


def note_unknown(conversation: Conversation, part: dict[str, Any], where: str) -> None:
    """Note what a part holds besides text, media, calls and results: code that ran at the provider, for one."""
    for key in sorted(part.keys() - IGNORED - {"function_call", "function_response"}):
        conversation.note(where, f"unknown part {key!r}")

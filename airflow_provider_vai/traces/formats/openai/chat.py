"""OpenAI Chat Completions: a list of messages, also under ``messages`` beside ``id``, ``model``, ``title``.

The format has no mark for failures and no approvals. A result is a success unless its content reports a failure, and an
approval is unknown unless the content is a framework's text for a refused call. The executed arguments are taken from
the proposal. The older form (``function_call``, role ``function``) has no ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome, ToolCall
from airflow_provider_vai.traces.formats.anthropic.messages import has_tool_blocks
from airflow_provider_vai.traces.formats.shared.content import error_text, part_text, proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import (
    Conversation,
    ToolResult,
    chat_run,
    message_list,
    role_messages,
)
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_object,
    optional_text,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

MESSAGE_KEYS = frozenset({"contents", "items", "blocks", "toolInvocations", "toolCalls", "additional_kwargs", "parts"})
"""Keys of messages in which other formats keep text or calls: a message with one of them is not OpenAI's."""

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
NOT_TEXT = re.compile("tool|function|call", re.IGNORECASE)
"""What the type of a part is named after if it is a call or a result; OpenAI keeps those beside the content."""

IN_TEXT = re.compile(
    r"^\s*Action Input:|<(execute_command|use_mcp_tool|attempt_completion|write_to_file)>", re.MULTILINE
)
"""Calls that an assistant wrote as text, which this reader does not read."""


class OpenAIChatAdapter:
    """Reads OpenAI Chat Completions messages."""

    name = "openai_chat"
    description = "OpenAI Chat Completions messages: a list, or an object with messages"
    coverage = Coverage(results="partly", approvals="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a list of role messages, each of a kind that OpenAI's API has."""
        messages = role_messages(document)
        return bool(messages) and not has_tool_blocks(document) and _is_understood(messages)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message or a call breaks the format.
        """
        messages, where = message_list(trace)
        conversation = Conversation(trace)
        read_messages(conversation, messages, where)
        yield conversation.finish(chat_run(trace, self.name, chat_outcome(messages)))


def _is_understood(messages: list[Any]) -> bool:
    """Return whether no message holds content or calls in the way of another format. Never raises."""
    known = [message for message in map(as_object, messages) if text_or_none(message.get("role")) in ROLES]
    if not known or any(MESSAGE_KEYS & message.keys() or not _is_content(message) for message in known):
        return False
    if any("message" in message and "content" not in message for message in known):  # Cursor keeps the content there
        return False
    if any(message.get("tool_calls") or message.get("function_call") for message in known):
        return True
    texts = [text for message in known if message["role"] == "assistant" for text in _texts(message.get("content"))]
    return not any(IN_TEXT.search(text) for text in texts)


def _texts(content: Any) -> list[str]:
    parts = content if isinstance(content, list) else [content]
    return [text for part in parts if (text := part if isinstance(part, str) else part_text(part))]


def _is_content(message: dict[str, Any]) -> bool:
    """Return whether content is text or typed parts, none of which is a call or a result."""
    content = message.get("content")
    if not isinstance(content, list):
        return not isinstance(content, dict)
    kinds = [as_object(part).get("type") for part in content if not isinstance(part, str)]
    return all(isinstance(kind, str) and not NOT_TEXT.search(kind) for kind in kinds)


def read_messages(conversation: Conversation, messages: list[Any], where: str) -> None:
    """Read OpenAI messages into ``conversation``.

    :param where: the list's place.
    :raises MalformedTrace: a message or a call breaks the format.
    """
    for message, place in require_objects(messages, where):
        content, inside = message.get("content"), f"{place}.content"
        match require_text(message.get("role"), f"{place}.role"):
            case "system" | "developer":
                conversation.add_system_text(conversation.text_of(content, inside))
            case "user":
                conversation.start_turn(conversation.text_of(content, inside))
            case "assistant":
                conversation.text_of(content, inside)
                _read_calls(conversation, message, place)
            case "tool" | "function":
                for answer, at in _answers(message, place):
                    conversation.add_result(_tool_result(answer, at), at)
            case role:
                conversation.note(place, f"unknown role {role!r}")


def chat_outcome(messages: list[Any]) -> RunOutcome:
    """Return ``success`` if the assistant spoke last and called no tool, else ``unknown``."""
    last = messages[-1] if messages else None
    if not isinstance(last, dict) or last.get("role") != "assistant":
        return "unknown"
    asks = last.get("tool_calls") or last.get("function_call")
    return "success" if last.get("content") and not asks else "unknown"


def _read_calls(conversation: Conversation, message: dict[str, Any], place: str) -> None:
    conversation.start_message()
    if message.get("tool_calls") is not None:
        for call, where in require_objects(message["tool_calls"], f"{place}.tool_calls"):
            _read_call(conversation, call, where)
    if message.get("function_call") is not None:
        _read_function(conversation, "", message["function_call"], f"{place}.function_call")


def _read_call(conversation: Conversation, call: dict[str, Any], where: str) -> None:
    call_id = optional_text(call.get("id"), f"{where}.id") or ""
    kind = call.get("type", "function")
    if kind == "custom":
        custom = require_object(call.get("custom"), f"{where}.custom")
        tool = require_text(custom.get("name"), f"{where}.custom.name")
        # free text, even if it looks like JSON
        custom_input = require_text(custom.get("input"), f"{where}.custom.input")
        conversation.add_call(ToolCall(id=call_id, tool=tool, proposed_arguments=custom_input), where)
    elif kind in ("function", None):
        _read_function(conversation, call_id, call.get("function"), f"{where}.function")
    else:
        conversation.note(where, f"unknown kind of tool call {kind!r}")


def _read_function(conversation: Conversation, id: str, function: Any, where: str) -> None:
    call = require_object(function, where)
    tool = require_text(call.get("name"), f"{where}.name")
    conversation.add_call(
        ToolCall(id=id, tool=tool, proposed_arguments=proposed_arguments(call.get("arguments"))), where
    )


def _answers(message: dict[str, Any], place: str) -> list[PlacedObject]:
    """Return the results in a tool message: itself, or those that AG2 collects in one message."""
    if not message.get("tool_responses"):
        return [(message, place)]
    return list(require_objects(message["tool_responses"], f"{place}.tool_responses"))


def _tool_result(message: dict[str, Any], place: str) -> ToolResult:
    """Return the result in a tool message.

    mini-swe-agent adds the exit code of the command, ``extra.returncode``, and Agno a mark, ``tool_call_error``.
    """
    call_id = optional_text(message.get("tool_call_id"), f"{place}.tool_call_id")
    tool, content = text_or_none(message.get("name")), message.get("content")
    code = as_object(message.get("extra")).get("returncode")
    mark = message.get("tool_call_error")
    if (isinstance(code, int) and code != 0) or mark is True:
        return ToolResult(id=call_id, tool=tool, outcome="failed", error=error_text(content))
    is_marked = code is not None or mark is False
    return ToolResult(id=call_id, tool=tool, value=result_value(content), is_marked=is_marked)


ADAPTER = OpenAIChatAdapter()

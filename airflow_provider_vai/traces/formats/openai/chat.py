"""OpenAI Chat Completions: a list of messages, also under ``messages`` beside ``id``, ``model``, ``title``.

The format has no mark for failures and no approvals: a result is a success unless its content reports a failure, every
approval is unknown, and the executed arguments are taken from the proposal. The older form (``function_call``, role
``function``) has no ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome, ToolCall
from airflow_provider_vai.traces.formats.anthropic.messages import has_tool_blocks
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import (
    Conversation,
    ToolResult,
    chat_run,
    message_list,
    role_messages,
)
from airflow_provider_vai.traces.reading.trace import Coverage, Trace
from airflow_provider_vai.traces.reading.values import (
    as_object,
    optional_text,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)


class OpenAIChatAdapter:
    """Reads OpenAI Chat Completions messages."""

    name = "openai_chat"
    description = "OpenAI Chat Completions messages: a list, or an object with messages"
    coverage = Coverage(results="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a list of role messages without Anthropic's tool blocks."""
        return bool(role_messages(document)) and not has_tool_blocks(document)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message or a call breaks the format.
        """
        messages, where = message_list(trace)
        conversation = Conversation(trace)
        read_messages(conversation, messages, where)
        yield conversation.finish(chat_run(trace, self.name, chat_outcome(messages)))


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
                conversation.add_result(_tool_result(message, place), place)
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


def _tool_result(message: dict[str, Any], place: str) -> ToolResult:
    """Return the result in a tool message. mini-swe-agent adds the exit code of the command: ``extra.returncode``."""
    call_id = optional_text(message.get("tool_call_id"), f"{place}.tool_call_id")
    tool, content = text_or_none(message.get("name")), message.get("content")
    code = as_object(message.get("extra")).get("returncode")
    if isinstance(code, int) and code != 0:
        return ToolResult(id=call_id, tool=tool, outcome="failed", error=error_text(content))
    return ToolResult(id=call_id, tool=tool, value=result_value(content), is_marked=code is not None)


ADAPTER = OpenAIChatAdapter()

"""Anthropic Messages: content blocks ``tool_use`` and ``tool_result``, a list or an object with ``messages``.

Server tools and the MCP connector have their results in the assistant's own message. The format has no approvals, and
denials look like errors (``is_error``). The executed arguments are taken from the proposal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome, ToolCall
from airflow_provider_vai.traces.formats.shared.content import MEDIA, error_text, proposed_arguments, result_value
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
    as_object,
    optional_text,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
"""Types of blocks that are calls."""

IGNORED = MEDIA | {"text", "thinking", "redacted_thinking", "search_result"}


class AnthropicMessagesAdapter:
    """Reads Anthropic Messages."""

    name = "anthropic_messages"
    description = "Anthropic Messages with tool blocks: a list, or an object with messages"
    coverage = Coverage()

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a list of role messages with a tool block somewhere."""
        return has_tool_blocks(document)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message or a block breaks the format.
        """
        messages, where = message_list(trace)
        conversation, system = Conversation(trace), as_object(trace.document).get("system")
        conversation.add_system_text(conversation.text_of(system, f"{trace}: system"))
        for message, place in require_objects(messages, where):
            read_message(conversation, message, place)
        yield conversation.finish(chat_run(trace, self.name, _outcome(messages)))


def has_tool_blocks(document: Any) -> bool:
    """Return whether a document is a list of role messages with a tool block somewhere. Never raises."""
    contents = [message.get("content") for message in role_messages(document) if isinstance(message, dict)]
    blocks = [block for content in contents if isinstance(content, list) for block in content]
    return any(_kind(block) in CALLS or _is_result(_kind(block)) for block in blocks)


def read_message(conversation: Conversation, message: dict[str, Any], place: str) -> None:
    """Read one message into ``conversation``.

    :raises MalformedTrace: the message or a block breaks the format.
    """
    role = require_text(message.get("role"), f"{place}.role")
    content, inside = message.get("content"), f"{place}.content"
    if role not in ("user", "assistant", "system"):
        conversation.note(place, f"unknown role {role!r}")
    elif role == "system":
        conversation.add_system_text(conversation.text_of(content, inside))
    elif isinstance(content, str):
        if role == "user":
            conversation.start_turn(content)
    else:
        if role == "assistant":
            conversation.start_message()
        blocks = list(require_objects(content, inside))
        for block, where in blocks:
            _read_block(conversation, block, where)
        texts = [block["text"] for block, _ in blocks if isinstance(block.get("text"), str)]
        if role == "user" and (texts or not any(_is_result(_kind(block)) for block, _ in blocks)):
            conversation.start_turn("\n".join(texts) or None)


def _read_block(conversation: Conversation, block: dict[str, Any], where: str) -> None:
    kind = require_text(block.get("type"), f"{where}.type")
    if kind in CALLS:
        caller = block.get("caller")
        call = ToolCall(
            id=optional_text(block.get("id"), f"{where}.id") or "",
            tool=require_text(block.get("name"), f"{where}.name"),
            server=text_or_none(block.get("server_name")),
            parent_id=text_or_none(caller.get("tool_id")) if isinstance(caller, dict) else None,
            proposed_arguments=proposed_arguments(block.get("input")),
        )
        conversation.add_call(call, where)
    elif _is_result(kind):
        conversation.add_result(_tool_result(block, where), where)
        # a server tool answers inside the assistant's message: later calls of that message know its result
        conversation.start_message()
    elif kind not in IGNORED:
        conversation.note(where, f"unknown block {kind!r}")


def _tool_result(block: dict[str, Any], where: str) -> ToolResult:
    call_id = optional_text(block.get("tool_use_id"), f"{where}.tool_use_id")
    content = block.get("content")
    code = as_object(content).get("return_code")
    exited = isinstance(code, int) and code != 0
    if block.get("is_error") is True or _kind(content).endswith("_tool_result_error") or exited:
        return ToolResult(id=call_id, outcome="failed", error=error_text(content))
    is_marked = block.get("is_error") is False or code is not None
    return ToolResult(id=call_id, value=result_value(content), is_marked=is_marked)


def _outcome(messages: list[Any]) -> RunOutcome:
    last = require_object(messages[-1], "") if messages else {}
    content = last.get("content")
    kinds = [_kind(block) for block in content] if isinstance(content, list) else ["text" if content else ""]
    assistant_spoke_last = last.get("role") == "assistant" and kinds[-1:] == ["text"]
    return "success" if assistant_spoke_last and "tool_use" not in kinds else "unknown"


def _kind(block: Any) -> str:
    kind = as_object(block).get("type")
    return kind if isinstance(kind, str) else ""


def _is_result(kind: str) -> bool:
    return kind == "tool_result" or kind.endswith("_tool_result")


ADAPTER = AnthropicMessagesAdapter()

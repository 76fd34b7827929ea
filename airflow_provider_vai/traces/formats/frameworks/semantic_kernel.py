"""Semantic Kernel's chat history, of Python or .NET.

The shapes are those of ``semantic_kernel.contents`` 1.45, and of ``ChatHistory`` as .NET's JSON serializer writes it.
Failures are marked only by the texts that the kernel writes in place of a result. There are no approvals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import (
    error_text,
    parse_python_repr,
    proposed_arguments,
    result_value,
)
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_list,
    as_object,
    optional_text,
    require_objects,
    require_text,
    text_or_none,
)

KINDS = {
    **{"function_call": "call", "FunctionCallContent": "call"},
    **{"function_result": "result", "FunctionResultContent": "result"},
    **{"text": "text", "TextContent": "text"},
    **dict.fromkeys(("image", "audio", "binary", "file_reference", "annotation", "reasoning", "message"), "other"),
    **dict.fromkeys(("ImageContent", "AudioContent", "BinaryContent", "FileReferenceContent"), "other"),
}
"""What an item is, by the name of its kind in Python and in .NET."""

FAILED = re.compile(
    r"An error occurred while invoking the function |The tool call with name `|The tool call arguments are malformed\."
    r"|There are `\d+` tool call arguments required |(Missing required|Received unexpected) argument\(s\): \["
)
"""How the kernel's own texts begin for a call that failed or never ran."""


class SemanticKernelAdapter:
    """Reads chat histories of Semantic Kernel."""

    name = "semantic_kernel"
    description = "Semantic Kernel chat history (ChatHistory), of Python or .NET"
    coverage = Coverage(results="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document holds messages with a role and items that name their kind."""
        messages = [_lowered(message) for message in _messages(document)[0][:50]]
        return any(
            "role" in message and any(_kind(_lowered(item)) for item in as_list(message.get("items")))
            for message in messages
        )

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message or an item breaks the format.
        """
        listed, inside = _messages(trace.document)
        conversation = Conversation(trace)
        messages = [(_lowered(message), place) for message, place in require_objects(listed, f"{trace}: {inside}")]
        for message, place in messages:
            _read(conversation, message, place)
        last = messages[-1][0] if messages else {}
        kinds = {_kind(_lowered(item)) for item in as_list(last.get("items"))}
        spoke_last = _role(last) == "assistant" and "text" in kinds and "call" not in kinds
        models = [message.get("ai_model_id", message.get("modelid")) for message, _ in reversed(messages)]
        outcome = conversation.outcome(assistant_spoke_last=spoke_last)
        yield conversation.finish(chat_run(trace, self.name, outcome, facts={}, models=models))


def _messages(document: Any) -> tuple[list[Any], str]:
    """Return the messages and their place: a list, or under ``messages``."""
    key = "Messages" if "Messages" in as_object(document) else "messages"
    return (document, "") if isinstance(document, list) else (as_list(as_object(document).get(key)), key)


def _lowered(value: Any) -> dict[str, Any]:
    """Return an object with its keys in lower case: .NET writes them in PascalCase or camelCase."""
    return {str(key).lower(): inner for key, inner in as_object(value).items()}


def _kind(item: dict[str, Any]) -> str | None:
    return KINDS.get(text_or_none(item.get("content_type")) or text_or_none(item.get("$type")) or "")


def _role(message: dict[str, Any]) -> str | None:
    role = message.get("role")
    return text_or_none(_lowered(role).get("label") if isinstance(role, dict) else role)


def _read(conversation: Conversation, message: dict[str, Any], place: str) -> None:
    role = _role(message)
    items = [(_lowered(item), where) for item, where in require_objects(message.get("items") or [], f"{place}.items")]
    texts = [item["text"] for item, _ in items if isinstance(item.get("text"), str)]
    if role == "user":
        conversation.start_turn("\n".join(texts) or None)
    elif role in ("system", "developer"):
        conversation.add_system_text("\n".join(texts))
    if role == "assistant":
        conversation.start_message()
    for item, where in items:
        kind = _kind(item)
        if kind == "call":
            call_id = optional_text(item.get("id"), f"{where}.id") or ""
            arguments = proposed_arguments(item.get("arguments"))
            conversation.add_call(ToolCall(id=call_id, tool=_tool(item, where), proposed_arguments=arguments), where)
        elif kind == "result":
            conversation.add_result(_result((item, where)), where)
        elif kind is None:
            conversation.note(where, f"unknown item {item.get('content_type', item.get('$type'))!r}")


def _tool(item: dict[str, Any], where: str) -> str:
    """Return the name by which the model knows the function: the plugin's name and its own."""
    if text_or_none(item.get("name")):
        return str(item["name"])
    plugin = text_or_none(item.get("plugin_name", item.get("pluginname")))
    function = require_text(item.get("function_name", item.get("functionname")), f"{where}.function_name")
    return f"{plugin}-{function}" if plugin else function


def _result(placed: PlacedObject) -> ToolResult:
    item, where = placed
    call_id = optional_text(item.get("callid", item.get("call_id", item.get("id"))), f"{where}.id")
    tool, result = _tool(item, where), item.get("result")
    if FAILED.match(error_text(result) or ""):
        return ToolResult(id=call_id, tool=tool, outcome="failed", error=error_text(result))
    return ToolResult(id=call_id, tool=tool, value=parse_python_repr(result_value(result)))


ADAPTER = SemanticKernelAdapter()

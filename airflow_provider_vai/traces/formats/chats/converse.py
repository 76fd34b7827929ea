"""Amazon Bedrock's Converse messages, which Strands agents keep as well: blocks ``toolUse`` and ``toolResult``.

The format has no approvals. The executed arguments are taken from the proposal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value, total_usage
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
    as_list,
    as_object,
    optional_text,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

IGNORED = frozenset(
    {
        *("image", "document", "video", "audio", "cachePoint", "reasoningContent", "guardContent"),
        *("citationsContent", "searchResult"),
    }
)
BLOCKS = IGNORED | {"text", "toolUse", "toolResult"}
"""The one key of each kind of block."""


class ConverseAdapter:
    """Reads Converse messages."""

    name = "bedrock_converse"
    description = "Amazon Bedrock Converse messages, also of Strands agents: a list, or an object with messages"
    coverage = Coverage()

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a list of role messages whose blocks are Converse's, with no ``type``."""
        contents = [as_object(message).get("content") for message in role_messages(document)]
        blocks = [block for content in contents for block in as_list(content)]
        return (
            bool(blocks)
            and all(isinstance(content, list) for content in contents)
            and all(len(as_object(block)) == 1 and as_object(block).keys() <= BLOCKS for block in blocks)
        )

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message or a block breaks the format.
        """
        messages, where = message_list(trace)
        conversation = Conversation(trace)
        for block in as_list(as_object(trace.document).get("system")):
            conversation.add_system_text(text_or_none(as_object(block).get("text")))
        usages = []
        for message, place in require_objects(messages, where):
            _read(conversation, message, place)
            usages.append(as_object(as_object(message.get("metadata")).get("usage")))
        last = as_object(messages[-1]) if messages else {}
        final = as_object(as_list(last.get("content"))[-1]) if as_list(last.get("content")) else {}
        spoke_last = last.get("role") == "assistant" and "text" in final
        run = chat_run(trace, self.name, conversation.outcome(assistant_spoke_last=spoke_last))
        usage = total_usage(usages, tokens=("inputTokens", "outputTokens"), costs=[])
        yield conversation.finish(run.model_copy(update={"usage": usage}))


def _read(conversation: Conversation, message: dict[str, Any], place: str) -> None:
    role = require_text(message.get("role"), f"{place}.role")
    if role not in ("user", "assistant"):
        conversation.note(place, f"unknown role {role!r}")
        return
    if role == "assistant":
        conversation.start_message()
    blocks = list(require_objects(message.get("content"), f"{place}.content"))
    for block, where in blocks:
        _read_block(conversation, block, where)
    texts = [block["text"] for block, _ in blocks if isinstance(block.get("text"), str)]
    if role == "user" and (texts or not any("toolResult" in block for block, _ in blocks)):
        conversation.start_turn("\n".join(texts) or None)


def _read_block(conversation: Conversation, block: dict[str, Any], where: str) -> None:
    if "toolUse" in block:
        use, at = require_object(block["toolUse"], f"{where}.toolUse"), f"{where}.toolUse"
        call = ToolCall(
            id=optional_text(use.get("toolUseId"), f"{at}.toolUseId") or "",
            tool=require_text(use.get("name"), f"{at}.name"),
            proposed_arguments=proposed_arguments(use.get("input")),
        )
        conversation.add_call(call, at)
    elif "toolResult" in block:
        conversation.add_result(_result(require_object(block["toolResult"], f"{where}.toolResult"), where), where)
    elif not block.keys() <= BLOCKS:
        conversation.note(where, f"unknown block {next(iter(block))!r}")


def _result(result: dict[str, Any], where: str) -> ToolResult:
    call_id = optional_text(result.get("toolUseId"), f"{where}.toolUseId")
    parts = [_part(part) for part in as_list(result.get("content"))]
    content = parts[0]["json"] if len(parts) == 1 and "json" in as_object(parts[0]) else parts
    if result.get("status") == "error":
        return ToolResult(id=call_id, outcome="failed", error=error_text(content))
    return ToolResult(id=call_id, value=result_value(content), is_marked=result.get("status") == "success")


def _part(part: Any) -> Any:
    """Return a part of a result; text gets the ``type`` that other formats give it."""
    text = as_object(part).get("text")
    return {"type": "text", "text": text} if isinstance(text, str) else part


ADAPTER = ConverseAdapter()

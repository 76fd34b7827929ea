"""Sessions of Goose: an export with ``conversation``, or one line for the facts and one for each message.

A call is a block ``toolRequest``, its result a block ``toolResponse`` with the same id. A refusal is only a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_list,
    as_object,
    optional_text,
    parse_time,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

DECLINED = "The user has declined to run this tool"
OWN_TOOLS = "developer"
"""The extension of Goose itself, whose tools are those of a coding agent and of no server."""

IGNORED = frozenset(
    {
        *("text", "thinking", "redactedThinking", "reasoning", "image", "systemNotification", "conversationCompacted"),
        *("toolConfirmationRequest", "actionRequired", "summarizationRequested", "contextLengthExceeded"),
    }
)


class GooseAdapter:
    """Reads sessions of Goose."""

    name = "goose"
    description = "Goose session (goose session export, or *.jsonl)"
    coverage = Coverage(approvals="partly", timing="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document, or its first line, has a session's facts, and its messages have blocks."""
        facts = document[0] if isinstance(document, list) and document else document
        if "working_dir" not in as_object(facts):
            return False
        messages = document[1:] if isinstance(document, list) else as_list(as_object(document).get("conversation"))
        is_whole = isinstance(document, list) or "conversation" in as_object(document)
        return is_whole and all(isinstance(as_object(message).get("content"), list) for message in messages[:20])

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message or a block breaks the format.
        """
        facts, messages = _facts_and_messages(trace)
        conversation = Conversation(trace)
        for message, place in messages:
            _read(conversation, message, place, text_or_none(facts.get("working_dir")))
        last = messages[-1][0] if messages else {}
        kinds = [as_object(block).get("type") for block in as_list(last.get("content"))]
        spoke_last = last.get("role") == "assistant" and "text" in kinds and "toolRequest" not in kinds
        run = chat_run(
            trace,
            self.name,
            conversation.outcome(assistant_spoke_last=spoke_last),
            facts={"id": facts.get("id")},
            titles=[facts.get("name"), facts.get("description")],
            models=[as_object(facts.get("model_config")).get("model_name")],
            times=[parse_time(message.get("created")) for message, _ in messages],
        )
        yield conversation.finish(run)


def _facts_and_messages(trace: Trace) -> tuple[dict[str, Any], list[PlacedObject]]:
    if isinstance(trace.document, list):
        lines = list(require_objects(trace.document, f"{trace}: "))
        return (lines[0][0] if lines else {}), lines[1:]
    facts = require_object(trace.document, str(trace))
    return facts, list(require_objects(facts.get("conversation"), f"{trace}: conversation"))


def _read(conversation: Conversation, message: dict[str, Any], place: str, folder: str | None) -> None:
    blocks = list(require_objects(message.get("content"), f"{place}.content"))
    at = parse_time(message.get("created"))
    if message.get("role") == "assistant":
        conversation.start_message()
    texts = [block["text"] for block, _ in blocks if block.get("type") == "text" and isinstance(block.get("text"), str)]
    if message.get("role") == "user" and texts and as_object(message.get("metadata")).get("userVisible") is not False:
        conversation.start_turn("\n".join(texts))
    for block, where in blocks:
        kind = require_text(block.get("type"), f"{where}.type")
        if kind == "toolRequest":
            _read_call(conversation, block, where, folder, at)
        elif kind == "toolResponse":
            conversation.add_result(_result(block, where, at), where)
        elif kind not in IGNORED:
            conversation.note(where, f"unknown block {kind!r}")


def _read_call(conversation: Conversation, block: dict[str, Any], where: str, folder: str | None, at: Any) -> None:
    made = require_object(block.get("toolCall"), f"{where}.toolCall")
    value = as_object(made.get("value", made))
    call_id = optional_text(block.get("id"), f"{where}.id") or ""
    if made.get("status") == "error":  # the model's call could not be parsed; its response says so
        proposal = ToolCall(id=call_id, tool="unknown", proposed_arguments=error_text(made.get("error")), started_at=at)
        conversation.add_call(proposal, where)
        return
    tool = require_text(value.get("name"), f"{where}.toolCall.value.name")
    server, separator, _ = tool.partition("__")
    proposal = ToolCall(
        id=call_id,
        tool=tool,
        server=server if separator and server != OWN_TOOLS else None,
        working_folder=folder,
        proposed_arguments=proposed_arguments(value.get("arguments")),
        started_at=at,
    )
    conversation.add_call(proposal, where)


def _result(block: dict[str, Any], where: str, at: Any) -> ToolResult:
    call_id = optional_text(block.get("id"), f"{where}.id")
    answer = require_object(block.get("toolResult"), f"{where}.toolResult")
    if answer.get("status") == "error":
        return ToolResult(id=call_id, outcome="failed", error=error_text(answer.get("error")), at=at)
    value = answer.get("value")
    facts = as_object(value)
    content = facts.get("content", value)
    structured = facts.get("structuredContent")
    text = error_text(content) or ""
    if text.startswith(DECLINED):
        approval = Approval(state="denied", by="user", note=text)
        return ToolResult(id=call_id, outcome="denied", error=text, ran=False, approval=approval, at=at)
    if facts.get("isError") is True:
        return ToolResult(id=call_id, outcome="failed", error=text, at=at)
    found = result_value(content if structured is None else structured)
    return ToolResult(id=call_id, value=found, at=at, is_marked=facts.get("isError") is False)


ADAPTER = GooseAdapter()

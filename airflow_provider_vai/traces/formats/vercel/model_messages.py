"""Vercel AI SDK ModelMessages: what ``generateText`` and ``streamText`` take, and return as ``response.messages``.

Calls are parts of the assistant's message, results and decisions parts of the tool's. In version 4 the arguments are
under ``args`` and the result under ``result``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import MEDIA, TEXT, error_text, proposed_arguments, result_value
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
    require_objects,
    require_text,
    text_or_none,
)

PARTS = frozenset({"tool-call", "tool-result", "tool-approval-request", "tool-approval-response"})
IGNORED = MEDIA | TEXT | {"reasoning", "source", "custom", "reasoning-file"}


class VercelModelAdapter:
    """Reads model messages."""

    name = "vercel_model"
    description = "Vercel AI SDK ModelMessages (CoreMessages): a list, or an object with messages"
    coverage = Coverage(approvals="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a list of role messages with a part that is a call or its result."""
        contents = [as_object(message).get("content") for message in role_messages(document)]
        return any(
            text_or_none(as_object(part).get("type")) in PARTS for content in contents for part in as_list(content)
        )

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message or a part breaks the format.
        """
        messages, where = message_list(trace)
        conversation, decisions = Conversation(trace), _Decisions()
        for message, place in require_objects(messages, where):
            _read(conversation, decisions, message, place)
        last = as_object(messages[-1]) if messages else {}
        content = last.get("content")
        final = as_object(content[-1]).get("type") if isinstance(content, list) and content else "text"
        spoke_last = last.get("role") == "assistant" and bool(content) and final == "text"
        yield conversation.finish(chat_run(trace, self.name, conversation.outcome(assistant_spoke_last=spoke_last)))


class _Decisions:
    """A person's decisions, by the id of the call."""

    def __init__(self) -> None:
        self.requests: dict[Any, Any] = {}
        self.on_calls: dict[Any, Approval] = {}

    def read(self, part: dict[str, Any]) -> None:
        """Read a request for a decision, or a decision."""
        if part.get("type") == "tool-approval-request":
            self.requests[str(part.get("approvalId"))] = text_or_none(part.get("toolCallId"))
            if part.get("isAutomatic") is True:
                self.on_calls[text_or_none(part.get("toolCallId"))] = Approval(state="not_required")
        elif isinstance(part.get("approved"), bool):
            call_id = self.requests.get(str(part.get("approvalId")))
            state = "approved" if part["approved"] else "denied"
            self.on_calls[call_id] = Approval.model_validate({"state": state, "note": text_or_none(part.get("reason"))})

    def on(self, call_id: str | None) -> Approval:
        """Return the decision on a call; unknown if there is none."""
        return self.on_calls.get(call_id, Approval())


def _read(conversation: Conversation, decisions: _Decisions, message: dict[str, Any], place: str) -> None:
    role, content = require_text(message.get("role"), f"{place}.role"), message.get("content")
    if role in ("system", "user") or not isinstance(content, list):
        text = conversation.text_of(content, f"{place}.content")
        if role == "user":
            conversation.start_turn(text)
        elif role == "system":
            conversation.add_system_text(text)
        return
    if role == "assistant":
        conversation.start_message()
    for part, where in require_objects(content, f"{place}.content"):
        kind = text_or_none(part.get("type"))
        if kind == "tool-call":
            call = ToolCall(
                id=optional_text(part.get("toolCallId"), f"{where}.toolCallId") or "",
                tool=require_text(part.get("toolName"), f"{where}.toolName"),
                proposed_arguments=proposed_arguments(part.get("input", part.get("args"))),
            )
            conversation.add_call(call, where)
        elif kind == "tool-result":
            result = _result(part, decisions, where)
            denied = {call.id for call in conversation.calls if call.outcome == "denied"}
            if result.outcome != "denied" or result.id not in denied:  # the decision said so already
                conversation.add_result(result, where)
        elif kind in PARTS:
            decisions.read(part)
            _deny(conversation, decisions, part)
        elif kind not in IGNORED:
            conversation.note(where, f"unknown part {kind!r}")


def _deny(conversation: Conversation, decisions: _Decisions, part: dict[str, Any]) -> None:
    """Set a denied call's outcome at once: the SDK may write no result for it."""
    call_id = decisions.requests.get(str(part.get("approvalId")))
    approval = decisions.on(call_id)
    for position, call in enumerate(conversation.calls):
        if call_id and call.id == call_id and approval.state == "denied" and call.outcome == "unknown":
            conversation.set_result(position, ToolResult(outcome="denied", ran=False, approval=approval))


def _result(part: dict[str, Any], decisions: _Decisions, where: str) -> ToolResult:
    call_id = optional_text(part.get("toolCallId"), f"{where}.toolCallId")
    tool, output = text_or_none(part.get("toolName")), part.get("output")
    kind, approval = text_or_none(as_object(output).get("type")), decisions.on(call_id)
    if kind == "execution-denied" or approval.state == "denied":
        note = text_or_none(as_object(output).get("reason")) or approval.note
        denied = Approval(state="denied", note=note)
        return ToolResult(id=call_id, tool=tool, outcome="denied", ran=False, approval=denied)
    value = as_object(output).get("value") if kind else part.get("result", output)
    if part.get("isError") is True or kind in ("error-text", "error-json"):
        return ToolResult(id=call_id, tool=tool, outcome="failed", error=error_text(value), approval=approval)
    return ToolResult(id=call_id, tool=tool, value=result_value(value), approval=approval)


ADAPTER = VercelModelAdapter()

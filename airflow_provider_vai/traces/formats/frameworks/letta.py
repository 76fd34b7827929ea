"""Letta's messages of an agent, as its API lists them.

The shapes are those of ``letta_client.types.agents`` 1.12. A result names its call and is marked. Questions to a person
and the answers are messages of their own. The API lists the newest message first by default.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, ApprovalState, Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run, listed_messages
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_list,
    as_object,
    optional_text,
    parse_time,
    require_list,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

CALLS = frozenset({"tool_call_message", "approval_request_message"})
IGNORED = frozenset(
    {"reasoning_message", "hidden_reasoning_message", "assistant_message", "summary_message", "event_message"}
)
KINDS = CALLS | IGNORED | {"user_message", "system_message", "tool_return_message", "approval_response_message"}


class LettaAdapter:
    """Reads Letta's messages."""

    name = "letta"
    description = "Letta messages of an agent (JSON of its API): a list, or an object with messages"
    coverage = Coverage(approvals="yes", timing="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document holds messages of Letta's types."""
        found = [text_or_none(as_object(message).get("message_type")) for message in listed_messages(document)[:50]]
        return any(kind in KINDS for kind in found)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message breaks the format.
        """
        inside = "messages" if isinstance(trace.document, dict) else ""
        listed = require_list(listed_messages(trace.document), f"{trace}: {inside}")
        messages = list(require_objects(listed, f"{trace}: {inside}"))
        times = [at for message, _ in messages if (at := parse_time(message.get("date")))]
        if times and times[0].timestamp() > times[-1].timestamp():
            messages.reverse()
            times.reverse()
        reader = _Reader(trace)
        for message, place in messages:
            reader.read(message, place)
        last = messages[-1][0].get("message_type") if messages else None
        outcome = reader.conversation.outcome(assistant_spoke_last=last == "assistant_message")
        yield reader.conversation.finish(chat_run(trace, self.name, outcome, facts={}, times=times))


class _Reader:
    """Reads the messages of one agent, oldest first.

    :param trace: the trace.
    """

    def __init__(self, trace: Trace) -> None:
        self.conversation = Conversation(trace)
        self.asked: dict[str, list[str]] = {}  # the calls of each question to a person, by the message's id
        self.approvals: dict[str, Approval] = {}
        self.message_id: Any = None

    def read(self, message: dict[str, Any], place: str) -> None:
        kind = text_or_none(message.get("message_type"))
        if kind == "user_message":
            self.conversation.start_turn(self.conversation.text_of(message.get("content"), f"{place}.content"))
        elif kind == "system_message":
            self.conversation.add_system_text(text_or_none(message.get("content")))
        elif kind in CALLS:
            self._read_calls(message, place, is_question=kind == "approval_request_message")
        elif kind == "tool_return_message":
            for result, where in _either(message, "tool_returns", place):
                self.conversation.add_result(self._result((result, where), message), where)
        elif kind == "approval_response_message":
            self._read_decisions(message, place)
        elif kind not in IGNORED:
            self.conversation.note(place, f"unknown message {kind!r}")

    def _read_calls(self, message: dict[str, Any], place: str, *, is_question: bool) -> None:
        if message.get("id") is None or message.get("id") != self.message_id:
            self.conversation.start_message()
        self.message_id = message.get("id")
        own = {"tool_calls": message.get("tool_calls")} if isinstance(message.get("tool_calls"), list) else {}
        listed = own or {"tool_calls": [require_object(message.get("tool_call"), f"{place}.tool_call")]}
        for call, where in require_objects(listed["tool_calls"], f"{place}.tool_calls"):
            call_id = optional_text(call.get("tool_call_id"), f"{where}.tool_call_id") or ""
            proposal = ToolCall(
                id=call_id,
                tool=require_text(call.get("name"), f"{where}.name"),
                proposed_arguments=proposed_arguments(call.get("arguments")),
            )
            self.conversation.add_call(proposal, where)
            if is_question:
                self.asked.setdefault(str(message.get("id")), []).append(call_id)

    def _read_decisions(self, message: dict[str, Any], place: str) -> None:
        """Read a person's decisions: one for each call, or one for the whole question in older versions.

        The list may also hold results of tools that the client ran.
        """
        at = parse_time(message.get("date"))
        listed = as_list(message.get("approvals"))
        if not listed:
            ids = self.asked.get(str(message.get("approval_request_id")), [])
            listed = [{**message, "tool_call_id": call_id} for call_id in ids]
        for item, where in require_objects(listed, f"{place}.approvals"):
            call_id = optional_text(item.get("tool_call_id"), f"{where}.tool_call_id") or ""
            if "tool_return" in item:
                self.conversation.add_result(self._result((item, where), message), where)
                continue
            note = text_or_none(item.get("reason"))
            approval = Approval(state=_state(item.get("approve")), by="user", at=at, note=note)
            self.approvals[call_id] = approval
            if approval.state == "denied":
                result = ToolResult(id=call_id, outcome="denied", error=note, ran=False, approval=approval)
                self.conversation.add_result(result, where)
            else:
                self._approve(call_id, approval)

    def _approve(self, call_id: str, approval: Approval) -> None:
        calls = self.conversation.calls
        calls[:] = [call.model_copy(update={"approval": approval}) if call.id == call_id else call for call in calls]

    def _result(self, placed: PlacedObject, message: dict[str, Any]) -> ToolResult:
        result, where = placed
        call_id = optional_text(result.get("tool_call_id"), f"{where}.tool_call_id")
        approval, at = self.approvals.get(call_id or "", Approval()), parse_time(message.get("date"))
        content = result.get("tool_return")
        if result.get("status") == "error":
            return ToolResult(id=call_id, outcome="failed", error=error_text(content), approval=approval, at=at)
        is_marked = result.get("status") == "success"
        return ToolResult(id=call_id, value=result_value(content), approval=approval, at=at, is_marked=is_marked)


def _state(approve: Any) -> ApprovalState:
    if not isinstance(approve, bool):
        return "unknown"
    return "approved" if approve else "denied"


def _either(message: dict[str, Any], key: str, place: str) -> list[PlacedObject]:
    """Return the results that a message lists, or the one that it is itself."""
    return list(require_objects(message[key], f"{place}.{key}")) if message.get(key) else [(message, place)]


ADAPTER = LettaAdapter()

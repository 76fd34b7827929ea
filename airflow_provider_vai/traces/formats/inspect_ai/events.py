"""Applies the events of an Inspect sample to the calls in its messages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_provider_vai.model.run import Approval, ToolCall
from airflow_provider_vai.traces.formats.inspect_ai.event_facts import EventFacts
from airflow_provider_vai.traces.formats.inspect_ai.result import read_result
from airflow_provider_vai.traces.formats.shared.content import proposed_arguments
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.values import optional_text, parse_time, require_text, text_or_none


class Events:
    """A sample's tool events, to be applied to the calls in its messages.

    Tool events between those of the messages' calls are calls of sub-agents. They are added after the call before them,
    which is their parent if the spans say so.
    """

    def __init__(self, conversation: Conversation, events: Any, where: str) -> None:
        self.conversation = conversation
        self.facts = EventFacts(conversation, events, where)
        self.tools = self.facts.tools
        self.expected: dict[str, list[int]] = {}  # a call's id in the messages -> the positions of its calls

    def expect(self, call_id: str, position: int) -> None:
        """Register a call from a message, whose event is applied later."""
        self.expected.setdefault(call_id, []).append(position)

    def apply_until(self, call_id: str | None) -> None:
        """Apply the events up to that of a call with a result, and then those of its sub-agent's calls."""
        if not call_id or not any(event.get("id") == call_id for event, _ in self.tools):
            return
        while self.tools:
            event, place = self.tools.pop(0)
            self._apply(event, place)
            if event.get("id") == call_id:
                break
        while self.tools and self._is_inner(self.tools[0][0]):
            self._apply(*self.tools.pop(0))

    def apply_remaining(self) -> None:
        """Apply the remaining events: calls that are in no message, and calls without a result."""
        while self.tools:
            self._apply(*self.tools.pop(0))

    def _is_inner(self, event: dict[str, Any]) -> bool:
        return self.facts.parent(event) is not None and text_or_none(event.get("id")) not in self.expected

    def _apply(self, event: dict[str, Any], place: str) -> None:
        call_id = optional_text(event.get("id"), f"{place}.id") or ""
        positions = self.expected.get(call_id)
        executed = proposed_arguments(event.get("arguments"))
        started, ended = parse_time(event.get("timestamp")), parse_time(event.get("completed"))
        if positions:
            position = positions.pop(0)
        else:
            self.conversation.start_message()
            tool = require_text(event.get("function"), f"{place}.function")
            call = ToolCall(id=call_id, tool=tool, parent_id=self.facts.parent(event), proposed_arguments=executed)
            position = self.conversation.add_call(call, place)
        call = self.conversation.calls[position].model_copy(update={"started_at": started})
        self.conversation.calls[position] = call
        if event.get("truncated"):
            self.conversation.note(place, "the result is cut off")
        if event.get("pending") is not True:
            self._set_result(position, event, executed, ended, place)

    def _set_result(self, position: int, event: dict[str, Any], executed: Any, ended: Any, place: str) -> None:
        result = read_result(event, place)
        call = self.conversation.calls[position]
        approval = self.facts.approvals.get(text_or_none(event.get("id")) or "", Approval())
        if result.outcome == "denied" or approval.state == "denied":
            note = approval.note or result.error
            update = {"state": "denied", "note": note}
            result = ToolResult(outcome="denied", ran=False, error=result.error or note)
            approval = approval.model_copy(update=update)
        elif executed != call.proposed_arguments and approval.state == "approved":
            approval = approval.model_copy(update={"state": "edited"})
        self.conversation.set_result(position, replace(result, arguments=executed, approval=approval, at=ended))

"""The events of an Inspect sample, laid over the calls of its messages."""

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
    """A sample's events, to be laid over the calls that its messages tell of.

    Events that stand between those of the messages' calls are calls inside sub-agents: they are added after the
    call before them, which is their parent where the spans say so.
    """

    def __init__(self, conversation: Conversation, events: Any, where: str) -> None:
        self.conversation = conversation
        self.told = EventFacts(conversation, events, where)
        self.tools = self.told.tools
        self.expected: dict[str, list[int]] = {}  # the positions of the messages' calls by their own ids

    def expect(self, name: str, position: int) -> None:
        """Take note of a call that a message tells of."""
        self.expected.setdefault(name, []).append(position)

    def answered(self, name: str | None) -> None:
        """Lay the events up to that of an answered call over the calls, and its sub-agent's calls after it."""
        if not name or not any(event.get("id") == name for event, _ in self.tools):
            return
        while self.tools:
            event, place = self.tools.pop(0)
            self._lay(event, place)
            if event.get("id") == name:
                break
        while self.tools and self._is_inner(self.tools[0][0]):
            self._lay(*self.tools.pop(0))

    def add_rest(self) -> None:
        """Lay every event that is left: calls that no message tells of, and those without a result."""
        while self.tools:
            self._lay(*self.tools.pop(0))

    def _is_inner(self, event: dict[str, Any]) -> bool:
        return self.told.parent(event) is not None and text_or_none(event.get("id")) not in self.expected

    def _lay(self, event: dict[str, Any], place: str) -> None:
        call_id = optional_text(event.get("id"), f"{place}.id") or ""
        waiting = self.expected.get(call_id)
        given = proposed_arguments(event.get("arguments"))
        started, ended = parse_time(event.get("timestamp")), parse_time(event.get("completed"))
        if waiting:
            position = waiting.pop(0)
        else:
            self.conversation.start_message()
            tool = require_text(event.get("function"), f"{place}.function")
            call = ToolCall(id=call_id, tool=tool, parent_id=self.told.parent(event), proposed_arguments=given)
            position = self.conversation.add_call(call, place)
        call = self.conversation.calls[position].model_copy(update={"started_at": started})
        self.conversation.calls[position] = call
        if event.get("truncated"):
            self.conversation.note(place, "the result is cut short")
        if event.get("pending") is not True:
            self._settle(position, event, given, ended, place)

    def _settle(self, position: int, event: dict[str, Any], given: Any, ended: Any, place: str) -> None:
        answer = read_result(event, place)
        call = self.conversation.calls[position]
        approval = self.told.approvals.get(text_or_none(event.get("id")) or "", Approval(state="not_required"))
        if answer.outcome == "denied" or approval.state == "denied":
            note = approval.note or answer.error
            update = {"state": "denied", "note": note}
            answer = ToolResult(outcome="denied", ran=False, error=answer.error or note)
            approval = approval.model_copy(update=update)
        elif given != call.proposed_arguments:
            approval = approval.model_copy(update={"state": "edited"})
        self.conversation.set_result(position, replace(answer, arguments=given, approval=approval, at=ended))

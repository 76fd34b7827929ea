"""Reads the events of an ADK session: calls, confirmations, results."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_provider_vai.model.run import Approval, Outcome
from airflow_provider_vai.traces.formats.google_adk.parts import (
    note_unknown,
    read_call,
    read_result,
    snake,
    text_of_parts,
)
from airflow_provider_vai.traces.formats.shared.content import error_text, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.formats.shared.refusals import GOOGLE_ADK, WAITS
from airflow_provider_vai.traces.reading.values import (
    as_object,
    parse_time,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

CONFIRMATION = "adk_request_confirmation"


class AdkSession:
    """The events read so far, the calls that wait for confirmation, and the decisions."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.assistant_spoke_last = False
        self.confirmations: dict[str, str] = {}  # the confirmation's id -> the id of the waiting call
        self.decisions: dict[str, Approval] = {}

    def read(self, event: dict[str, Any], place: str) -> None:
        """Read one event. A partial event is skipped, because a complete one follows it."""
        author = require_text(event.get("author"), f"{place}.author")
        if text_or_none(event.get("error_code")) or text_or_none(event.get("error_message")):
            self.conversation.note(place, f"the model failed: {event.get('error_message') or event['error_code']}")
        content = event.get("content")
        if content is None or event.get("partial") is True:
            return
        inside = snake(require_object(content, f"{place}.content"))
        listed = require_objects(inside.get("parts", []), f"{place}.content.parts")
        parts = [(snake(part), where) for part, where in listed]
        text = text_of_parts(parts)
        if author == "user" and (text or not any("function_response" in part for part, _ in parts)):
            self.conversation.start_turn(text)
        self.assistant_spoke_last = author != "user" and text is not None
        self.conversation.start_message()
        at = event.get("timestamp")
        for part, where in parts:
            self._read_part(part, at, where)

    def close(self) -> None:
        """Set the decisions on calls without a result; a denied call never gets one."""
        for position, call in enumerate(self.conversation.calls):
            approval = self.decisions.get(call.id, Approval())
            if call.outcome == "unknown" and approval.state != "unknown":
                outcome: Outcome = "denied" if approval.state == "denied" else "unknown"
                self.conversation.set_result(position, ToolResult(outcome=outcome, ran=False, approval=approval))

    def _read_part(self, part: dict[str, Any], at: Any, where: str) -> None:
        if "function_call" in part:
            call = read_call(part, f"{where}.function_call")
            if call.tool == CONFIRMATION:
                original = as_object(call.proposed_arguments).get("originalFunctionCall")
                self.confirmations[call.id] = text_or_none(as_object(original).get("id")) or ""
            else:
                self.conversation.add_call(call.model_copy(update={"started_at": parse_time(at)}), where)
        elif "function_response" in part:
            self._read_result(part, at, where)
        note_unknown(self.conversation, part, where)

    def _read_result(self, part: dict[str, Any], at: Any, where: str) -> None:
        result = replace(read_result(part, f"{where}.function_response"), at=parse_time(at))
        if result.tool == CONFIRMATION or (result.id and result.id in self.confirmations):
            self._decide(result.id or "", result.value, where)
            return
        if (result.error or "").startswith(WAITS):
            return  # not the result: the call waits for a person
        approval = self.decisions.get(result.id or "", Approval())
        if (result.error or "").startswith(GOOGLE_ADK):
            approval = approval.model_copy(update={"state": "denied"})
        if approval.state == "denied":
            result = replace(result, outcome="denied", ran=False)
        self.conversation.add_result(replace(result, approval=approval), where)

    def _decide(self, confirmation_id: str, response: Any, where: str) -> None:
        """Keep a person's decision until the call's result comes."""
        decision = as_object(response)
        if isinstance(decision.get("response"), str):  # some clients put JSON text into it
            decision = as_object(result_value(decision["response"]))
        confirmed, call_id = decision.get("confirmed"), self.confirmations.get(confirmation_id)
        if call_id is None or not isinstance(confirmed, bool):
            self.conversation.note(where, "a confirmation without a decision on a known call")
            return
        note = error_text(decision["payload"]) if decision.get("payload") else None
        self.decisions[call_id] = Approval(state="approved" if confirmed else "denied", note=note)

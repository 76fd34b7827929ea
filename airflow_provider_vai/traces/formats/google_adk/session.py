"""The events of an ADK session, read one after the other: calls, confirmations, results."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_provider_vai.model.run import Approval, Outcome
from airflow_provider_vai.traces.formats.google_adk.parts import note_unknown, read_call, read_result_part, snake, words
from airflow_provider_vai.traces.formats.shared.content import error_text, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.values import (
    as_object,
    parse_time,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

CONFIRMATION = "adk_request_confirmation"
WAITS = "This tool call requires confirmation"
REJECTED = "This tool call is rejected"


class AdkSession:
    """The events read so far, and which calls wait for a person."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.has_the_last_word = False
        self.asked: dict[str, str] = {}  # the confirmation's id: the id of the call that waits
        self.decided: dict[str, Approval] = {}

    def read(self, event: dict[str, Any], place: str) -> None:
        """Read one event; a partial one is said again by the whole event after it."""
        author = require_text(event.get("author"), f"{place}.author")
        if text_or_none(event.get("error_code")) or text_or_none(event.get("error_message")):
            self.conversation.note(place, f"the model failed: {event.get('error_message') or event['error_code']}")
        content = event.get("content")
        if content is None or event.get("partial") is True:
            return
        inside = snake(require_object(content, f"{place}.content"))
        found = list(require_objects(inside.get("parts", []), f"{place}.content.parts"))
        parts = [(snake(part), where) for part, where in found]
        said = words(parts)
        if author == "user" and (said or not any("function_response" in part for part, _ in parts)):
            self.conversation.start_turn(said)
        self.has_the_last_word = author != "user" and said is not None
        self.conversation.start_message()
        at = event.get("timestamp")
        for part, where in parts:
            self._read_part(part, at, where)

    def close(self) -> None:
        """Keep the decisions that no result came after: a denied call will never have another."""
        for position, call in enumerate(self.conversation.calls):
            approval = self.decided.get(call.id, Approval())
            if call.outcome == "unknown" and approval.state != "unknown":
                outcome: Outcome = "denied" if approval.state == "denied" else "unknown"
                self.conversation.set_result(position, ToolResult(outcome=outcome, ran=False, approval=approval))

    def _read_part(self, part: dict[str, Any], at: Any, where: str) -> None:
        if "function_call" in part:
            call = read_call(part, f"{where}.function_call")
            if call.tool == CONFIRMATION:
                original = as_object(call.proposed_arguments).get("originalFunctionCall")
                self.asked[call.id] = text_or_none(as_object(original).get("id")) or ""
            else:
                self.conversation.add_call(call.model_copy(update={"started_at": parse_time(at)}), where)
        elif "function_response" in part:
            self._answer(part, at, where)
        note_unknown(self.conversation, part, where)

    def _answer(self, part: dict[str, Any], at: Any, where: str) -> None:
        answer = replace(read_result_part(part, f"{where}.function_response"), at=parse_time(at))
        if answer.tool == CONFIRMATION or (answer.id and answer.id in self.asked):
            self._decide(answer.id or "", answer.value, where)
            return
        if (answer.error or "").startswith(WAITS):
            return  # not the result: the call waits for a person
        approval = self.decided.get(answer.id or "", Approval())
        if (answer.error or "").startswith(REJECTED):
            approval = approval.model_copy(update={"state": "denied"})
        if approval.state == "denied":
            answer = replace(answer, outcome="denied", ran=False)
        self.conversation.add_result(replace(answer, approval=approval), where)

    def _decide(self, asked: str, response: Any, where: str) -> None:
        """Keep a person's decision for the result that comes after it."""
        told = as_object(response)
        if isinstance(told.get("response"), str):  # some clients put JSON text into it
            told = as_object(result_value(told["response"]))
        confirmed, waiting = told.get("confirmed"), self.asked.get(asked)
        if waiting is None or not isinstance(confirmed, bool):
            self.conversation.note(where, "a confirmation that decides no call")
            return
        note = error_text(told["payload"]) if told.get("payload") else None
        self.decided[waiting] = Approval(state="approved" if confirmed else "denied", note=note)

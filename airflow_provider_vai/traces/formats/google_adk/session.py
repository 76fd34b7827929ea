"""The events of an ADK session, read one after the other: calls, confirmations, results."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_provider_vai.model.run import Approval, Outcome
from airflow_provider_vai.traces.formats.google_adk.parts import note_unknown, read_answer, read_call, snake, words
from airflow_provider_vai.traces.formats.shared.content import error_text, fields, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolAnswer
from airflow_provider_vai.traces.reading.trace import moment, record, records, text, text_or_none

CONFIRMATION = "adk_request_confirmation"
WAITS = "This tool call requires confirmation"
REJECTED = "This tool call is rejected"


class AdkSession:
    """The events read so far, and which calls wait for a person."""

    def __init__(self, talk: Conversation) -> None:
        self.talk = talk
        self.has_the_last_word = False
        self.asked: dict[str, str] = {}  # the confirmation's id: the id of the call that waits
        self.decided: dict[str, Approval] = {}

    def read(self, event: dict[str, Any], place: str) -> None:
        """Read one event; a partial one is said again by the whole event after it."""
        author = text(event.get("author"), f"{place}.author")
        if text_or_none(event.get("error_code")) or text_or_none(event.get("error_message")):
            self.talk.note(place, f"the model failed: {event.get('error_message') or event['error_code']}")
        content = event.get("content")
        if content is None or event.get("partial") is True:
            return
        inside = snake(record(content, f"{place}.content"))
        found = list(records(inside.get("parts", []), f"{place}.content.parts"))
        parts = [(snake(part), where) for part, where in found]
        said = words(parts)
        if author == "user" and (said or not any("function_response" in part for part, _ in parts)):
            self.talk.turn(said)
        self.has_the_last_word = author != "user" and said is not None
        self.talk.message()
        at = event.get("timestamp")
        for part, where in parts:
            self._read_part(part, at, where)

    def close(self) -> None:
        """Keep the decisions that no result came after: a denied call will never have another."""
        for position, call in enumerate(self.talk.calls):
            approval = self.decided.get(call.id, Approval())
            if call.outcome == "unknown" and approval.state != "unknown":
                outcome: Outcome = "denied" if approval.state == "denied" else "unknown"
                self.talk.settle(position, ToolAnswer(outcome=outcome, ran=False, approval=approval))

    def _read_part(self, part: dict[str, Any], at: Any, where: str) -> None:
        if "function_call" in part:
            call = read_call(part, f"{where}.function_call")
            if call.tool == CONFIRMATION:
                original = fields(call.proposed_arguments).get("originalFunctionCall")
                self.asked[call.id] = text_or_none(fields(original).get("id")) or ""
            else:
                self.talk.call(call.model_copy(update={"started_at": moment(at)}), where)
        elif "function_response" in part:
            self._answer(part, at, where)
        note_unknown(self.talk, part, where)

    def _answer(self, part: dict[str, Any], at: Any, where: str) -> None:
        answer = replace(read_answer(part, f"{where}.function_response"), at=moment(at))
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
        self.talk.answer(replace(answer, approval=approval), where)

    def _decide(self, asked: str, response: Any, where: str) -> None:
        """Keep a person's decision for the result that comes after it."""
        told = fields(response)
        if isinstance(told.get("response"), str):  # some clients put JSON text into it
            told = fields(result_value(told["response"]))
        confirmed, waiting = told.get("confirmed"), self.asked.get(asked)
        if waiting is None or not isinstance(confirmed, bool):
            self.talk.note(where, "a confirmation that decides no call")
            return
        note = error_text(told["payload"]) if told.get("payload") else None
        self.decided[waiting] = Approval(state="approved" if confirmed else "denied", note=note)

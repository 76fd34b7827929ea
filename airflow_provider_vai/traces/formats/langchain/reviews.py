"""What a person decided about LangChain's calls: recorded in checkpoints, or told by the results' own words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Approval, ToolCall
from airflow_provider_vai.traces.formats.langchain.interrupts import CallReview
from airflow_provider_vai.traces.formats.langchain.messages import Notice
from airflow_provider_vai.traces.formats.shared.content import proposed_arguments
from airflow_provider_vai.traces.formats.shared.conversation import ToolResult
from airflow_provider_vai.traces.reading.values import as_object, text_or_none

REJECTED = "User rejected the tool call for `"
SYNONYMS = {"accept": "approve", "ignore": "reject", "response": "respond"}
"""Decisions of the older, prebuilt form by their names of today."""
ANSWERED = "a person answered in the tool's place: it never ran"
WAITED = "it waited for a person; the decision is not recorded"


class Reviews:
    """The decisions by call id.

    :param calls: each call as it was first proposed, by id.
    :param reviews: what waited for a person, in order.
    :param edits: edited calls that a state names itself, by id.
    """

    def __init__(self, calls: dict[str, Any], reviews: list[CallReview], edits: dict[str, Any]) -> None:
        self.calls = calls
        self.edits = edits
        self.decisions: dict[str, dict[str, Any]] = {}
        for review in reviews:
            if call_id := self._call_of(review.call):
                self.decisions[call_id] = as_object(review.decision)
        self.is_recorded = bool(self.decisions or edits)

    def decide(self, answer: ToolResult, notice: Notice | None) -> ToolResult:
        """Return an answer with the decision about its call."""
        call_id = answer.id or ""
        decision = self.decisions.get(call_id)
        kind = as_object(decision).get("type")
        kind = SYNONYMS.get(kind, kind) if isinstance(kind, str) else None
        message = text_or_none(as_object(decision).get("message")) or text_or_none(as_object(decision).get("args"))
        if kind == "reject" or (decision is None and (answer.error or "").startswith(REJECTED)):
            note = message or (answer.error or "").partition("with reason: ")[2] or answer.error
            denied = Approval(state="denied", by="user", note=note or None)
            error = answer.error or text_or_none(answer.value) or note
            return replace(answer, value=None, error=error, outcome="denied", ran=False, approval=denied)
        if kind == "respond":
            return replace(answer, outcome="unknown", ran=False, approval=Approval(by="user", note=ANSWERED))
        edited = as_object(decision).get("edited_action", as_object(decision).get("args")) if kind == "edit" else None
        edited = edited if isinstance(edited, dict) else self.edits.get(call_id)
        if edited:
            return self._edited(answer, edited.get("name", edited.get("action")), edited.get("args"))
        if kind == "approve":
            return replace(answer, approval=Approval(state="approved", by="user"))
        if notice and not self.is_recorded:
            return self._told(answer, *notice)
        return answer if decision is None else replace(answer, approval=Approval(note=WAITED))

    def pending(self, call: ToolCall) -> ToolCall:
        """Return a call that has no result with what is known of its decision."""
        kind = as_object(self.decisions.get(call.id)).get("type")
        if call.id not in self.decisions or call.outcome != "unknown" or call.approval.by:
            return call
        states: dict[Any, Any] = {"approve": "approved", "accept": "approved", "edit": "edited"}
        if kind in ("reject", "ignore"):
            return call.model_copy(update={"outcome": "denied", "approval": Approval(state="denied", by="user")})
        state = states.get(kind if isinstance(kind, str) else None, "unknown")
        return call.model_copy(update={"approval": Approval(state=state, note=None if state != "unknown" else WAITED)})

    def _call_of(self, asked: dict[str, Any]) -> str | None:
        if call_id := text_or_none(asked.get("tool_call_id")):
            return call_id
        wanted = (asked.get("name"), asked.get("args"))
        free = (name for name in self.calls if name not in self.decisions)
        return next((name for name in free if _asked(self.calls[name]) == wanted), None)

    def _told(self, answer: ToolResult, tool: str, arguments: dict[str, Any]) -> ToolResult:
        """Return an answer whose own words tell of an edit: a tool could have written them, so no other tool counts."""
        told = self._edited(answer, tool, arguments)
        if tool != as_object(self.calls.get(answer.id or "")).get("name"):
            told = replace(told, tool=None, arguments=f"{tool} {json_text.canonical(arguments)}")
        return replace(told, approval=told.approval.model_copy(update={"note": "told by the result's words only"}))

    def _edited(self, answer: ToolResult, tool: Any, arguments: Any) -> ToolResult:
        first = as_object(self.calls.get(answer.id or ""))
        executed = proposed_arguments(arguments)
        is_same = (text_or_none(tool) or first.get("name"), executed) == (
            first.get("name"),
            proposed_arguments(first.get("args")),
        )
        approval = Approval(state="approved" if is_same else "edited", by="user")
        return replace(answer, tool=text_or_none(tool) or answer.tool, arguments=executed, approval=approval)


def _asked(call: dict[str, Any]) -> tuple[Any, Any]:
    return call.get("name"), call.get("args")

"""A person's decisions on LangChain calls, from checkpoints or from the texts of results."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Approval, ToolCall
from airflow_provider_vai.traces.formats.langchain.interrupts import CallReview
from airflow_provider_vai.traces.formats.langchain.messages import Notice
from airflow_provider_vai.traces.formats.shared.content import proposed_arguments
from airflow_provider_vai.traces.formats.shared.conversation import ToolResult
from airflow_provider_vai.traces.formats.shared.refusals import LANGCHAIN
from airflow_provider_vai.traces.reading.values import as_object, text_or_none

SYNONYMS = {"accept": "approve", "ignore": "reject", "response": "respond"}
"""The current names of the decisions in the older, prebuilt form."""
RESPONDED = "a person responded in place of the tool, which never ran"
WAITED = "the call waited for a person, but the decision is not recorded"


class Reviews:
    """The decisions by call id.

    :param calls: each call as it was first proposed, by id.
    :param reviews: the calls that waited for a person, in order.
    :param edits: the edited calls that a state itself records, by id.
    """

    def __init__(self, calls: dict[str, Any], reviews: list[CallReview], edits: dict[str, Any]) -> None:
        self.calls = calls
        self.edits = edits
        self.decisions: dict[str, dict[str, Any]] = {}
        for review in reviews:
            if call_id := self._call_of(review.call):
                self.decisions[call_id] = as_object(review.decision)
        self.is_recorded = bool(self.decisions or edits)

    def forget(self, call_ids: set[str]) -> set[str]:
        """Remove the decisions on calls with these ids, and return the ids that had one."""
        found = call_ids & (self.decisions.keys() | self.edits.keys())
        for call_id in found:
            self.decisions.pop(call_id, None)
            self.edits.pop(call_id, None)
        return found

    def decide(self, result: ToolResult, notice: Notice | None) -> ToolResult:
        """Return a result with the decision on its call."""
        call_id = result.id or ""
        decision = self.decisions.get(call_id)
        kind = as_object(decision).get("type")
        kind = SYNONYMS.get(kind, kind) if isinstance(kind, str) else None
        message = text_or_none(as_object(decision).get("message")) or text_or_none(as_object(decision).get("args"))
        if kind == "reject" or (not kind and (result.error or "").startswith(LANGCHAIN)):
            note = message or (result.error or "").partition("with reason: ")[2] or result.error
            denied = Approval(state="denied", by="user", note=note or None)
            error = result.error or text_or_none(result.value) or note
            return replace(result, value=None, error=error, outcome="denied", ran=False, approval=denied)
        if kind == "respond":
            return replace(result, outcome="unknown", ran=False, approval=Approval(by="user", note=RESPONDED))
        edited = as_object(decision).get("edited_action", as_object(decision).get("args")) if kind == "edit" else None
        edited = edited if isinstance(edited, dict) else self.edits.get(call_id)
        if edited:
            return self._edited(result, edited.get("name", edited.get("action")), edited.get("args"))
        if kind == "approve":
            return replace(result, approval=Approval(state="approved", by="user"))
        if notice and not self.is_recorded:
            return self._edited_by_notice(result, *notice)
        return result if decision is None else replace(result, approval=Approval(note=WAITED))

    def pending(self, call: ToolCall) -> ToolCall:
        """Return a call without a result with its decision, as far as that is known."""
        kind = as_object(self.decisions.get(call.id)).get("type")
        if call.id not in self.decisions or call.outcome != "unknown" or call.approval.by:
            return call
        states: dict[Any, Any] = {"approve": "approved", "accept": "approved", "edit": "edited"}
        if kind in ("reject", "ignore"):
            return call.model_copy(update={"outcome": "denied", "approval": Approval(state="denied", by="user")})
        state = states.get(kind if isinstance(kind, str) else None, "unknown")
        return call.model_copy(update={"approval": Approval(state=state, note=None if state != "unknown" else WAITED)})

    def _call_of(self, call: dict[str, Any]) -> str | None:
        if call_id := text_or_none(call.get("tool_call_id")):
            return call_id
        wanted = (call.get("name"), call.get("args"))
        free = (name for name in self.calls if name not in self.decisions)
        return next((name for name in free if _name_and_arguments(self.calls[name]) == wanted), None)

    def _edited_by_notice(self, result: ToolResult, tool: str, arguments: dict[str, Any]) -> ToolResult:
        """Return a result edited according to a notice in its text.

        The tool itself could have written the notice, so a notice of another tool is kept only as text.
        """
        edited = self._edited(result, tool, arguments)
        if tool != as_object(self.calls.get(result.id or "")).get("name"):
            edited = replace(edited, tool=None, arguments=f"{tool} {json_text.canonical(arguments)}")
        approval = edited.approval.model_copy(update={"note": "recorded only in the result's text"})
        return replace(edited, approval=approval)

    def _edited(self, result: ToolResult, tool: Any, arguments: Any) -> ToolResult:
        proposal = as_object(self.calls.get(result.id or ""))
        executed = proposed_arguments(arguments)
        is_same = (text_or_none(tool) or proposal.get("name"), executed) == (
            proposal.get("name"),
            proposed_arguments(proposal.get("args")),
        )
        approval = Approval(state="approved" if is_same else "edited", by="user")
        return replace(result, tool=text_or_none(tool) or result.tool, arguments=executed, approval=approval)


def _name_and_arguments(call: dict[str, Any]) -> tuple[Any, Any]:
    return call.get("name"), call.get("args")

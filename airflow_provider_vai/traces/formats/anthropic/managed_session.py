"""Reads the events of one managed-agent session, in their order, into a conversation."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.model.run import Approval, ApprovalState, RunOutcome, ToolCall
from airflow_provider_vai.traces.formats.anthropic.managed_events import RESULTS
from airflow_provider_vai.traces.formats.shared.content import (
    error_text,
    proposed_arguments,
    result_value,
    with_cached_tokens,
)
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_object, optional_text, parse_time, require_text, text_or_none

CALLS = frozenset({"agent.tool_use", "agent.mcp_tool_use", "agent.custom_tool_use"})
PREFIXES = ("agent.", "user.", "session.", "span.", "system.", "workflow_run.")
IGNORED = frozenset({"agent.message", "agent.thinking", "event_start", "event_delta", "user.define_outcome"})
PERMISSIONS: dict[Any, ApprovalState] = {"allow": "not_required", "deny": "denied"}
"""The approval by ``evaluated_permission``; with ``ask`` the user decides."""
DECISIONS: dict[Any, ApprovalState] = {"allow": "approved", "deny": "denied"}
STOPS: dict[Any, RunOutcome] = {
    "end_turn": "success",
    "requires_action": "unknown",
    "retries_exhausted": "failed",
    "refusal": "failed",
    "budget_reached": "failed",
}


class ManagedSession:
    """A session: the events read so far, and the approval of each call."""

    def __init__(self, trace: Trace) -> None:
        self.conversation = Conversation(trace)
        self.approvals: dict[str, Approval] = {}
        self.position: dict[str, int] = {}
        self.usages: list[dict[str, Any]] = []
        self.times: list[Any] = []
        self.has_spans = False
        self.outcome: RunOutcome = "unknown"

    def read(self, event: dict[str, Any], place: str) -> None:
        """Read one event."""
        kind, at = require_text(event.get("type"), f"{place}.type"), parse_time(event.get("processed_at"))
        self.times += [at] if at else []
        if kind in CALLS:
            self._call(event, at, place)
        elif kind in RESULTS:
            self._result(event, RESULTS[kind], at, place)
        elif kind == "user.tool_confirmation":
            self._confirm(event, at, place)
        elif kind == "user.message":
            self.conversation.start_turn(self.conversation.text_of(event.get("content"), f"{place}.content"))
        elif kind == "system.message":
            self.conversation.add_system_text(self.conversation.text_of(event.get("content"), f"{place}.content"))
        elif kind == "user.interrupt":
            self._interrupt(event, at)
        elif kind in ("span.model_request_start", "agent.message"):
            self.has_spans = self.has_spans or kind == "span.model_request_start"
            self.conversation.start_message()
        elif kind == "span.model_request_end" and isinstance(event.get("model_usage"), dict):
            self.usages.append(with_cached_tokens(event["model_usage"]))
        elif kind in ("session.status_idle", "session.error", "session.status_running"):
            self._status(event, kind)
        elif kind not in IGNORED and (not kind.startswith(PREFIXES) or "tool" in kind):
            self.conversation.note(place, f"unknown event {kind!r}")

    def _call(self, event: dict[str, Any], at: Any, place: str) -> None:
        call_id = optional_text(event.get("id"), f"{place}.id") or ""
        call = ToolCall(
            id=call_id,
            tool=require_text(event.get("name"), f"{place}.name"),
            server=text_or_none(event.get("mcp_server_name")),
            parent_id=text_or_none(event.get("session_thread_id")),  # the thread of a sub-agent, not a call
            proposed_arguments=proposed_arguments(event.get("input")),
            started_at=at,
        )
        self.position[call_id] = self.conversation.add_call(call, place)
        permission = event.get("evaluated_permission")
        state = PERMISSIONS.get(permission) if isinstance(permission, str) else None
        if state and call_id:
            note = text_or_none(as_object(event.get("evaluation")).get("type"))
            self.approvals[call_id] = Approval(state=state, by="permission policy", note=note)
            if state == "denied":
                self._deny(call_id)

    def _confirm(self, event: dict[str, Any], at: Any, place: str) -> None:
        call_id, decision = require_text(event.get("tool_use_id"), f"{place}.tool_use_id"), event.get("result")
        state = DECISIONS.get(decision) if isinstance(decision, str) else None
        if state is None or call_id not in self.position:
            self.conversation.note(place, f"the decision {decision!r} on {call_id!r} is unknown or has no call")
            return
        note = text_or_none(event.get("deny_message"))
        self.approvals[call_id] = Approval(state=state, by="user", at=at, note=note)
        if state == "denied":
            self._deny(call_id)
        else:
            self._update(call_id, approval=self.approvals[call_id])

    def _deny(self, call_id: str) -> None:
        approval = self.approvals[call_id]
        if self.conversation.calls[self.position[call_id]].outcome == "unknown":
            denial = ToolResult(outcome="denied", error=approval.note, ran=False, approval=approval)
            self.conversation.set_result(self.position[call_id], denial)
        else:  # a denial takes precedence over any earlier outcome
            self._update(call_id, outcome="denied", arguments=None, result=None, approval=approval)

    def _result(self, event: dict[str, Any], key: str, at: Any, place: str) -> None:
        call_id = optional_text(event.get(key), f"{place}.{key}") or ""
        approval, content = self.approvals.get(call_id, Approval()), event.get("content")
        if not self.has_spans:
            self.conversation.start_message()
        if approval.state == "denied" and call_id in self.position:
            denied = self.conversation.calls[self.position[call_id]]  # the result is only the denial's text
            self._update(call_id, ended_at=at, error=denied.error or error_text(content))
        elif event.get("is_error") is True:
            result = ToolResult(id=call_id, outcome="failed", error=error_text(content), approval=approval, at=at)
            self.conversation.add_result(result, place)
        else:
            self.conversation.add_result(
                ToolResult(
                    id=call_id,
                    value=result_value(content),
                    approval=approval,
                    at=at,
                    is_marked=event.get("is_error") is False,
                ),
                place,
            )

    def _interrupt(self, event: dict[str, Any], at: Any) -> None:
        thread = text_or_none(event.get("session_thread_id"))
        for position, call in enumerate(self.conversation.calls):
            if call.outcome == "unknown" and thread in (None, call.parent_id):
                self.conversation.calls[position] = call.model_copy(update={"outcome": "interrupted", "ended_at": at})

    def _status(self, event: dict[str, Any], kind: str) -> None:
        if kind == "session.status_idle":
            why = as_object(event.get("stop_reason")).get("type")
            self.outcome = STOPS.get(why, "unknown") if isinstance(why, str) else "unknown"
        else:
            self.outcome = "failed" if kind == "session.error" else "unknown"

    def _update(self, call_id: str, **facts: Any) -> None:
        position = self.position[call_id]
        self.conversation.calls[position] = self.conversation.calls[position].model_copy(update=facts)

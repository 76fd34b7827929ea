"""The events of the OpenHands application: actions and the observations of their results."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.model.run import Approval, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.values import (
    as_list,
    as_object,
    id_or_none,
    parse_time,
    require_object,
    require_text,
    text_or_none,
)

CALLS = frozenset(
    [
        "run",
        "run_ipython",
        "read",
        "write",
        "edit",
        "browse",
        "browse_interactive",
        "call_tool_mcp",
        "delegate",
        "task_tracking",
    ]
)
"""Actions that are tool calls even without metadata, which older versions did not write."""

IGNORED_ACTIONS = frozenset(
    ["null", "recall", "change_agent_state", "think", "finish", "reject", "condensation", "condensation_request"]
)
IGNORED_OBSERVATIONS = frozenset(["null", "agent_state_changed", "recall", "message", "condense", "success"])
FRAMEWORK_KEYS = frozenset(
    ["thought", "confirmation_state", "security_risk", "hidden", "blocking", "is_input", "is_static", "keep_prompt"]
)
"""Keys among an action's arguments that belong to the framework."""


class AppEvents:
    """The application's events read so far."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.is_finished = False
        self.actions: dict[Any, int] = {}  # an action's event id -> its call's position
        self.waiting: dict[str, int] = {}  # the id of a call that waits for confirmation -> its position
        self.approved: set[int] = set()
        self.response: str | None = None

    def read(self, event: dict[str, Any], place: str) -> None:
        """Read one action or observation."""
        if event.get("observation") is not None:
            self._observe(event, require_text(event["observation"], f"{place}.observation"), place)
            return
        action = require_text(event.get("action"), f"{place}.action")
        arguments = as_object(event.get("args"))
        self.is_finished = action == "finish" or (self.is_finished and action in IGNORED_ACTIONS)
        if event.get("tool_call_metadata") is not None or action in CALLS:
            self._call(event, action, arguments, place)
        elif action == "system":
            self.conversation.add_system_text(text_or_none(arguments.get("content")))
        elif action == "message":
            if event.get("source") == "user":
                self.conversation.start_turn(text_or_none(arguments.get("content")))
        elif action not in IGNORED_ACTIONS:
            self.conversation.note(place, f"unknown action {action!r}")

    def _call(self, event: dict[str, Any], action: str, arguments: dict[str, Any], place: str) -> None:
        metadata = require_object(event.get("tool_call_metadata") or {}, f"{place}.tool_call_metadata")
        call_id, state = id_or_none(metadata.get("tool_call_id")) or "", arguments.get("confirmation_state")
        if call_id in self.waiting and state in ("confirmed", "rejected"):
            position = self.waiting.pop(call_id)  # the same action again, with the person's decision
            if state == "confirmed":
                self.approved.add(position)
        else:
            response = text_or_none(as_object(metadata.get("model_response")).get("id"))
            if response is None or response != self.response:
                self.conversation.start_message()
            self.response = response
            tool = text_or_none(metadata.get("function_name")) or action
            proposal = _proposed_by_model(as_object(metadata.get("model_response")), call_id)
            own = {key: value for key, value in arguments.items() if key not in FRAMEWORK_KEYS}
            call = ToolCall(
                id=call_id,
                tool=tool,
                actor="user" if event.get("source") == "user" else "agent",
                proposed_arguments=own if proposal is None else proposal,
                started_at=parse_time(event.get("timestamp")),
            )
            position = self.conversation.add_call(call, place)
        if state == "awaiting_confirmation" and call_id:
            self.waiting[call_id] = position
        if state == "rejected":
            self.conversation.set_result(position, _denied(None, None))
        if isinstance(event.get("id"), (int, str)):
            self.actions[event["id"]] = position

    def _observe(self, event: dict[str, Any], kind: str, place: str) -> None:
        cause = event.get("cause")
        position = self.actions.get(cause) if isinstance(cause, (int, str)) else None
        if position is None:
            if kind not in IGNORED_OBSERVATIONS:
                self.conversation.note(place, f"an observation {kind!r} without a known call")
            return
        if kind == "null" or (self.conversation.calls[position].outcome == "denied" and kind != "user_rejected"):
            return
        content, at = event.get("content"), parse_time(event.get("timestamp"))
        approval = Approval(state="approved" if position in self.approved else "unknown")
        if kind == "user_rejected":
            self.conversation.set_result(position, _denied(error_text(content), at))
        elif kind == "error" or event.get("success") is False:
            result = ToolResult(outcome="failed", error=error_text(content), approval=approval, at=at)
            self.conversation.set_result(position, result)
        else:
            self.conversation.set_result(position, ToolResult(value=result_value(content), approval=approval, at=at))


def _denied(reason: str | None, at: Any) -> ToolResult:
    return ToolResult(outcome="denied", ran=False, error=reason, approval=Approval(state="denied", note=reason), at=at)


def _proposed_by_model(response: dict[str, Any], call_id: str) -> dict[str, Any] | str | None:
    """Return the arguments that the model proposed, from its response beside the action; ``None`` if it is missing."""
    choices = response.get("choices")
    for choice in as_list(choices):
        calls = as_object(as_object(choice).get("message")).get("tool_calls")
        for call in as_list(calls):
            if call_id and as_object(call).get("id") == call_id:
                return proposed_arguments(as_object(as_object(call).get("function")).get("arguments"))
    return None

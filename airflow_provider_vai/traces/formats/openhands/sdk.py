"""The events of the OpenHands SDK: ``ActionEvent`` and the events with its result."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.model.run import Approval, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.values import (
    as_object,
    id_or_none,
    parse_time,
    require_object,
    require_text,
    text_or_none,
)

STILL_RUNNING = -1
"""The exit code of a command that has not ended."""

RESULTS = frozenset({"ObservationEvent", "UserRejectObservation", "AgentErrorEvent"})
READ = RESULTS | {"ActionEvent", "MessageEvent", "SystemPromptEvent"}
IGNORED = frozenset(
    [
        "Condensation",
        "CondensationRequest",
        "CondensationSummaryEvent",
        "ConversationStateUpdateEvent",
        "ConversationErrorEvent",
        "PauseEvent",
        "TokenEvent",
        "LLMCompletionLogEvent",
        "StuckDetectionEvent",
        "InterruptEvent",
    ]
)


def is_sdk_event(event: dict[str, Any]) -> bool:
    """Return whether an event is one of the SDK's. Never raises."""
    kind = event.get("kind")
    return isinstance(kind, str) and kind in READ | IGNORED


class SDKEvents:
    """The SDK's events read so far. A hook's rejection is a denial as well; the approval's ``by`` is its source."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.is_finished = False
        self.response: str | None = None

    def read(self, event: dict[str, Any], place: str) -> None:
        """Read one event."""
        kind = require_text(event.get("kind"), f"{place}.kind")
        if kind == "ActionEvent":
            self._call(event, place)
        elif kind in RESULTS:
            self._read_result(event, kind, place)
        elif kind == "SystemPromptEvent":
            self.conversation.add_system_text(text_or_none(as_object(event.get("system_prompt")).get("text")))
        elif kind == "MessageEvent":
            message = as_object(event.get("llm_message"))
            if event.get("source") == "user":
                self.conversation.start_turn(
                    self.conversation.text_of(message.get("content"), f"{place}.llm_message.content")
                )
            self.is_finished = event.get("source") == "agent"
        elif kind not in IGNORED:
            self.conversation.note(place, f"unknown event {kind!r}")

    def _call(self, event: dict[str, Any], place: str) -> None:
        response = text_or_none(event.get("llm_response_id"))
        if response is None or response != self.response:
            self.conversation.start_message()
        self.response = response
        tool = require_text(event.get("tool_name"), f"{place}.tool_name")
        tool_call = require_object(event.get("tool_call") or {}, f"{place}.tool_call")
        action = event.get("action")
        own = {key: value for key, value in as_object(action).items() if key != "kind"}
        call = ToolCall(
            id=id_or_none(event.get("tool_call_id")) or "",
            tool=tool,
            proposed_arguments=proposed_arguments(tool_call["arguments"]) if "arguments" in tool_call else own,
            started_at=parse_time(event.get("timestamp")),
        )
        self.conversation.add_call(call, place)
        self.is_finished = tool == "finish"

    def _read_result(self, event: dict[str, Any], kind: str, place: str) -> None:
        name, at = id_or_none(event.get("tool_call_id")), parse_time(event.get("timestamp"))
        tool = text_or_none(event.get("tool_name"))
        if kind == "UserRejectObservation":
            reason = text_or_none(event.get("rejection_reason"))
            approval = Approval(state="denied", by=text_or_none(event.get("rejection_source")), note=reason)
            result = ToolResult(name, tool, outcome="denied", error=reason, ran=False, approval=approval, at=at)
        elif kind == "AgentErrorEvent":  # the SDK could not turn the call into an action
            result = ToolResult(name, tool, outcome="failed", error=error_text(event.get("error")), ran=False, at=at)
        else:
            observation = require_object(event.get("observation"), f"{place}.observation")
            failed = _failed(observation)
            result = ToolResult(name, tool, value=_value(observation), at=at, is_marked=failed is False)
            if failed:
                result = ToolResult(name, tool, outcome="failed", error=error_text(_value(observation)), at=at)
        self.conversation.add_result(result, place)


def _failed(observation: dict[str, Any]) -> bool | None:
    """Return whether an observation is marked as failed: by itself, by its exit code, or because the time ran out.

    ``None`` if nothing marks it. A command that still runs has the exit code -1.
    """
    code = observation.get("exit_code", as_object(observation.get("metadata")).get("exit_code"))
    exited = isinstance(code, int) and code not in (0, STILL_RUNNING)
    if observation.get("is_error") is True or observation.get("timeout") is True or exited:
        return True
    return None if observation.get("is_error") is None and code is None else False


def _value(observation: dict[str, Any]) -> Any:
    """Return an observation's content; without content, its other fields."""
    if "content" in observation:
        return result_value(observation["content"])
    return {key: value for key, value in observation.items() if key != "kind"}

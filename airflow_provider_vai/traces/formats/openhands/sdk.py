"""The events of the OpenHands SDK: ``ActionEvent`` and what answers it."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.model.run import Approval, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, fields, proposed, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolAnswer
from airflow_provider_vai.traces.reading.trace import moment, record, text, text_or_none

ANSWERS = frozenset({"ObservationEvent", "UserRejectObservation", "AgentErrorEvent"})
READ = ANSWERS | {"ActionEvent", "MessageEvent", "SystemPromptEvent"}
SILENT = frozenset(
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
    return isinstance(kind, str) and kind in READ | SILENT


class SDKEvents:
    """The SDK's events read so far. A refusal by a hook is a denial as well: its source is kept."""

    def __init__(self, talk: Conversation) -> None:
        self.talk = talk
        self.is_finished = False
        self.response: str | None = None

    def read(self, event: dict[str, Any], place: str) -> None:
        """Read one event."""
        kind = text(event.get("kind"), f"{place}.kind")
        if kind == "ActionEvent":
            self._call(event, place)
        elif kind in ANSWERS:
            self._answer(event, kind, place)
        elif kind == "SystemPromptEvent":
            self.talk.system(text_or_none(fields(event.get("system_prompt")).get("text")))
        elif kind == "MessageEvent":
            said = fields(event.get("llm_message"))
            if event.get("source") == "user":
                self.talk.turn(self.talk.text(said.get("content"), f"{place}.llm_message.content"))
            self.is_finished = event.get("source") == "agent"
        elif kind not in SILENT:
            self.talk.note(place, f"unknown event {kind!r}")

    def _call(self, event: dict[str, Any], place: str) -> None:
        response = text_or_none(event.get("llm_response_id"))
        if response is None or response != self.response:
            self.talk.message()
        self.response = response
        tool = text(event.get("tool_name"), f"{place}.tool_name")
        asked = record(event.get("tool_call") or {}, f"{place}.tool_call")
        action = event.get("action")
        own = {key: value for key, value in fields(action).items() if key != "kind"}
        call = ToolCall(
            id=text_or_none(event.get("tool_call_id")) or "",
            tool=tool,
            proposed_arguments=proposed(asked["arguments"]) if "arguments" in asked else own,
            started_at=moment(event.get("timestamp")),
        )
        self.talk.call(call, place)
        self.is_finished = tool == "finish"

    def _answer(self, event: dict[str, Any], kind: str, place: str) -> None:
        name, at = text_or_none(event.get("tool_call_id")), moment(event.get("timestamp"))
        tool = text_or_none(event.get("tool_name"))
        if kind == "UserRejectObservation":
            reason = text_or_none(event.get("rejection_reason"))
            approval = Approval(state="denied", by=text_or_none(event.get("rejection_source")), note=reason)
            answer = ToolAnswer(name, tool, outcome="denied", error=reason, ran=False, approval=approval, at=at)
        elif kind == "AgentErrorEvent":  # the scaffold's refusal of a call it could not make an action of
            answer = ToolAnswer(name, tool, outcome="failed", error=error_text(event.get("error")), ran=False, at=at)
        else:
            told = record(event.get("observation"), f"{place}.observation")
            answer = ToolAnswer(name, tool, value=_value(told), at=at)
            if told.get("is_error") is True:
                answer = ToolAnswer(name, tool, outcome="failed", error=error_text(_value(told)), at=at)
        self.talk.answer(answer, place)


def _value(told: dict[str, Any]) -> Any:
    """Return an observation's content, or its fields where it has none."""
    if "content" in told:
        return result_value(told["content"])
    return {key: value for key, value in told.items() if key != "kind"}

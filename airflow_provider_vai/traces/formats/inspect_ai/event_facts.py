"""Reads the events of an Inspect sample: tool calls, decisions, spans."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.model.run import Approval, ApprovalState
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_object,
    parse_time,
    require_objects,
    require_text,
    text_or_none,
)

IGNORED = frozenset(
    [
        "anchor",
        "branch",
        "checkpoint",
        "compaction",
        "error",
        "info",
        "input",
        "interrupt",
        "logger",
        "model",
        "sample_init",
        "sample_limit",
        "sandbox",
        "score",
        "score_edit",
        "span_begin",
        "span_end",
        "state",
        "step",
        "store",
        "subtask",
    ]
)

DECISIONS: dict[str, ApprovalState] = {
    "approve": "approved",
    "modify": "edited",
    "reject": "denied",
    "terminate": "denied",
}
"""``escalate`` is not a decision: another approver's decision follows."""

PEOPLE = ("human", None)
"""Approvers that are a person. Others are programs: a policy of the recorded run, which the DAG does not have."""

ALLOWS_ALL = "auto"
"""The approver that asks nobody."""


class EventFacts:
    """What a sample's events record; unknown types of events are noted.

    ``tools`` are the events of tool calls in order, ``approvals`` the decisions by call id, ``times`` when the
    events were written.

    :raises MalformedTrace: an event breaks the format.
    """

    def __init__(self, conversation: Conversation, events: Any, where: str) -> None:
        self.conversation = conversation
        self.tools: list[PlacedObject] = []
        self.approvals: dict[str, Approval] = {}
        self.times: list[Any] = []
        self._parents: dict[str, str] = {}  # a span's id -> its parent's id
        self._agents: dict[str, str] = {}  # the id of a sub-agent's span -> the id of the call that started it
        self._read(events, where)

    def _read(self, events: Any, where: str) -> None:
        for event, place in require_objects(events, where):
            kind = require_text(event.get("event"), f"{place}.event")
            self.times.append(event.get("timestamp"))
            if kind == "tool":
                self._read_tool(event, place)
            elif kind == "approval":
                self._read_approval(event, place)
            elif kind == "span_begin" and isinstance(event.get("parent_id"), str):
                self._parents[str(event.get("id"))] = event["parent_id"]
            elif kind not in IGNORED:
                self.conversation.note(place, f"unknown event {kind!r}")

    def _read_tool(self, event: dict[str, Any], place: str) -> None:
        self.tools.append((event, place))
        call_id, agent = text_or_none(event.get("id")), text_or_none(event.get("agent_span_id"))
        if call_id and agent:
            self._agents[agent] = call_id
        if isinstance(event.get("events"), list) and event["events"]:  # older logs keep a sub-agent's events inside
            self._read(event["events"], f"{place}.events")

    def _read_approval(self, event: dict[str, Any], place: str) -> None:
        decision = require_text(event.get("decision"), f"{place}.decision")
        call_id = text_or_none(as_object(event.get("call")).get("id"))
        if decision not in DECISIONS or call_id is None:
            if decision != "escalate":
                self.conversation.note(place, f"a decision {decision!r} without a known call")
            return
        by, state = text_or_none(event.get("approver")), DECISIONS[decision]
        if state != "denied" and by not in PEOPLE:
            state = "not_required" if by == ALLOWS_ALL else "unknown"  # a program is not a person, nor is its yes ours
        self.approvals[call_id] = Approval(
            state=state,
            by=by,
            at=parse_time(event.get("timestamp")),
            note=text_or_none(event.get("explanation")),
        )

    def parent(self, event: dict[str, Any]) -> str | None:
        """Return the id of the call whose sub-agent made this call, found by walking up the spans."""
        span, seen = event.get("span_id"), set()
        while isinstance(span, str) and span not in seen:
            if span in self._agents and self._agents[span] != event.get("id"):
                return self._agents[span]
            seen.add(span)
            span = self._parents.get(span)
        return None

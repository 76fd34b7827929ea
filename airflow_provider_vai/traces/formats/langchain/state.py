"""LangGraph states and checkpoints: the newest one, and the path to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from airflow_provider_vai.traces.formats.langchain.message_forms import joined, normalized, proposals
from airflow_provider_vai.traces.reading.values import as_list, as_object, parse_time, text_or_none

EDITS = "hitl_edited_tool_calls"

CHECKPOINT = ("config", "checkpoint", "metadata", "parent_config", "pending_writes")
SNAPSHOT = ("values", "next", "config", "metadata", "created_at", "parent_config", "tasks", "interrupts")
TASK = ("id", "name", "path", "error", "interrupts", "state", "result")
"""The fields of ``CheckpointTuple``, ``StateSnapshot`` and ``PregelTask``, which ``json.dumps`` writes as lists."""


class GraphState(NamedTuple):
    """One state: a snapshot, a checkpoint or the last values.

    ``inside`` is the path from the state to the object with its messages; ``is_bare`` is true if the messages are the
    whole document.
    """

    values: dict[str, Any]
    inside: str
    source: dict[str, Any]
    place: str
    is_bare: bool = False

    def fact(self, key: str, of: str = "config") -> str | None:
        """Return a text from the state's configuration, or from ``parent_config``, that of the state before it."""
        held = as_object(self.source.get(of))
        other = {"config": "checkpoint", "parent_config": "parent_checkpoint"}[of]
        for holder in (as_object(held.get("configurable")), held, as_object(self.source.get(other)), self.source):
            if (text := text_or_none(holder.get(key))) and not (of == "parent_config" and holder is self.source):
                return text
        return None

    @property
    def id(self) -> str | None:
        """The checkpoint's id."""
        return self.fact("checkpoint_id") or text_or_none(as_object(self.source.get("checkpoint")).get("id"))

    @property
    def at(self) -> datetime | None:
        """When it was made."""
        return parse_time(self.source.get("created_at") or as_object(self.source.get("checkpoint")).get("ts"))

    @property
    def order(self) -> tuple[float, int]:
        """When it was made, and at which step."""
        step = as_object(self.source.get("metadata")).get("step")
        return (self.at.timestamp() if self.at else 0.0, step if isinstance(step, int) else 0)

    @property
    def messages(self) -> list[Any]:
        """The messages in it, with streamed chunks joined."""
        return joined(as_list(self.values.get("messages")))

    @property
    def where(self) -> str:
        """The place of its messages."""
        path = "" if self.is_bare else f"{self.inside}.messages"
        return self.place + (path[1:] if self.place.endswith(": ") else path)


def state_of(item: Any, place: str) -> GraphState | None:
    """Return the state in an item; ``None`` if it is not a state. Never raises."""
    item = _named(item)
    if not isinstance(item, dict):
        return None
    checkpoint = as_object(item.get("checkpoint"))
    for values, inside in (
        (item.get("values"), ".values"),
        (checkpoint.get("channel_values"), ".checkpoint.channel_values"),
        (item.get("channel_values"), ".channel_values"),
    ):
        if isinstance(values, dict):
            return GraphState(values, inside, item, place)
    messages = item.get("messages")
    is_state = isinstance(messages, list) and any(is_message(message) for message in messages)
    return GraphState(item, "", item, place) if is_state else None


def _named(item: Any) -> Any:
    """Return a state that was written as a list of its fields as an object; anything else unchanged."""
    if not isinstance(item, list):
        return item
    if len(item) == len(CHECKPOINT) and isinstance(as_object(item[1]).get("channel_values"), dict):
        return dict(zip(CHECKPOINT, item, strict=True))
    if len(item) in (len(SNAPSHOT) - 1, len(SNAPSHOT)) and "configurable" in as_object(item[2]):
        tasks = [dict(zip(TASK, task, strict=False)) if isinstance(task, list) else task for task in as_list(item[6])]
        return {**dict(zip(SNAPSHOT, item, strict=False)), "tasks": tasks}
    return item


def is_message(item: Any) -> bool:
    """Return whether an item is a human or AI message in one of LangChain's own forms."""
    item = item[0] if isinstance(item, list) and item else item
    message = normalized(item)
    has_chat_role = isinstance(item, dict) and ("role" in item or item.get("type") in ("user", "assistant"))
    return message is not None and not has_chat_role and message["type"] in ("human", "ai")


def path(states: list[GraphState]) -> list[GraphState]:
    """Return the states that led to the newest one, oldest first. Abandoned forks do not count."""
    newest = max(states[::-1], key=lambda state: state.order) if any(s.order > (0, 0) for s in states) else states[0]
    by_id = {state.id: state for state in states if state.id}
    chain, seen, here = [newest], {newest.id}, newest
    while before := by_id.get(here.fact("checkpoint_id", "parent_config") or ""):
        if before.id in seen:
            break
        seen.add(before.id)
        chain.insert(0, before)
        here = before
    return chain


def edits(states: list[GraphState]) -> dict[str, dict[str, Any]]:
    """Return the edited calls by id that the states themselves record."""
    edited: dict[str, dict[str, Any]] = {}
    for state in states:
        recorded = as_object(state.values.get(EDITS))
        edited |= {call_id: call for call_id, call in recorded.items() if isinstance(call, dict)}
    return edited


def first_proposals(states: list[GraphState]) -> dict[str, dict[str, Any]]:
    """Return the first form of each call by id: middleware of older versions overwrites the proposal with an edit."""
    first: dict[str, dict[str, Any]] = {}
    for state in states:
        written = [write[2] for write in writes(state) if write[1] == "messages"]
        for messages in [state.messages, *written]:
            first = {**proposals(messages), **first}
    return first


def writes(state: GraphState) -> list[Any]:
    """Return what the tasks of a state wrote, each as ``[task, channel, value]``. Never raises."""
    pending = as_list(state.source.get("pending_writes"))
    return [write for write in pending if isinstance(write, list) and len(write) > 2 and isinstance(write[0], str)]

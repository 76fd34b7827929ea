"""LangGraph states and checkpoints: which one is the newest, and what led to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from airflow_provider_vai.traces.formats.langchain.message_forms import joined, plain, proposals
from airflow_provider_vai.traces.reading.values import as_object, parse_time, text_or_none

EDITS = "hitl_edited_tool_calls"


class GraphState(NamedTuple):
    """One state: a snapshot, a checkpoint or the last values.

    ``inside`` is where its messages stand in it; ``is_bare`` says that they are the whole document.
    """

    values: dict[str, Any]
    inside: str
    source: dict[str, Any]
    place: str
    is_bare: bool = False

    def fact(self, key: str, of: str = "config") -> str | None:
        """Return a name in the state's configuration, or in that of the state before it."""
        held = as_object(self.source.get(of))
        other = {"config": "checkpoint", "parent_config": "parent_checkpoint"}[of]
        for holder in (as_object(held.get("configurable")), held, as_object(self.source.get(other)), self.source):
            if (found := text_or_none(holder.get(key))) and not (of == "parent_config" and holder is self.source):
                return found
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
        """The messages in it, those that were streamed in chunks put together."""
        return joined(listed(self.values.get("messages")))

    @property
    def where(self) -> str:
        """The place of its messages."""
        path = "" if self.is_bare else f"{self.inside}.messages"
        return self.place + (path[1:] if self.place.endswith(": ") else path)


def state_of(item: Any, place: str) -> GraphState | None:
    """Return the state in an object, if it is one. Never raises."""
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


def is_message(item: Any) -> bool:
    """Return whether an object is a message in one of LangChain's own forms, said by a person or a model."""
    item = item[0] if isinstance(item, list) and item else item
    message = plain(item)
    said_by_role = isinstance(item, dict) and ("role" in item or item.get("type") in ("user", "assistant"))
    return message is not None and not said_by_role and message["type"] in ("human", "ai")


def path(states: list[GraphState]) -> list[GraphState]:
    """Return the states that led to the newest one, oldest first: forks that were left do not count."""
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
    """Return the edited calls by id, as the states themselves name them."""
    found: dict[str, dict[str, Any]] = {}
    for state in states:
        held = as_object(state.values.get(EDITS))
        found |= {name: call for name, call in held.items() if isinstance(call, dict)}
    return found


def first_proposals(states: list[GraphState]) -> dict[str, dict[str, Any]]:
    """Return each call as it stood first: middleware of older versions writes an edit over the proposal."""
    found: dict[str, dict[str, Any]] = {}
    for state in states:
        held = [state.messages, *(write[2] for write in writes(state) if write[1] == "messages")]
        for messages in held:
            found = {**proposals(messages), **found}
    return found


def writes(state: GraphState) -> list[Any]:
    """Return what the tasks of a state wrote: ``[task, channel, value]`` each. Never raises."""
    found = listed(state.source.get("pending_writes"))
    return [write for write in found if isinstance(write, list) and len(write) > 2 and isinstance(write[0], str)]


def listed(value: Any) -> list[Any]:
    """Return ``value`` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []

"""The steps of ATIF trajectories: calls, their results, embedded sub-agents."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.model.run import ToolCall
from airflow_provider_vai.traces.formats.atif.extra import denied, read_approval, read_result
from airflow_provider_vai.traces.formats.shared.content import fields, proposed
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolAnswer
from airflow_provider_vai.traces.reading.trace import (
    arguments,
    moment,
    optional_text,
    record,
    records,
    text,
    text_or_none,
)

Steps = list[tuple[dict[str, Any], str]]


class Trajectory:
    """The steps of a trajectory and of its sub-agents, told to a conversation."""

    def __init__(self, talk: Conversation, document: dict[str, Any], where: str) -> None:
        self.talk = talk
        self.has_the_last_word = False
        self.where = where
        self.embedded = {
            (text_or_none(item.get("trajectory_id")) or place): (item, place)
            for item, place in records(document.get("subagent_trajectories") or [], where)
        }

    def read(self, steps: Steps, parent: str | None = None, *, is_inner: bool = False) -> None:
        """Read steps; ``parent`` is the call that a sub-agent's steps belong to, where it is known."""
        copied = sum(step.get("is_copied_context") is True for step, _ in steps)
        if copied:
            self.talk.note(steps[0][1], f"{copied} steps are copied from an earlier trajectory and left out")
        for step, place in steps:
            if step.get("is_copied_context") is not True:
                self._step(step, parent, is_inner, place)

    def close(self) -> None:
        """Read the embedded trajectories that no result refers to."""
        while self.embedded:
            name = next(iter(self.embedded))
            self.talk.note(self.embedded[name][1], "a sub-agent's trajectory that no result refers to")
            self._sub_agent(name, None)

    def _step(self, step: dict[str, Any], parent: str | None, is_inner: bool, place: str) -> None:
        source = text(step.get("source"), f"{place}.source")
        words = self.talk.text(step.get("message"), f"{place}.message")
        if source == "user" and not is_inner:
            self.talk.turn(words)
        elif source == "system" and not is_inner:
            self.talk.system(words)
        elif source not in ("user", "system", "agent"):
            self.talk.note(place, f"unknown source {source!r}")
        self.talk.message()
        calls: dict[str, int] = {}
        for call, where in records(step.get("tool_calls") or [], f"{place}.tool_calls"):
            asked = _call(call, parent, where)
            calls[asked.id] = self.talk.call(
                asked.model_copy(update={"started_at": moment(step.get("timestamp"))}), where
            )
            self._decide(calls[asked.id], fields(call.get("extra")))
        if not is_inner:
            self.has_the_last_word = source == "agent" and bool(words) and not calls
        results = record(step.get("observation") or {}, f"{place}.observation").get("results") or []
        for result, where in records(results, f"{place}.observation.results"):
            self._answer(result, calls, where)

    def _decide(self, position: int, extra: dict[str, Any]) -> None:
        """Keep what the call itself says of a decision, for calls that have no result."""
        approval = read_approval(extra)
        if approval.state == "denied":
            self.talk.settle(position, denied(approval, None))
        else:
            executed = arguments(extra.get("executed_arguments"))
            call = self.talk.calls[position].model_copy(update={"approval": approval, "arguments": executed})
            self.talk.calls[position] = call

    def _answer(self, result: dict[str, Any], calls: dict[str, int], where: str) -> None:
        name = optional_text(result.get("source_call_id"), f"{where}.source_call_id")
        position = calls.get(name or "")
        if position is None and (name or calls):  # a step's only call needs no id on its result
            position = self.talk.answer(ToolAnswer(id=name), where)
        if position is None:
            return  # an event of the environment, not a call's result
        call = self.talk.calls[position]
        if call.approval.state != "denied":
            self.talk.settle(position, read_result(result, call))
        for ref, _ in records(result.get("subagent_trajectory_ref") or [], f"{where}.subagent_trajectory_ref"):
            if not self._sub_agent(text_or_none(ref.get("trajectory_id")) or "", call.id):
                self.talk.note(where, "a sub-agent's trajectory stands in another file")

    def _sub_agent(self, name: str, parent: str | None) -> bool:
        """Read an embedded trajectory once; return whether it was there."""
        item, place = self.embedded.pop(name, ({}, ""))
        if place:
            nested = record(item, place).get("subagent_trajectories") or []
            self.embedded |= {
                (text_or_none(inner.get("trajectory_id")) or at): (inner, at)
                for inner, at in records(nested, f"{place}.subagent_trajectories")
            }
            self.read(list(records(item.get("steps"), f"{place}.steps")), parent, is_inner=True)
        return bool(place)


def _call(call: dict[str, Any], parent: str | None, where: str) -> ToolCall:
    return ToolCall(
        id=optional_text(call.get("tool_call_id"), f"{where}.tool_call_id") or "",
        tool=text(call.get("function_name"), f"{where}.function_name"),
        parent_id=parent,
        proposed_arguments=proposed(call.get("arguments")),
    )

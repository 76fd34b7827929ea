"""The steps of ATIF trajectories: calls, their results, embedded sub-agents."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.run import ToolCall
from airflow_provider_vai.traces.formats.atif.extra import denied, read_approval, read_result
from airflow_provider_vai.traces.formats.shared.content import proposed_arguments
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_object,
    optional_text,
    parse_arguments,
    parse_time,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)


class Trajectory:
    """Reads the steps of a trajectory and of its sub-agents into a conversation."""

    def __init__(self, conversation: Conversation, document: dict[str, Any], where: str) -> None:
        self.conversation = conversation
        self.assistant_spoke_last = False
        self.where = where
        self.embedded = {
            (text_or_none(item.get("trajectory_id")) or place): (item, place)
            for item, place in require_objects(document.get("subagent_trajectories") or [], where)
        }

    def read(self, steps: list[PlacedObject], parent: str | None = None, *, is_inner: bool = False) -> None:
        """Read steps.

        :param parent: the id of the call that started the sub-agent, if it is known.
        :param is_inner: whether the steps are a sub-agent's.
        """
        copied = sum(step.get("is_copied_context") is True for step, _ in steps)
        if copied:
            problem = f"{plural(copied, 'step is', 'steps are')} copied from an earlier trajectory and not read"
            self.conversation.note(steps[0][1], problem)
        for step, place in steps:
            if step.get("is_copied_context") is not True:
                self._step(step, parent, is_inner, place)

    def close(self) -> None:
        """Read the embedded trajectories to which no result refers."""
        while self.embedded:
            name = next(iter(self.embedded))
            self.conversation.note(self.embedded[name][1], "no result refers to this sub-agent's trajectory")
            self._sub_agent(name, None)

    def _step(self, step: dict[str, Any], parent: str | None, is_inner: bool, place: str) -> None:
        source = require_text(step.get("source"), f"{place}.source")
        text = self.conversation.text_of(step.get("message"), f"{place}.message")
        if source == "user" and not is_inner:
            self.conversation.start_turn(text)
        elif source == "system" and not is_inner:
            self.conversation.add_system_text(text)
        elif source not in ("user", "system", "agent"):
            self.conversation.note(place, f"unknown source {source!r}")
        self.conversation.start_message()
        calls: dict[str, list[int]] = {}
        for call, where in require_objects(step.get("tool_calls") or [], f"{place}.tool_calls"):
            proposal = _call(call, parent, where)
            proposal = proposal.model_copy(update={"started_at": parse_time(step.get("timestamp"))})
            position = self.conversation.add_call(proposal, where)
            calls.setdefault(proposal.id, []).append(position)
            self._decide(position, as_object(call.get("extra")))
        if not is_inner:
            self.assistant_spoke_last = source == "agent" and bool(text) and not calls
        results = require_object(step.get("observation") or {}, f"{place}.observation").get("results") or []
        for result, where in require_objects(results, f"{place}.observation.results"):
            self._read_result(result, calls, where)

    def _decide(self, position: int, extra: dict[str, Any]) -> None:
        """Set the decision that the call itself records, for calls without a result."""
        approval = read_approval(extra)
        if approval.state == "denied":
            self.conversation.set_result(position, denied(approval, None))
        else:
            executed = parse_arguments(extra.get("executed_arguments"))
            call = self.conversation.calls[position].model_copy(update={"approval": approval, "arguments": executed})
            self.conversation.calls[position] = call

    def _read_result(self, result: dict[str, Any], calls: dict[str, list[int]], where: str) -> None:
        """Read a result.

        :param calls: the positions of the step's calls by their ids; of several with one id, the first one gets it.
        """
        name = optional_text(result.get("source_call_id"), f"{where}.source_call_id")
        same = calls.get(name or "", [])
        position = same.pop(0) if len(same) > 1 else same[0] if same else None
        if position is None and (name or calls):
            position = self.conversation.add_result(ToolResult(id=name), where)
        if position is None:
            return  # an observation without a call is an event of the environment
        call = self.conversation.calls[position]
        if call.approval.state != "denied":
            self.conversation.set_result(position, read_result(result, call))
        for ref, _ in require_objects(result.get("subagent_trajectory_ref") or [], f"{where}.subagent_trajectory_ref"):
            if not self._sub_agent(text_or_none(ref.get("trajectory_id")) or "", call.id):
                self.conversation.note(where, "a sub-agent's trajectory is in another file")

    def _sub_agent(self, name: str, parent: str | None) -> bool:
        """Read an embedded trajectory, once; return whether there is one with this name."""
        item, place = self.embedded.pop(name, ({}, ""))
        if place:
            nested = require_object(item, place).get("subagent_trajectories") or []
            self.embedded |= {
                (text_or_none(inner.get("trajectory_id")) or at): (inner, at)
                for inner, at in require_objects(nested, f"{place}.subagent_trajectories")
            }
            self.read(list(require_objects(item.get("steps"), f"{place}.steps")), parent, is_inner=True)
        return bool(place)


def _call(call: dict[str, Any], parent: str | None, where: str) -> ToolCall:
    return ToolCall(
        id=optional_text(call.get("tool_call_id"), f"{where}.tool_call_id") or "",
        tool=require_text(call.get("function_name"), f"{where}.function_name"),
        parent_id=parent,
        proposed_arguments=proposed_arguments(call.get("arguments")),
    )

"""SWE-agent trajectories (``.traj``): ``trajectory`` holds what ran, ``history`` what the model proposed.

Each step of the trajectory with an action is a call. If the history has the same action as a tool call, its name, id
and arguments are used; else the call is the shell text that ran. The format has no mark for failures and no approvals.
Demonstrations in the history are not part of the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.run import Run, RunOutcome, ToolCall
from airflow_provider_vai.traces.formats.shared.content import proposed_arguments, result_value, total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    as_object,
    optional_text,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

SHELL = "bash"
"""The tool's name if the model wrote shell text instead of calling a tool."""


class SWEAgentAdapter:
    """Reads SWE-agent trajectories."""

    name = "swe_agent"
    description = "SWE-agent trajectory (.traj: trajectory, history, info)"
    coverage = Coverage(results="partly", batches="no")

    def accepts(self, document: Any) -> bool:
        """Return whether the document has the two lists."""
        lists = [document.get(key) for key in ("trajectory", "history")] if isinstance(document, dict) else []
        return bool(lists) and all(isinstance(item, list) for item in lists)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a step or a message breaks the format.
        """
        document = require_object(trace.document, str(trace))
        conversation = Conversation(trace)
        proposals = _read_history(conversation, document, f"{trace}: history")
        for step, where in require_objects(document.get("trajectory"), f"{trace}: trajectory"):
            action = require_text(step.get("action"), f"{where}.action")
            if action.strip():
                _read_step(conversation, step, proposals, where)
        info = as_object(document.get("info"))
        stats = as_object(info.get("model_stats"))
        run = Run(
            id=text_or_none(document.get("instance_id")) or trace.fallback_id,
            source="agent_run",
            format=self.name,
            title=text_or_none(document.get("environment")),
            agent="SWE-agent",
            outcome=_outcome(info.get("exit_status")),
            usage=total_usage([stats], tokens=("tokens_sent", "tokens_received"), costs=[stats.get("instance_cost")]),
        )
        yield conversation.finish(run)


Proposals = list[tuple[str, dict[str, Any], str]]
"""The history's remaining actions: each action's text, its message, and the message's place."""


def _read_history(conversation: Conversation, document: dict[str, Any], where: str) -> Proposals:
    """Read the system's and the user's texts, and return the model's messages that led to an action."""
    proposals: Proposals = []
    for message, place in require_objects(document.get("history"), where):
        if message.get("is_demo") is True:
            continue
        role, inside = require_text(message.get("role"), f"{place}.role"), f"{place}.content"
        if role == "assistant":
            proposals.append(((text_or_none(message.get("action")) or "").strip(), message, place))
        elif role == "system":
            conversation.add_system_text(conversation.text_of(message.get("content"), inside))
        elif role == "user" and not conversation.turns and not proposals:  # later user messages are output of tools
            conversation.start_turn(conversation.text_of(message.get("content"), inside))
        elif role not in ("user", "tool"):
            conversation.note(place, f"unknown role {role!r}")
    return proposals


def _read_step(conversation: Conversation, step: dict[str, Any], proposals: Proposals, where: str) -> None:
    """Add a step's call with its result, and remove the messages up to the one that led to it from ``proposals``."""
    action = step["action"].strip()
    calls: list[tuple[dict[str, Any], str]] = []
    index = next((index for index, (text, _, _) in enumerate(proposals) if text == action), None)
    if index is not None:
        _, message, place = proposals[index]
        del proposals[: index + 1]
        calls = list(require_objects(message.get("tool_calls") or [], f"{place}.tool_calls"))
    conversation.start_message()
    call = ToolCall(id="", tool=SHELL, proposed_arguments={"command": action})
    if len(calls) == 1:
        call = _tool_call(*calls[0])
    elif calls:
        conversation.note(
            where, f"{plural(len(calls), 'tool call')} led to this one action, which is kept as shell text"
        )
    conversation.set_result(conversation.add_call(call, where), ToolResult(value=result_value(step.get("observation"))))


def _tool_call(call: dict[str, Any], where: str) -> ToolCall:
    function = require_object(call.get("function"), f"{where}.function")
    return ToolCall(
        id=optional_text(call.get("id"), f"{where}.id") or "",
        tool=require_text(function.get("name"), f"{where}.function.name"),
        proposed_arguments=proposed_arguments(function.get("arguments")),
    )


def _outcome(exit_status: Any) -> RunOutcome:
    """Return ``success`` for a run that ended with its own submission. Whether the submission is right is unknown."""
    if exit_status == "submitted":
        return "success"
    return "failed" if isinstance(exit_status, str) and exit_status.startswith("exit") else "unknown"


ADAPTER = SWEAgentAdapter()

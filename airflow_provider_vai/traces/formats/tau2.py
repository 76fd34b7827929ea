"""tau2-bench simulations, and tau-bench's older lists of ``task_id``, ``traj``, ``reward``.

In tau2 the simulated user has tools as well. Those calls are kept with ``actor`` "user", because the agent's later
reads may depend on them. The messages of a tau-bench trajectory are OpenAI chat messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome, ToolCall
from airflow_provider_vai.traces.formats.openai.chat import read_messages
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value, total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    as_object,
    optional_text,
    parse_time,
    require_list,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)


class Tau2Adapter:
    """Reads tau2-bench and tau-bench result files."""

    name = "tau2"
    description = "tau2-bench simulations (tasks, simulations), or a tau-bench list (task_id, traj, reward)"
    coverage = Coverage(timing="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document has tau2's two lists, or is a list of tau-bench trajectories."""
        if isinstance(document, dict):
            return document.keys() >= {"tasks", "simulations"}
        first = document[0] if isinstance(document, list) and document else None
        return isinstance(first, dict) and first.keys() >= {"task_id", "traj", "reward"}

    def line_key(self, record: Any) -> str | None:
        """Return the id of the run in a simulation or trajectory. Never raises."""
        item = as_object(record)
        return _trajectory_id(item) if "traj" in item else text_or_none(item.get("id"))

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each simulation or trajectory.

        :raises MalformedTrace: a simulation, a message or a call breaks the format.
        """
        if isinstance(trace.document, list):
            for item, where in require_objects(trace.document, f"{trace}: "):
                yield _trajectory(trace, item, where)
            return
        document = require_object(trace.document, str(trace))
        for simulation, where in require_objects(document.get("simulations"), f"{trace}: simulations"):
            yield _simulation(trace, as_object(document.get("info")), simulation, where)


def _simulation(trace: Trace, info: dict[str, Any], simulation: dict[str, Any], where: str) -> Run:
    conversation = Conversation(trace)
    conversation.add_system_text(text_or_none(as_object(info.get("environment_info")).get("policy")))
    messages = list(require_objects(simulation.get("messages"), f"{where}.messages"))
    for message, place in messages:
        _read_message(conversation, message, place)
    usages = [as_object(message.get("usage")) for message, _ in messages if message.get("role") == "assistant"]
    agent = as_object(info.get("agent_info"))
    run = chat_run(
        trace,
        ADAPTER.name,
        _outcome(as_object(simulation.get("reward_info")).get("reward")),
        facts={"id": require_text(simulation.get("id"), f"{where}.id"), "title": simulation.get("task_id")},
        agent=agent.get("implementation"),
        models=[agent.get("llm")],
        span=(parse_time(simulation.get("start_time")), parse_time(simulation.get("end_time"))),
        usage=total_usage(usages, tokens=("prompt_tokens", "completion_tokens"), costs=[simulation.get("agent_cost")]),
    )
    return conversation.finish(run)


def _trajectory(trace: Trace, item: dict[str, Any], where: str) -> Run:
    conversation = Conversation(trace)
    read_messages(conversation, require_list(item.get("traj"), f"{where}.traj"), f"{where}.traj")
    task, _ = (_number_or_text(item.get(key), f"{where}.{key}") for key in ("task_id", "trial"))
    facts = {"id": _trajectory_id(item), "title": f"task {task}"}
    run = chat_run(trace, ADAPTER.name, _outcome(item.get("reward")), facts=facts)
    return conversation.finish(run)


def _read_message(conversation: Conversation, message: dict[str, Any], place: str) -> None:
    role = require_text(message.get("role"), f"{place}.role")
    if message.get("tool_messages") is not None:  # the results of one message's calls, together
        for part, where in require_objects(message["tool_messages"], f"{place}.tool_messages"):
            conversation.add_result(_tool_result(part, where), where)
    elif role == "tool":
        conversation.add_result(_tool_result(message, place), place)
    elif role == "system":
        conversation.add_system_text(conversation.text_of(message.get("content"), f"{place}.content"))
    elif role in ("user", "assistant"):
        content = conversation.text_of(message.get("content"), f"{place}.content")
        if role == "user" and content:
            conversation.start_turn(content)
        _read_calls(conversation, message, place)
    else:
        conversation.note(place, f"unknown role {role!r}")


def _read_calls(conversation: Conversation, message: dict[str, Any], place: str) -> None:
    conversation.start_message()
    if message.get("tool_calls") is None:
        return
    for call, where in require_objects(message["tool_calls"], f"{place}.tool_calls"):
        proposal = ToolCall(
            id=optional_text(call.get("id"), f"{where}.id") or "",
            tool=require_text(call.get("name"), f"{where}.name"),
            actor="user" if call.get("requestor", message.get("role")) == "user" else "agent",
            proposed_arguments=proposed_arguments(call.get("arguments")),
        )
        conversation.add_call(proposal, where)


def _tool_result(message: dict[str, Any], where: str) -> ToolResult:
    call_id = optional_text(message.get("id"), f"{where}.id")
    at, content = parse_time(message.get("timestamp")), message.get("content")
    if message.get("error") is True:
        return ToolResult(id=call_id, outcome="failed", error=error_text(content), at=at)
    return ToolResult(id=call_id, value=result_value(content), at=at, is_marked=message.get("error") is False)


def _outcome(reward: Any) -> RunOutcome:
    if isinstance(reward, bool) or not isinstance(reward, (int, float)):
        return "unknown"
    return "success" if reward >= 1 else "failed"


def _trajectory_id(item: dict[str, Any]) -> str:
    return f"task-{item.get('task_id') or 0}/trial-{item.get('trial') or 0}"


def _number_or_text(value: Any, where: str) -> str:
    return str(value or 0) if isinstance(value, int) or value is None else require_text(value, where)


ADAPTER = Tau2Adapter()

"""AgentDojo: a run object (suite, user task, messages, verdict), or a list of them.

``security`` is not read: on an attacked run *true* means that the attack worked, on other runs it means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace, document_objects
from airflow_provider_vai.traces.reading.values import optional_text, require_objects, require_text, text_or_none

KEYS = frozenset({"suite_name", "user_task_id", "messages"})

NAMES = ("suite_name", "pipeline_name", "user_task_id", "attack_type", "injection_task_id")
"""The keys whose values make up a run's id, in this order."""


class AgentDojoAdapter:
    """Reads AgentDojo runs."""

    name = "agentdojo"
    description = "AgentDojo run: an object with suite_name, user_task_id and messages, or a list of them"
    coverage = Coverage()

    def accepts(self, document: Any) -> bool:
        """Return whether the document, or its first item, has AgentDojo's keys."""
        first = document[0] if isinstance(document, list) and document else document
        return isinstance(first, dict) and first.keys() >= KEYS

    def line_key(self, record: Any) -> str | None:
        """Return the id of the run in an item. Never raises."""
        return _id(record) if isinstance(record, dict) else None

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each object.

        :raises MalformedTrace: an object, a message or a call breaks the format.
        """
        for item, where in document_objects(trace):
            yield _run(trace, item, where)


def _run(trace: Trace, item: dict[str, Any], where: str) -> Run:
    conversation = Conversation(trace)
    for message, place in require_objects(item.get("messages"), f"{where}messages"):
        _read_message(conversation, message, place)
    require_text(item.get("suite_name"), f"{where}suite_name")
    task = require_text(item.get("user_task_id"), f"{where}user_task_id")
    run = Run(
        id=_id(item),
        source="agent_run",
        format=ADAPTER.name,
        title=task,
        agent=text_or_none(item.get("pipeline_name")),
        outcome=_outcome(item),
    )
    return conversation.finish(run)


def _id(item: dict[str, Any]) -> str:
    return "/".join(name for key in NAMES if (name := text_or_none(item.get(key))))


def _outcome(item: dict[str, Any]) -> RunOutcome:
    if item.get("error") is not None or item.get("utility") is False:
        return "failed"
    return "success" if item.get("utility") is True else "unknown"


def _read_message(conversation: Conversation, message: dict[str, Any], place: str) -> None:
    content, inside = message.get("content"), f"{place}.content"
    match require_text(message.get("role"), f"{place}.role"):
        case "system":
            conversation.add_system_text(conversation.text_of(content, inside))
        case "user":
            conversation.start_turn(conversation.text_of(content, inside))
        case "assistant":
            conversation.text_of(content, inside)
            conversation.start_message()
            calls = message.get("tool_calls")
            for call, where in require_objects([] if calls is None else calls, f"{place}.tool_calls"):
                _read_call(conversation, call, where)
        case "tool":
            conversation.add_result(_tool_result(message, place), place)
        case role:
            conversation.note(place, f"unknown role {role!r}")


def _read_call(conversation: Conversation, call: dict[str, Any], where: str) -> None:
    proposal = ToolCall(
        id=optional_text(call.get("id"), f"{where}.id") or "",
        tool=require_text(call.get("function"), f"{where}.function"),
        proposed_arguments=proposed_arguments(call.get("args")),
    )
    conversation.add_call(proposal, where)


def _tool_result(message: dict[str, Any], place: str) -> ToolResult:
    call = message.get("tool_call")  # the call, repeated: its name helps if there is no id
    result = ToolResult(
        id=optional_text(message.get("tool_call_id"), f"{place}.tool_call_id"),
        tool=text_or_none(call.get("function")) if isinstance(call, dict) else None,
        value=result_value(message.get("content")),
        is_marked="error" in message,
    )
    if message.get("error") is None:
        return result
    return ToolResult(result.id, result.tool, result.value or None, "failed", error_text(message["error"]))


ADAPTER = AgentDojoAdapter()

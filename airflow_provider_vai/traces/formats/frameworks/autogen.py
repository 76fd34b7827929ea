"""AutoGen: the messages of an agent or a team, or the saved state of one.

The shapes are those of ``autogen_agentchat.messages``, ``autogen_agentchat.state`` and ``autogen_core.models`` 0.7.5.
The messages mark failures. They have no approvals.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import (
    error_text,
    parse_python_repr,
    proposed_arguments,
    result_value,
    total_usage,
)
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_list,
    as_object,
    optional_text,
    parse_time,
    require_objects,
    require_text,
    text_or_none,
)

REQUESTS = frozenset({"ToolCallRequestEvent", "AssistantMessage"})
RESULTS = frozenset({"ToolCallExecutionEvent", "FunctionExecutionResultMessage"})
TEXTS = frozenset({"TextMessage", "MultiModalMessage", "StructuredMessage", "StopMessage", "UserMessage"})
REPEATED = frozenset({"ToolCallSummaryMessage", "HandoffMessage"})
"""Messages that repeat calls and results of the events before them."""

ASKS = "UserInputRequestedEvent"
"""The event before a message of a person: its source is the name of the agent that stands for the person."""

IGNORED = frozenset(
    {
        *("ThoughtEvent", "MemoryQueryEvent", "ModelClientStreamingChunkEvent", "SelectSpeakerEvent", "SelectorEvent"),
        *(ASKS, "SystemMessage"),
    }
)
TYPES = REQUESTS | RESULTS | TEXTS | REPEATED | IGNORED


class AutoGenAdapter:
    """Reads AutoGen's messages and states."""

    name = "autogen"
    description = "AutoGen messages (AgentChat) or the saved state of an agent or team"
    coverage = Coverage(timing="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document holds messages with AutoGen's types."""
        items = [as_object(item) for item in _messages(document)[0][:50]]
        return any("source" in item and text_or_none(item.get("type")) in TYPES for item in items)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message breaks the format, or holds code in place of calls.
        """
        listed, inside = _messages(trace.document)
        messages = list(require_objects(listed, f"{trace}: {inside}"))
        conversation = Conversation(trace)
        people = {"user", *(_source(message) for message, _ in messages if message.get("type") == ASKS)}
        for number, (message, place) in enumerate(messages):
            _read(conversation, message, place, is_user=_source(message) in people or number == 0)
        last = messages[-1][0] if messages else {}
        spoke_last = _source(last) not in people and isinstance(last.get("content"), str)
        agents = [name for message, _ in messages if (name := _source(message)) and name not in people]
        run = chat_run(
            trace,
            self.name,
            conversation.outcome(assistant_spoke_last=spoke_last),
            facts={},
            agent=next(iter(agents), None),
            times=[parse_time(message.get("created_at")) for message, _ in messages],
            usage=total_usage(
                [as_object(message.get("models_usage")) for message, _ in messages],
                tokens=("prompt_tokens", "completion_tokens"),
                costs=[],
            ),
        )
        yield conversation.finish(run)


def _source(message: dict[str, Any]) -> str:
    """Return the name of the agent that a message is from; empty for none."""
    return text_or_none(message.get("source")) or ""


def _messages(document: Any) -> tuple[list[Any], str]:
    """Return the messages and their place: a list, or those in a result, an agent's state or a team's state."""
    state = as_object(document)
    if isinstance(document, list) or "messages" in state:
        return as_list(state.get("messages", document)), "messages" if state else ""
    if isinstance(state.get("llm_context"), dict):
        return as_list(state["llm_context"].get("messages")), "llm_context.messages"
    for name, agent in as_object(state.get("agent_states")).items():
        if thread := as_list(as_object(agent).get("message_thread")):  # the manager has every agent's messages
            return thread, f"agent_states.{name}.message_thread"
    return [], ""


def _read(conversation: Conversation, message: dict[str, Any], place: str, *, is_user: bool) -> None:
    kind, content = text_or_none(message.get("type")), message.get("content")
    if kind in REQUESTS and isinstance(content, list):
        conversation.start_message()
        for call, where in require_objects(content, f"{place}.content"):
            _read_call(conversation, call, where)
    elif kind in RESULTS:
        ended = parse_time(message.get("created_at"))
        for result, where in require_objects(content, f"{place}.content"):
            conversation.add_result(_result((result, where), ended), where)
    elif kind in TEXTS and is_user:
        texts = [part for part in (content if isinstance(content, list) else [content]) if isinstance(part, str)]
        conversation.start_turn("\n".join(texts) or None)
    elif kind == "SystemMessage":
        conversation.add_system_text(text_or_none(content))
    elif kind in ("CodeGenerationEvent", "CodeExecutionEvent"):
        raise MalformedTrace(
            "the agent ran code, and the messages do not hold what the code did",
            where=place,
            remedy="Give the agent tools in place of a code executor, and record the run again.",
        )
    elif kind not in TYPES:
        conversation.note(place, f"unknown message {kind!r}")


def _read_call(conversation: Conversation, call: dict[str, Any], where: str) -> None:
    proposal = ToolCall(
        id=optional_text(call.get("id"), f"{where}.id") or "",
        tool=require_text(call.get("name"), f"{where}.name"),
        proposed_arguments=proposed_arguments(call.get("arguments")),
    )
    conversation.add_call(proposal, where)


def _result(placed: PlacedObject, ended: Any) -> ToolResult:
    result, where = placed
    call_id = optional_text(result.get("call_id"), f"{where}.call_id")
    tool, content, mark = text_or_none(result.get("name")), result.get("content"), result.get("is_error")
    if mark is True:
        return ToolResult(id=call_id, tool=tool, outcome="failed", error=error_text(content), at=ended)
    value = parse_python_repr(result_value(content))
    return ToolResult(id=call_id, tool=tool, value=value, at=ended, is_marked=mark is False)


ADAPTER = AutoGenAdapter()

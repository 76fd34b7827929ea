"""pydantic-ai messages: requests and responses made of parts, as also in Airflow's XCom ``message_history``.

Only denials are marked. An approved call looks like any other call, and a call whose arguments a person edited keeps
the model's arguments, which never ran. If a call has its result in a later run, a note says that this may be so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome
from airflow_provider_vai.traces.formats.pydantic_ai.parts import read_call, read_refusal, read_return
from airflow_provider_vai.traces.formats.shared.content import error_text, total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    as_list,
    parse_document,
    parse_json,
    parse_time,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

TOKENS = ("input_tokens", "output_tokens", "request_tokens", "response_tokens")
IGNORED = frozenset({"text", "thinking", "file"})


class PydanticAIAdapter:
    """Reads pydantic-ai message histories."""

    name = "pydantic_ai"
    description = "pydantic-ai messages (request and response parts), also as Airflow's message_history"
    coverage = Coverage(approvals="partly", timing="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document's first message is a pydantic-ai request or response."""
        messages = parse_json(document) if isinstance(document, str) else document
        messages = messages.get("messages") if isinstance(messages, dict) else messages
        first = messages[0] if isinstance(messages, list) and messages else None
        return isinstance(first, dict) and first.get("kind") in ("request", "response") and "parts" in first

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message or a part breaks the format.
        """
        listed = trace.document
        if isinstance(listed, str):
            listed = parse_document(listed, f"{trace} (the text in it)")
        where = f"{trace}: "
        if not isinstance(listed, list):
            listed, where = require_object(listed, str(trace)).get("messages"), f"{trace}: messages"
        messages = [message for message, _ in require_objects(listed, where)]
        history = _History(trace)
        for message, place in require_objects(messages, where):
            history.read(message, place)
        yield history.run(messages)


class _History:
    """The messages read so far, and the run in which each call was proposed."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.conversation = Conversation(trace)
        self.run_ids: list[str | None] = []

    def read(self, message: dict[str, Any], place: str) -> None:
        """Read one message's parts."""
        kind = require_text(message.get("kind"), f"{place}.kind")
        if kind not in ("request", "response"):
            self.conversation.note(place, f"unknown kind of message {kind!r}")
            return
        self.conversation.start_message()
        for part, where in require_objects(message.get("parts"), f"{place}.parts"):
            self._read_part(part, text_or_none(message.get("run_id")), where)
        self.conversation.add_system_text(text_or_none(message.get("instructions")))

    def _read_part(self, part: dict[str, Any], run_id: str | None, where: str) -> None:
        content, inside = part.get("content"), f"{where}.content"
        match require_text(part.get("part_kind"), f"{where}.part_kind"):
            case "system-prompt":
                self.conversation.add_system_text(self.conversation.text_of(content, inside))
            case "user-prompt":
                self.conversation.start_turn(self.conversation.text_of(content, inside))
            case "tool-call" | "builtin-tool-call":
                self.conversation.add_call(read_call(part, where), where)
                self.run_ids.append(run_id)
            case "tool-return" | "builtin-tool-return":
                self._tool_result(read_return(part, where), run_id, where)
            case "retry-prompt" if part.get("tool_name") is not None:
                self._tool_result(read_refusal(part, where), run_id, where)
            case "retry-prompt" | "retry-feedback":
                self.conversation.note(where, f"the model's output was rejected: {error_text(content)}")
            case kind if kind not in IGNORED:
                self.conversation.note(where, f"unknown part {kind!r}")

    def _tool_result(self, result: ToolResult, run_id: str | None, where: str) -> None:
        position = self.conversation.add_result(result, where)
        if position is None or result.outcome == "denied":
            return
        proposed_in = self.run_ids[position]
        if proposed_in and run_id and proposed_in != run_id:
            name = self.conversation.calls[position].id
            problem = f"call {name!r} waited between two runs, so its arguments may have been edited"
            self.conversation.note(where, problem)

    def run(self, messages: list[dict[str, Any]]) -> Run:
        """Return the run in the messages."""
        responses = [message for message in messages if message.get("kind") == "response"]
        usages = [usage for message in responses if isinstance(usage := message.get("usage"), dict)]
        times = [at for message in messages for at in _times(message)]
        run = Run(
            id=_last(messages, "run_id") or _last(messages, "conversation_id") or self.trace.fallback_id,
            source="agent_run",
            format=ADAPTER.name,
            model=_last(responses, "model_name"),
            started_at=parse_time(times[0]) if times else None,
            ended_at=parse_time(times[-1]) if times else None,
            outcome=self._outcome(messages),
            usage=total_usage(usages, tokens=TOKENS, costs=[usage.get("cost") for usage in usages]),
        )
        return self.conversation.finish(run)

    def _outcome(self, messages: list[dict[str, Any]]) -> RunOutcome:
        last = messages[-1] if messages else {}
        parts = last["parts"] if last.get("kind") in ("request", "response") else []
        if last.get("kind") == "request":
            return "success" if any(_is_final_result(part) for part in parts) else "unknown"
        has_text = any(part["part_kind"] == "text" for part in parts)
        return self.conversation.outcome(assistant_spoke_last=has_text)


def _is_final_result(part: dict[str, Any]) -> bool:
    is_return = part["part_kind"] == "tool-return" and part.get("outcome", "success") == "success"
    return is_return and (text_or_none(part.get("tool_name")) or "").startswith("final_result")


def _last(messages: list[dict[str, Any]], key: str) -> str | None:
    return next((text for message in reversed(messages) if (text := text_or_none(message.get(key)))), None)


def _times(message: dict[str, Any]) -> Iterator[Any]:
    parts = message.get("parts")
    for part in [*as_list(parts), message]:
        if isinstance(part, dict) and parse_time(part.get("timestamp")):
            yield part["timestamp"]


ADAPTER = PydanticAIAdapter()

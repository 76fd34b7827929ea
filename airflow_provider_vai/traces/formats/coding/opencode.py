"""Sessions of OpenCode, as ``opencode export`` writes them: messages with parts. A tool's part holds call and result.

A refused permission is only a text. The exit code of a command is beside its output.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, Outcome, Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value, total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    as_list,
    as_object,
    optional_text,
    parse_time,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

REJECTED = "The user rejected permission"
RULED_OUT = "The user has specified a rule which prevents you from using this specific tool call"
ABORTED = "Tool execution aborted"
IGNORED = frozenset(
    {"text", "reasoning", "file", "step-finish", "snapshot", "patch", "agent", "retry", "compaction", "subtask"}
)


class OpenCodeAdapter:
    """Reads sessions of OpenCode."""

    name = "opencode"
    description = "OpenCode session (opencode export)"
    coverage = Coverage(approvals="partly", timing="yes")

    def accepts(self, document: Any) -> bool:
        """Return whether the document has a session's facts, and messages that keep their role under ``info``."""
        facts = as_object(document)
        messages = as_list(facts.get("messages"))
        is_session = "directory" in as_object(facts.get("info")) and "messages" in facts
        return (is_session or (bool(messages) and isinstance(facts.get("info"), dict))) and all(
            "role" in as_object(as_object(message).get("info")) and "parts" in message for message in messages[:20]
        )

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message or a part breaks the format.
        """
        document = require_object(trace.document, str(trace))
        facts, times = as_object(document.get("info")), as_object(as_object(document.get("info")).get("time"))
        messages = list(require_objects(document.get("messages"), f"{trace}: messages"))
        conversation = Conversation(trace)
        for message, place in messages:
            _read(conversation, message, place, text_or_none(facts.get("directory")))
        answers = [as_object(message.get("info")) for message, _ in messages]
        answers = [info for info in answers if info.get("role") == "assistant"]
        run = chat_run(
            trace,
            self.name,
            conversation.outcome(assistant_spoke_last=bool(messages) and _speaks(messages[-1][0])),
            facts={"id": facts.get("id"), "title": facts.get("title")},
            models=[info.get("modelID") for info in reversed(answers)],
            span=(parse_time(times.get("created")), parse_time(times.get("updated"))),
            usage=total_usage(
                [as_object(info.get("tokens")) for info in answers],
                tokens=("input", "output"),
                costs=[info.get("cost") for info in answers],
            ),
        )
        yield conversation.finish(run)


def _speaks(message: dict[str, Any]) -> bool:
    """Return whether a message is an answer that ends with text."""
    info = as_object(message.get("info"))
    kinds = [as_object(part).get("type") for part in as_list(message.get("parts"))]
    shown = [kind for kind in kinds if kind in ("text", "tool")]
    return info.get("role") == "assistant" and not info.get("error") and shown[-1:] == ["text"]


def _read(conversation: Conversation, message: dict[str, Any], place: str, folder: str | None) -> None:
    info = require_object(message.get("info"), f"{place}.info")
    role = require_text(info.get("role"), f"{place}.info.role")
    parts = list(require_objects(message.get("parts"), f"{place}.parts"))
    if role == "user":
        texts = [part.get("text") for part, _ in parts if part.get("type") == "text" and not part.get("synthetic")]
        conversation.start_turn("\n".join(text for text in texts if isinstance(text, str)) or None)
        return
    conversation.start_message()
    here = text_or_none(as_object(info.get("path")).get("cwd")) or folder
    for part, where in parts:
        kind = require_text(part.get("type"), f"{where}.type")
        if kind == "step-start":
            conversation.start_message()
        elif kind == "tool":
            _read_call(conversation, part, where, here)
        elif kind not in IGNORED:
            conversation.note(where, f"unknown part {kind!r}")


def _read_call(conversation: Conversation, part: dict[str, Any], where: str, folder: str | None) -> None:
    state = require_object(part.get("state"), f"{where}.state")
    times = as_object(state.get("time"))
    call = ToolCall(
        id=optional_text(part.get("callID"), f"{where}.callID") or "",
        tool=require_text(part.get("tool"), f"{where}.tool"),
        working_folder=folder,
        proposed_arguments=proposed_arguments(state.get("input")),
        started_at=parse_time(times.get("start")),
    )
    position = conversation.add_call(call, where)
    if state.get("status") in ("completed", "error"):
        conversation.set_result(position, _result(state, parse_time(times.get("end"))))


def _result(state: dict[str, Any], at: Any) -> ToolResult:
    if state.get("status") == "completed":
        code = as_object(state.get("metadata")).get("exit")
        if isinstance(code, int) and code != 0:
            return ToolResult(outcome="failed", error=error_text(state.get("output")), at=at)
        return ToolResult(value=result_value(state.get("output")), at=at, is_marked=True)
    error = error_text(state.get("error")) or ""
    if error.startswith((REJECTED, RULED_OUT)):
        by = "user" if error.startswith(REJECTED) else "permission rules"
        approval = Approval(state="denied", by=by, note=error)
        return ToolResult(outcome="denied", error=error, ran=False, approval=approval, at=at)
    outcome: Outcome = "interrupted" if error.startswith(ABORTED) else "failed"
    return ToolResult(outcome=outcome, error=error or None, at=at)


ADAPTER = OpenCodeAdapter()

"""Sessions of GitHub Copilot CLI (``events.jsonl``): one event a line, with the start and the end of each call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value
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

STARTS = ("session.", "user.", "assistant.", "tool.", "subagent.", "hook.", "skill.", "system.", "permission.", "abort")
"""How the types of events begin."""

REFUSALS = ("denied", "rejected")
"""Codes and beginnings of an error's text that say that somebody refused the call."""


class CopilotCLIAdapter:
    """Reads sessions of GitHub Copilot CLI."""

    name = "copilot_cli"
    description = "GitHub Copilot CLI session (events.jsonl)"
    coverage = Coverage(results="partly", approvals="partly", edits="partly", timing="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a list of events with the start of a session or of a call."""
        events = [as_object(event) for event in as_list(document)[:50]]
        kinds = [str(event.get("type")) for event in events]
        is_shaped = all(isinstance(event.get("data"), dict) for event in events)
        return is_shaped and any(kind in ("session.start", "tool.execution_start", "user.message") for kind in kinds)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: an event breaks the format.
        """
        session = _Session(trace)
        events = list(require_objects(trace.document, f"{trace}: "))
        for event, place in events:
            session.read(event, place)
        run = chat_run(
            trace,
            self.name,
            session.conversation.outcome(assistant_spoke_last=session.spoke_last),
            facts={"id": session.id, "model": session.model},
            times=[parse_time(event.get("timestamp")) for event, _ in events],
        )
        yield session.conversation.finish(run)


class _Session:
    """One session while its events are read."""

    def __init__(self, trace: Trace) -> None:
        self.conversation = Conversation(trace)
        self.id: str | None = None
        self.model: str | None = None
        self.folder: str | None = None
        self.spoke_last = False
        self._positions: dict[str, int] = {}

    def read(self, event: dict[str, Any], place: str) -> None:
        """Read one event."""
        kind = require_text(event.get("type"), f"{place}.type")
        data, at = as_object(event.get("data")), parse_time(event.get("timestamp"))
        self.model = text_or_none(data.get("newModel")) or text_or_none(data.get("model")) or self.model
        match kind:
            case "session.start" | "session.resume":
                self.id = self.id or text_or_none(data.get("sessionId"))
                self.folder = text_or_none(as_object(data.get("context")).get("cwd")) or self.folder
            case "user.message":
                self.conversation.start_turn(text_or_none(data.get("content")))
                self.spoke_last = False
            case "assistant.message":
                self._read_message(data, f"{place}.data")
            case "tool.execution_start":
                self._read_start(data, f"{place}.data", at)
            case "tool.execution_complete":
                self._read_end(data, f"{place}.data", at)
            case _ if not kind.startswith(STARTS):
                self.conversation.note(place, f"unknown event {kind!r}")

    def _read_message(self, data: dict[str, Any], place: str) -> None:
        self.conversation.start_message()
        requests = list(require_objects(data.get("toolRequests") or [], f"{place}.toolRequests"))
        for request, where in requests:
            self._call(request, "name", where, None)
        self.spoke_last = bool(data.get("content")) and not requests

    def _read_start(self, data: dict[str, Any], place: str, at: Any) -> None:
        call_id = optional_text(data.get("toolCallId"), f"{place}.toolCallId") or ""
        if call_id not in self._positions:
            self._call(data, "toolName", place, at)
            return
        server, tool = text_or_none(data.get("mcpServerName")), text_or_none(data.get("mcpToolName"))
        position = self._positions[call_id]
        call = self.conversation.calls[position]
        facts: dict[str, Any] = {"started_at": at, "server": server, "tool": (server and tool) or call.tool}
        if data.get("arguments") is not None:
            facts["arguments"] = proposed_arguments(data["arguments"])
        self.conversation.calls[position] = call.model_copy(update=facts)

    def _call(self, data: dict[str, Any], name: str, place: str, at: Any) -> None:
        call_id = optional_text(data.get("toolCallId"), f"{place}.toolCallId") or ""
        server = text_or_none(data.get("mcpServerName"))
        proposal = ToolCall(
            id=call_id,
            tool=(server and text_or_none(data.get("mcpToolName"))) or require_text(data.get(name), f"{place}.{name}"),
            server=server,
            working_folder=self.folder,
            proposed_arguments=proposed_arguments(data.get("arguments")),
            started_at=at,
        )
        position = self.conversation.add_call(proposal, place)
        if call_id:
            self._positions[call_id] = position

    def _read_end(self, data: dict[str, Any], place: str, at: Any) -> None:
        call_id = optional_text(data.get("toolCallId"), f"{place}.toolCallId")
        position = self._positions.get(call_id or "")
        executed = self.conversation.calls[position].arguments if position is not None else None
        answer = data.get("result")
        content = as_object(answer).get("content", answer)
        if data.get("success") is True:
            result = ToolResult(id=call_id, value=result_value(content), arguments=executed, at=at, is_marked=True)
        elif data.get("success") is False:
            result = _failure(call_id, data.get("error", content), executed, at)
        else:
            require_object(None, f"{place}.success")
            return
        self.conversation.add_result(result, place)


def _failure(call_id: str | None, error: Any, executed: Any, at: Any) -> ToolResult:
    text = error_text(as_object(error).get("message", error)) or ""
    if str(as_object(error).get("code")) in REFUSALS:
        approval = Approval(state="denied", note=text or None)
        return ToolResult(id=call_id, outcome="denied", error=text or None, ran=False, approval=approval, at=at)
    return ToolResult(id=call_id, outcome="failed", error=text or None, arguments=executed, at=at)


ADAPTER = CopilotCLIAdapter()

"""The events that ``codex exec --json`` prints.

Each item that ran is a call: commands, MCP tools, web searches and changed files. Of a changed file only the path is
printed, so such a call has no executed arguments.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, Outcome, Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, result_value, total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    as_list,
    as_object,
    optional_text,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

CALLS: dict[str, tuple[str, ...]] = {
    "command_execution": ("command",),
    "file_change": ("changes",),
    "mcp_tool_call": ("arguments",),
    "web_search": ("query",),
}
"""Types of items that are calls, each with the keys of its arguments."""

IGNORED = frozenset({"agent_message", "reasoning", "todo_list"})
OUTCOMES: dict[Any, Outcome] = {"completed": "success", "failed": "failed", "declined": "denied", None: "success"}


class CodexExecAdapter:
    """Reads the events of ``codex exec --json``."""

    name = "codex_exec"
    description = "Events of codex exec --json (JSONL)"
    coverage = Coverage(approvals="partly", batches="no")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a list of events with the start of a thread or a finished item."""
        events = [as_object(event) for event in as_list(document)[:50]]
        return any(
            (event.get("type") == "thread.started" and "thread_id" in event)
            or (event.get("type") == "item.completed" and isinstance(event.get("item"), dict))
            for event in events
        )

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: an event or an item breaks the format.
        """
        conversation, last = Conversation(trace), ""
        events = list(require_objects(trace.document, f"{trace}: "))
        finished = {_id(event) for event, _ in events if event.get("type") == "item.completed"}
        for event, place in events:
            kind = event.get("type")
            if kind == "turn.started":
                conversation.start_turn(None)
            elif kind == "item.completed" or (kind == "item.started" and _id(event) not in finished):
                last = _read_item(conversation, require_object(event.get("item"), f"{place}.item"), f"{place}.item")
            elif kind in ("turn.failed", "error"):
                last = "error"
        usages = [as_object(event.get("usage")) for event, _ in events]
        threads = [text_or_none(event.get("thread_id")) for event, _ in events]
        run = Run(
            id=next((thread for thread in threads if thread), trace.fallback_id),
            source="agent_run",
            format=self.name,
            outcome="failed" if last == "error" else conversation.outcome(assistant_spoke_last=last == "agent_message"),
            usage=total_usage(usages, tokens=("input_tokens", "output_tokens"), costs=[]),
        )
        yield conversation.finish(run)


def _id(event: dict[str, Any]) -> Any:
    return text_or_none(as_object(event.get("item")).get("id"))


def _read_item(conversation: Conversation, item: dict[str, Any], where: str) -> str:
    """Read one item, and return its type."""
    kind = require_text(item.get("type", item.get("item_type")), f"{where}.type")
    if kind not in CALLS:
        if kind not in IGNORED:
            conversation.note(where, error_text(item.get("message")) or f"unknown item {kind!r}")
        return kind
    arguments = {key: item[key] for key in CALLS[kind] if item.get(key) is not None}
    if kind == "mcp_tool_call":
        arguments = as_object(item.get("arguments"))
    call = ToolCall(
        id=optional_text(item.get("id"), f"{where}.id") or "",
        tool=require_text(item.get("tool"), f"{where}.tool") if kind == "mcp_tool_call" else kind,
        server=text_or_none(item.get("server")),
        proposed_arguments=arguments,
    )
    conversation.start_message()
    position = conversation.add_call(call, where)
    if item.get("status") != "in_progress":
        conversation.set_result(position, _result(item, kind))
    return kind


def _result(item: dict[str, Any], kind: str) -> ToolResult:
    outcome, code = OUTCOMES.get(text_or_none(item.get("status")), "unknown"), item.get("exit_code")
    answer = item.get("aggregated_output") if kind == "command_execution" else _answer(item.get("result"))
    if outcome == "denied":
        return ToolResult(
            outcome="denied", ran=False, approval=Approval(state="denied", note=error_text(answer) or None)
        )
    if outcome == "failed" or item.get("error") or (isinstance(code, int) and code != 0):
        error = as_object(item.get("error")).get("message", item.get("error"))
        return ToolResult(outcome="failed", error=error_text(error) or error_text(answer))
    ran = outcome == "success" and kind != "file_change"
    return ToolResult(value=result_value(answer), outcome=outcome, ran=ran, is_marked=True)


def _answer(result: Any) -> Any:
    """Return the structured content of an MCP tool's result, else its content."""
    if not isinstance(result, dict):
        return result
    structured = result.get("structured_content", result.get("structuredContent"))
    return result.get("content") if structured is None else structured


ADAPTER = CodexExecAdapter()

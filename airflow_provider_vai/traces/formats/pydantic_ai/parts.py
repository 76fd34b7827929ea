"""The parts of pydantic-ai messages that are calls and results."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_provider_vai.model.run import Approval, Outcome, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import ToolResult
from airflow_provider_vai.traces.reading.values import optional_text, parse_time, require_text, text_or_none

OUTCOMES: dict[str, Outcome] = {
    "success": "success",
    "failed": "failed",
    "denied": "denied",
    "interrupted": "interrupted",
    "retried": "failed",
}
REFUSED_BEFORE_RUNNING = frozenset({"validation_error", "unknown_tool", "unavailable_tool"})


def read_call(part: dict[str, Any], where: str) -> ToolCall:
    """Return the proposed call in a tool-call part.

    :raises MalformedTrace: the name is missing, or the name or id is not text.
    """
    tool = require_text(part.get("tool_name"), f"{where}.tool_name")
    return ToolCall(
        id=optional_text(part.get("tool_call_id"), f"{where}.tool_call_id") or "",
        tool=tool,
        server=tool.partition(":")[2] or None if tool.startswith("mcp_server:") else None,
        proposed_arguments=proposed_arguments(part.get("args")),
    )


def read_return(part: dict[str, Any], where: str) -> ToolResult:
    """Return the result in a tool-return part. Without an outcome, as in older versions, it is a success.

    :raises MalformedTrace: the id or outcome is not text.
    """
    outcome = OUTCOMES.get(require_text(part.get("outcome", "success"), f"{where}.outcome"), "unknown")
    refusal = read_refusal(part, where)
    if outcome in ("success", "unknown"):
        value = result_value(part.get("content"))
        return replace(refusal, value=value, outcome=outcome, error=None, ran=True, is_marked="outcome" in part)
    if outcome == "denied":
        approval = Approval(state="denied", note=refusal.error)
        return replace(refusal, outcome=outcome, ran=False, approval=approval)
    retry = part.get("retry")
    cause = text_or_none(retry.get("cause")) if isinstance(retry, dict) else None
    ran = outcome == "failed" and refusal.ran and cause not in REFUSED_BEFORE_RUNNING
    return replace(refusal, outcome=outcome, ran=ran)


def read_refusal(part: dict[str, Any], where: str) -> ToolResult:
    """Return the failure in a part that asks the model to call again.

    :raises MalformedTrace: the id is not text.
    """
    content = part.get("content")
    return ToolResult(
        id=optional_text(part.get("tool_call_id"), f"{where}.tool_call_id"),
        tool=text_or_none(part.get("tool_name")),
        outcome="failed",
        error=error_text(content),
        ran=not isinstance(content, list),  # a list holds the validation errors of refused arguments
        at=parse_time(part.get("timestamp")),
    )

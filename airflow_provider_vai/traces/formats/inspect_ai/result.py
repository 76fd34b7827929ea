"""Reads a call's result in an Inspect log; tool messages and tool events have the same fields."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.model.run import Approval, Outcome
from airflow_provider_vai.traces.formats.shared.content import error_text, result_value
from airflow_provider_vai.traces.formats.shared.conversation import ToolResult
from airflow_provider_vai.traces.reading.values import as_object, optional_text, text_or_none

ERRORS: dict[str, tuple[Outcome, bool]] = {
    "approval": ("denied", False),
    "parsing": ("failed", False),
    "cancelled": ("interrupted", True),
}
"""By error type: the outcome, and whether the tool ran. Any other type is a failure of a tool that ran."""


def read_result(source: dict[str, Any], where: str) -> ToolResult:
    """Return the result in a tool message or a tool event.

    :raises MalformedTrace: the call's id is not text.
    """
    call_id = optional_text(source.get("tool_call_id"), f"{where}.tool_call_id")
    content = source["result"] if "result" in source else source.get("content")
    error = as_object(source.get("error"))
    if error or source.get("failed") is True:
        outcome, ran = ERRORS.get(text_or_none(error.get("type")) or "", ("failed", True))
        error_message = text_or_none(error.get("message")) or error_text(content)
        approval = Approval(state="denied", note=error_message) if outcome == "denied" else Approval()
        return ToolResult(id=call_id, outcome=outcome, error=error_message, ran=ran, approval=approval)
    return ToolResult(id=call_id, value=result_value(content), is_marked="error" in source or "failed" in source)

"""What came back for a call in an Inspect log: tool messages and tool events say it alike."""

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
"""By error type: the outcome, and whether the tool ran at all. Every other type is a failure of a tool that ran."""


def read_result(told: dict[str, Any], where: str) -> ToolResult:
    """Return what a tool message, or a tool event, says came back.

    :raises MalformedTrace: the call's id is no text.
    """
    call_id = optional_text(told.get("tool_call_id"), f"{where}.tool_call_id")
    content = told["result"] if "result" in told else told.get("content")
    error = as_object(told.get("error"))
    if error or told.get("failed") is True:
        outcome, ran = ERRORS.get(text_or_none(error.get("type")) or "", ("failed", True))
        said = text_or_none(error.get("message")) or error_text(content)
        approval = Approval(state="denied", note=said) if outcome == "denied" else Approval()
        return ToolResult(id=call_id, outcome=outcome, error=said, ran=ran, approval=approval)
    return ToolResult(id=call_id, value=result_value(content))

"""Reads a result in a Claude Code file: its value, or why there is none.

Denials have no field of their own. They are recognised by the text that the program itself writes, and only in a result
that is marked as an error, so a tool's own output cannot pass for a denial.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from airflow_provider_vai.model.run import Approval, Outcome
from airflow_provider_vai.traces.formats.shared.content import error_text, result_value
from airflow_provider_vai.traces.formats.shared.conversation import ToolResult
from airflow_provider_vai.traces.reading.values import optional_text, parse_time

CUT_OFF = "<persisted-output>"
"""The beginning of a result whose larger part is in another file."""


class _Refusal(NamedTuple):
    start: str
    outcome: Outcome
    by: str | None = None


REFUSALS = (
    _Refusal("The user doesn't want to proceed with this tool use", "denied", "user"),
    _Refusal("User rejected tool use", "denied", "user"),
    _Refusal("The user doesn't want to take this action right now", "interrupted"),
    _Refusal("[Request interrupted by user", "interrupted"),
    _Refusal("Permission for this tool use was denied", "denied", "permission rules"),
    _Refusal("Permission to use ", "denied", "permission rules"),
    _Refusal("Claude requested permissions to ", "denied", "permission rules"),
    _Refusal("Hook PreToolUse:", "denied", "hook"),
    _Refusal("PreToolUse:", "denied", "hook"),
    _Refusal("<tool_use_error>Cancelled:", "interrupted"),
    _Refusal("<tool_use_error>InputValidationError", "failed"),
    _Refusal("<tool_use_error>Error: No such tool available", "failed"),
)
"""The beginnings of results of calls that never ran."""
REASON_MARK = "the user said:\n"


def read_result(block: dict[str, Any], structured: Any, at: Any, where: str) -> ToolResult:
    """Return the result in a ``tool_result`` block.

    :param structured: the line's ``toolUseResult`` if the line has only this block; else ``None``.
    :param at: the line's time.
    :raises MalformedTrace: the block's call id is not text.
    """
    call_id = optional_text(block.get("tool_use_id"), f"{where}.tool_use_id")
    content, ended = block.get("content"), parse_time(at)
    if block.get("is_error") is True:
        error = error_text(content)
        text = (error or "").strip()
        refusal = next((candidate for candidate in REFUSALS if text.startswith(candidate.start)), None)
        if refusal is None and structured == "User rejected tool use":
            refusal = _Refusal("", "denied", "user")
        if refusal is None:
            return ToolResult(id=call_id, outcome="failed", error=error, at=ended)
        approval = Approval()
        if refusal.outcome == "denied":
            note = text.split(REASON_MARK, 1)[1].strip() if REASON_MARK in text else text
            approval = Approval(state="denied", by=refusal.by, at=ended, note=note or None)
        return ToolResult(id=call_id, outcome=refusal.outcome, error=error, ran=False, approval=approval, at=ended)
    stopped = isinstance(structured, dict) and structured.get("interrupted") is True
    return ToolResult(
        id=call_id,
        value=_value(content, structured),
        outcome="interrupted" if stopped else "success",
        at=ended,
        is_marked=block.get("is_error") is False,
        marks_refusals=True,
    )


def _value(content: Any, structured: Any) -> Any:
    """Return the structured form of a result if there is one: the text is made for the model and holds less."""
    if isinstance(structured, dict):
        return structured["structuredContent"] if structured.get("structuredContent") else structured
    return result_value(structured if isinstance(structured, list) and structured else content)

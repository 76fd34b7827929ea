"""What a result in a Claude Code file says: the value, or why there is none.

Refusals have no field of their own. They are told by the words that the program itself writes, and only where the
result is marked as an error: a tool's own output cannot pass for a refusal.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from airflow_provider_vai.model.run import Approval, Outcome
from airflow_provider_vai.traces.formats.shared.content import error_text, result_value
from airflow_provider_vai.traces.formats.shared.conversation import ToolResult
from airflow_provider_vai.traces.reading.values import optional_text, parse_time

CUT = "<persisted-output>"
"""How a result starts whose greater part was written to another file."""


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
"""Results of calls that never ran."""
SAID = "the user said:\n"


def read_result(block: dict[str, Any], richer: Any, at: Any, where: str) -> ToolResult:
    """Return what a ``tool_result`` block says.

    :param richer: the line's ``toolUseResult`` where it belongs to this block alone; else ``None``.
    :param at: the line's time.
    :raises MalformedTrace: the block's call id is no text.
    """
    call_id = optional_text(block.get("tool_use_id"), f"{where}.tool_use_id")
    content, ended = block.get("content"), parse_time(at)
    if block.get("is_error") is True:
        error = error_text(content)
        words = (error or "").strip()
        refusal = next((known for known in REFUSALS if words.startswith(known.start)), None)
        if refusal is None and richer == "User rejected tool use":
            refusal = _Refusal("", "denied", "user")
        if refusal is None:
            return ToolResult(id=call_id, outcome="failed", error=error, at=ended)
        approval = Approval()
        if refusal.outcome == "denied":
            note = words.split(SAID, 1)[1].strip() if SAID in words else words
            approval = Approval(state="denied", by=refusal.by, at=ended, note=note or None)
        return ToolResult(id=call_id, outcome=refusal.outcome, error=error, ran=False, approval=approval, at=ended)
    stopped = isinstance(richer, dict) and richer.get("interrupted") is True
    return ToolResult(
        id=call_id, value=_value(content, richer), outcome="interrupted" if stopped else "success", at=ended
    )


def _value(content: Any, richer: Any) -> Any:
    """Return the structured form of a result where there is one: text says less, and is made for the model."""
    if isinstance(richer, dict):
        return richer["structuredContent"] if richer.get("structuredContent") else richer
    return result_value(richer if isinstance(richer, list) and richer else content)

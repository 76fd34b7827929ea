"""The parts of UI messages that are calls: one part holds the proposal, the decision and the result."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.model.run import Approval, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import ToolResult
from airflow_provider_vai.traces.reading.values import (
    as_object,
    optional_text,
    require_object,
    require_text,
    text_or_none,
)

OLDER = "tool-invocation"
"""The type of version 4's part, which holds the call one level deeper and has no approval."""


def is_call(part: dict[str, Any]) -> bool:
    """Return whether a part is a tool call. Never raises."""
    kind = part.get("type")
    if _is_older(part):
        return True
    named = kind == "dynamic-tool" or (isinstance(kind, str) and kind.startswith("tool-"))
    return named and ("toolCallId" in part or "state" in part)


def read_call(part: dict[str, Any], where: str) -> ToolCall:
    """Return the proposed call.

    :raises MalformedTrace: the tool's name is missing, or the name or id is not text.
    """
    kind, named = part["type"], part["type"] == "dynamic-tool" or _is_older(part)
    part = _inside(part, where)
    proposed = next((part[key] for key in ("input", "args", "rawInput") if part.get(key) is not None), None)
    return ToolCall(
        id=optional_text(part.get("toolCallId"), f"{where}.toolCallId") or "",
        tool=require_text(part.get("toolName"), f"{where}.toolName") if named else kind.removeprefix("tool-"),
        proposed_arguments=proposed_arguments(proposed),
    )


def read_result(part: dict[str, Any], where: str) -> ToolResult | None:
    """Return the call's result; ``None`` while the call waits for its input, a person or its result.

    :raises MalformedTrace: the state is not text.
    """
    is_older = _is_older(part)
    part = _inside(part, where)
    approval = _approval(as_object(part.get("approval")))
    state = require_text(part.get("state"), f"{where}.state")
    if state == "output-denied" or approval.state == "denied":
        approval = approval.model_copy(update={"state": "denied"})
        return ToolResult(outcome="denied", ran=False, error=approval.note, approval=approval)
    if state == "output-error":
        # input that the tool's schema rejected is kept only as rawInput: that call never ran
        ran = part.get("input") is not None or part.get("rawInput") is None
        return ToolResult(outcome="failed", error=error_text(part.get("errorText")), ran=ran, approval=approval)
    if state == "output-available" and part.get("preliminary") is not True:
        return ToolResult(value=result_value(part.get("output")), approval=approval, is_marked=True)
    if state == "result" and is_older:
        return ToolResult(value=result_value(part.get("result")))
    is_approved = approval.state == "approved"
    return ToolResult(outcome="unknown", ran=False, approval=approval) if is_approved else None


def _is_older(part: dict[str, Any]) -> bool:
    return part.get("type") == OLDER and "toolInvocation" in part


def _inside(part: dict[str, Any], where: str) -> dict[str, Any]:
    return require_object(part["toolInvocation"], f"{where}.toolInvocation") if _is_older(part) else part


def _approval(decision: dict[str, Any]) -> Approval:
    """Return the decision. A call without one is unknown: that a tool asks nobody is its default, not a decision."""
    note = text_or_none(decision.get("reason"))
    if decision.get("approved") is False:
        return Approval(state="denied", note=note)
    if decision.get("approved") is True:
        automatic = decision.get("isAutomatic") is True
        return Approval(state="not_required" if automatic else "approved", note=note)
    return Approval()

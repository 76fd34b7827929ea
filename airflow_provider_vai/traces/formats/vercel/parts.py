"""The parts of UI messages that are calls: proposal, decision and result stand in one part."""

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
"""The part of version 4, which holds the call one level deeper and has no approval."""


def is_call(part: dict[str, Any]) -> bool:
    """Return whether a part is a tool call. Never raises."""
    kind = part.get("type")
    if _is_older(part):
        return True
    named = kind == "dynamic-tool" or (isinstance(kind, str) and kind.startswith("tool-"))
    return named and ("toolCallId" in part or "state" in part)


def read_call(part: dict[str, Any], where: str) -> ToolCall:
    """Return the call as proposed.

    :raises MalformedTrace: the tool's name is missing, or name or id is no text.
    """
    kind, named = part["type"], part["type"] == "dynamic-tool" or _is_older(part)
    part = _inside(part, where)
    given = next((part[key] for key in ("input", "args", "rawInput") if part.get(key) is not None), None)
    return ToolCall(
        id=optional_text(part.get("toolCallId"), f"{where}.toolCallId") or "",
        tool=require_text(part.get("toolName"), f"{where}.toolName") if named else kind.removeprefix("tool-"),
        proposed_arguments=proposed_arguments(given),
    )


def read_result(part: dict[str, Any], where: str) -> ToolResult | None:
    """Return what came back for the call; ``None`` while it waits, for its input, a person or its result.

    :raises MalformedTrace: the state is no text.
    """
    is_older, is_dynamic = _is_older(part), part["type"] == "dynamic-tool"
    part = _inside(part, where)
    approval = _approval(as_object(part.get("approval")), is_silent=is_older or is_dynamic)
    state = require_text(part.get("state"), f"{where}.state")
    if state == "output-denied" or approval.state == "denied":
        approval = approval.model_copy(update={"state": "denied"})
        return ToolResult(outcome="denied", ran=False, error=approval.note, approval=approval)
    if state == "output-error":
        # input that the tool's schema refused is kept as rawInput only: that call never ran
        ran = part.get("input") is not None or part.get("rawInput") is None
        return ToolResult(outcome="failed", error=error_text(part.get("errorText")), ran=ran, approval=approval)
    if state == "output-available" and part.get("preliminary") is not True:
        return ToolResult(value=result_value(part.get("output")), approval=approval)
    if state == "result" and is_older:
        return ToolResult(value=result_value(part.get("result")))
    is_answered = approval.state == "approved"
    return ToolResult(outcome="unknown", ran=False, approval=approval) if is_answered else None


def _is_older(part: dict[str, Any]) -> bool:
    return part.get("type") == OLDER and "toolInvocation" in part


def _inside(part: dict[str, Any], where: str) -> dict[str, Any]:
    return require_object(part["toolInvocation"], f"{where}.toolInvocation") if _is_older(part) else part


def _approval(mark: dict[str, Any], *, is_silent: bool) -> Approval:
    """Return the decision; ``is_silent`` says that no mark means nothing."""
    note = text_or_none(mark.get("reason"))
    if mark.get("approved") is False:
        return Approval(state="denied", note=note)
    if mark.get("approved") is True:
        automatic = mark.get("isAutomatic") is True
        return Approval(state="not_required" if automatic else "approved", note=note)
    return Approval(state="unknown" if mark or is_silent else "not_required")

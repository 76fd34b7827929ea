"""ATIF's free field ``extra`` of a call and its result: failure, decision, executed arguments."""

from __future__ import annotations

from typing import Any, get_args

from airflow_provider_vai.model.run import Approval, ApprovalState, Outcome, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, result_value
from airflow_provider_vai.traces.formats.shared.conversation import ToolResult
from airflow_provider_vai.traces.reading.values import as_object, parse_arguments, parse_time, text_or_none

STATES: dict[str, ApprovalState] = {state: state for state in get_args(ApprovalState)}
OUTCOMES: dict[str, Outcome] = {outcome: outcome for outcome in get_args(Outcome)}


def read_result(result: dict[str, Any], call: ToolCall) -> ToolResult:
    """Return a call's result, with the facts in the ``extra`` of the result and of the call."""
    extra, content = as_object(result.get("extra")), result.get("content")
    own_approval = read_approval(extra)
    approval = own_approval if own_approval.state != "unknown" else call.approval
    executed = parse_arguments(extra.get("executed_arguments"))
    executed = call.arguments if executed is None else executed
    outcome = OUTCOMES.get(str(extra.get("outcome")), "success")
    if outcome == "denied" or approval.state == "denied":
        return denied(approval, error_text(content))
    if approval.state == "approved" and executed is not None and executed != call.proposed_arguments:
        approval = approval.model_copy(update={"state": "edited"})
    if extra.get("is_error") is True or extra.get("error"):
        outcome = "failed"
    if outcome in ("failed", "interrupted"):
        error = error_text(extra.get("error") or content)
        return ToolResult(outcome=outcome, error=error, arguments=executed, approval=approval)
    return ToolResult(value=result_value(content), outcome=outcome, arguments=executed, approval=approval)


def denied(approval: Approval, reason: str | None) -> ToolResult:
    """Return the result of a denied call; the approval's own note takes precedence over ``reason``."""
    approval = approval.model_copy(update={"state": "denied", "note": approval.note or reason})
    return ToolResult(outcome="denied", ran=False, error=approval.note, approval=approval)


def read_approval(extra: dict[str, Any]) -> Approval:
    """Return the decision in ``extra``, which is a state or an object with a state."""
    mark = extra.get("approval")
    mark = as_object(mark) or {"state": mark}
    return Approval(
        state=STATES.get(str(mark.get("state")), "unknown"),
        by=text_or_none(mark.get("by")),
        at=parse_time(mark.get("at")),
        note=text_or_none(mark.get("note")),
    )

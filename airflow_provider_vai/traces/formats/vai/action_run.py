"""Reads one action run of the platform, with its approval requests, as a call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Approval, ApprovalState, Outcome, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_object,
    parse_time,
    require_object,
    require_text,
    text_or_none,
)

OUTCOMES: dict[str, Outcome] = {
    "completed": "success",
    "failed": "failed",
    "cancelled": "interrupted",
    "rejected": "denied",
}
APPROVALS: dict[str, ApprovalState] = {"approved": "approved", "rejected": "denied", "denied": "denied"}

RAN = frozenset({"completed", "failed", "running"})


def read_action_run(action: dict[str, Any], where: str, requests: list[dict[str, Any]]) -> ToolCall:
    """Return an action run as a call, still without its turn, its batch and a unique id.

    An approval request shows the proposal; the action run's ``definition`` is what was executed.

    :param where: its place.
    :param requests: its approval requests.
    :raises MalformedTrace: the kind or the definition is missing or has another type.
    """
    status = status_of(action)
    approval = _decision(requests)
    outcome: Outcome = "denied" if approval.state == "denied" else OUTCOMES.get(status, "unknown")
    definition = get_field(action, "definition")
    definition = {} if definition is None else require_object(definition, f"{where}.definition")
    executed = _with_connection(definition, action)
    proposals = (_shown_arguments(request, action) for request in reversed(requests))
    proposal = next((shown for shown in proposals if shown), executed)
    started_at = parse_time(get_field(action, "startedAt"))
    has_run = outcome != "denied" and (started_at is not None or status in RAN)
    if outcome == "denied":
        approval = approval.model_copy(update={"state": "denied"})
    elif has_run and approval.state == "approved" and json_text.canonical(proposal) != json_text.canonical(executed):
        approval = approval.model_copy(update={"state": "edited"})
    error = _error(get_field(action, "error"))
    return ToolCall(
        id="",
        tool=require_text(action.get("kind"), f"{where}.kind"),
        parent_id=text_or_none(get_field(action, "parentActionRunId")),
        proposed_arguments=proposal,
        arguments=executed if has_run else None,
        result=None if error or outcome in ("failed", "denied") else get_field(action, "result"),
        outcome=outcome,
        error=error,
        approval=approval,
        started_at=started_at,
        ended_at=parse_time(get_field(action, "completedAt")),
    )


def by_time(actions: list[PlacedObject]) -> Iterator[PlacedObject]:
    """Yield action runs by their start, or by their creation if they never started; without times in file order."""
    keyed, before = [], datetime.min.replace(tzinfo=timezone.utc)
    for index, (action, where) in enumerate(actions):
        created = _aware(parse_time(get_field(action, "createdAt")))
        before = _aware(parse_time(get_field(action, "startedAt"))) or created or before
        keyed.append((before, created or before, index, action, where))
    for *_, action, where in sorted(keyed, key=lambda entry: entry[:3]):
        yield action, where


def get_field(item: dict[str, Any], name: str) -> Any:
    """Return a field by its camelCase name, or by the same name in snake_case."""
    if name in item:
        return item[name]
    return item.get(re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name))


def object_field(item: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a field that is an object; an empty object if it is missing or something else."""
    return as_object(get_field(item, name))


def status_of(item: dict[str, Any], name: str = "status") -> str:
    """Return a status in lower case. The platform's documentation writes upper case, its API lower case."""
    return (text_or_none(get_field(item, name)) or "").strip().lower()


def _decision(requests: list[dict[str, Any]]) -> Approval:
    """Return the decision on one call. A denial takes precedence; otherwise the last request counts."""
    decisions = [
        Approval(
            state=APPROVALS.get(status_of(request), "unknown"),
            by=text_or_none(get_field(request, "resolvedBy")),
            at=parse_time(get_field(request, "resolvedAt")),
            note=text_or_none(get_field(request, "resolutionNote")),
        )
        for request in requests
    ]
    denials = [decision for decision in decisions if decision.state == "denied"]
    return (denials or decisions or [Approval()])[-1]


def _shown_arguments(request: dict[str, Any], action: dict[str, Any]) -> dict[str, Any]:
    payload = object_field(request, "requestPayload")
    shown = object_field(payload, "definition") or object_field(payload, "arguments")
    return _with_connection(shown, payload if get_field(payload, "connectionRef") else action) if shown else {}


def _with_connection(definition: dict[str, Any], holder: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with the connection, which the platform keeps beside a definition."""
    connection = get_field(holder, "connectionRef")
    return definition if connection is None else {**definition, "connectionRef": connection}


def _error(error: Any) -> str | None:
    message = text_or_none(error.get("message")) if isinstance(error, dict) else None
    return message or (error_text(error) if error else None)


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=timezone.utc) if at and at.tzinfo is None else at

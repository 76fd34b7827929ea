"""One action run of the platform as a call, with the approval requests about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Approval, ApprovalState, Outcome, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text
from airflow_provider_vai.traces.reading.values import parse_time, require_object, require_text, text_or_none

OUTCOMES: dict[str, Outcome] = {
    "completed": "success",
    "failed": "failed",
    "cancelled": "interrupted",
    "rejected": "denied",
}
APPROVALS: dict[str, ApprovalState] = {"approved": "approved", "rejected": "denied", "denied": "denied"}
Placed = tuple[dict[str, Any], str]
"""An object and its place."""

HAS_RUN = frozenset({"completed", "failed", "running"})


def read_action_run(action: dict[str, Any], where: str, requests: list[dict[str, Any]]) -> ToolCall:
    """Return an action run as a call, of which turn, batch and a unique id are still to be told.

    What an approval request shows is the proposal; the action run's ``definition`` is what was executed.

    :param where: its place.
    :param requests: the approval requests about it.
    :raises MalformedTrace: the kind or the definition is missing or of another type.
    """
    status = status_of(action)
    approval = _decision(requests)
    outcome: Outcome = "denied" if approval.state == "denied" else OUTCOMES.get(status, "unknown")
    given = get(action, "definition")
    definition = {} if given is None else require_object(given, f"{where}.definition")
    executed = _with_connection(definition, action)
    proposal = next((asked for request in reversed(requests) if (asked := _asked(request, action))), executed)
    started_at = parse_time(get(action, "startedAt"))
    has_run = outcome != "denied" and (started_at is not None or status in HAS_RUN)
    if outcome == "denied":
        approval = approval.model_copy(update={"state": "denied"})
    elif has_run and json_text.canonical(proposal) != json_text.canonical(executed):
        approval = approval.model_copy(update={"state": "edited"})
    error = _error(get(action, "error"))
    return ToolCall(
        id="",
        tool=require_text(action.get("kind"), f"{where}.kind"),
        parent_id=text_or_none(get(action, "parentActionRunId")),
        proposed_arguments=proposal,
        arguments=executed if has_run else None,
        result=None if error or outcome in ("failed", "denied") else get(action, "result"),
        outcome=outcome,
        error=error,
        approval=approval,
        started_at=started_at,
        ended_at=parse_time(get(action, "completedAt")),
    )


def by_time(actions: list[Placed]) -> Iterator[Placed]:
    """Yield action runs as they started, as they were created where they never did, else in file order."""
    keyed, before = [], datetime.min.replace(tzinfo=timezone.utc)
    for index, (action, where) in enumerate(actions):
        created = _aware(parse_time(get(action, "createdAt")))
        before = _aware(parse_time(get(action, "startedAt"))) or created or before
        keyed.append((before, created or before, index, action, where))
    for *_, action, where in sorted(keyed, key=lambda entry: entry[:3]):
        yield action, where


def get(item: dict[str, Any], name: str) -> Any:
    """Return a field by its name in camelCase, or in snake_case where that is missing."""
    if name in item:
        return item[name]
    return item.get(re.sub("[A-Z]", lambda upper: f"_{upper[0].lower()}", name))


def member(item: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a field that is an object, or an empty object."""
    found = get(item, name)
    return found if isinstance(found, dict) else {}


def status_of(item: dict[str, Any], name: str = "status") -> str:
    """Return a status in lower case; the platform's prose writes upper case, its wire lower case."""
    return (text_or_none(get(item, name)) or "").strip().lower()


def _decision(requests: list[dict[str, Any]]) -> Approval:
    """Return what was decided on one call: a denial wins over everything, then the last request counts."""
    decisions = [
        Approval(
            state=APPROVALS.get(status_of(request), "unknown"),
            by=text_or_none(get(request, "resolvedBy")),
            at=parse_time(get(request, "resolvedAt")),
            note=text_or_none(get(request, "resolutionNote")),
        )
        for request in requests
    ]
    denials = [decision for decision in decisions if decision.state == "denied"]
    return (denials or decisions or [Approval()])[-1]


def _asked(request: dict[str, Any], action: dict[str, Any]) -> dict[str, Any]:
    payload = member(request, "requestPayload")
    shown = member(payload, "definition") or member(payload, "arguments")
    return _with_connection(shown, payload if get(payload, "connectionRef") else action) if shown else {}


def _with_connection(definition: dict[str, Any], holder: dict[str, Any]) -> dict[str, Any]:
    """Add the connection, which the platform writes beside a definition, to the arguments."""
    connection = get(holder, "connectionRef")
    return definition if connection is None else {**definition, "connectionRef": connection}


def _error(error: Any) -> str | None:
    message = text_or_none(error.get("message")) if isinstance(error, dict) else None
    return message or (error_text(error) if error else None)


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=timezone.utc) if at and at.tzinfo is None else at

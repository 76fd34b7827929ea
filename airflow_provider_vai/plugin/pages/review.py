"""The Review page of an automation: its findings, the decisions about them, activation and pause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.plugin.api.access import changing, reading
from airflow_provider_vai.plugin.api.parameters import DagId
from airflow_provider_vai.plugin.api.problems import Problem
from airflow_provider_vai.plugin.pages.finding_groups import GROUPS, OTHER, FindingGroup, group_of
from airflow_provider_vai.plugin.pages.forms import Form
from airflow_provider_vai.plugin.pages.frame import ROOT, path_of
from airflow_provider_vai.plugin.pages.sending import carried_out
from airflow_provider_vai.plugin.pages.viewed import ViewedAutomation, viewed, viewed_page
from airflow_provider_vai.plugin.routes.history import Activate, activated, paused
from airflow_provider_vai.plugin.routes.review import ItemInReview, ReviewDecisions, decided, items_in_review

router = APIRouter(prefix=ROOT, include_in_schema=False, default_response_class=HTMLResponse)

DECISIONS = {"accepted": "Accepted", "to_change": "To change"}
TICK, DECISION, NOTE = "item", "decision", "note"
"""Names of the form's fields: the ticked items, what to decide about them, and the person's own words."""


@router.get("/automations/{dag_id}/review", dependencies=reading())
def review(request: Request, user: GetUserDep, dag_id: DagId) -> Response:
    """Show the findings with their decisions."""
    return _page(viewed(request, user, dag_id))


@router.post("/automations/{dag_id}/review", dependencies=changing())
def decide(request: Request, user: GetUserDep, dag_id: DagId, form: Form) -> Response:
    """Keep a decision about the ticked items."""
    numbers = [int(number) for number in form.all(TICK) if number.isascii() and number.isdecimal()]
    if not numbers:
        raise SpecError("no item is ticked", where=TICK, remedy="Go back, and tick the items that you decided about.")
    given = [{"number": one, "decision": form.get(DECISION), "note": form.get(NOTE)} for one in numbers]

    def do() -> str:
        decided(dag_id, form.read(ReviewDecisions, {"decisions": given}), if_match=form.if_match, by=user.get_name())
        return f"{path_of('automations', dag_id, 'review')}#item-{numbers[0]}"

    return carried_out(request, user, form, do)


@router.post("/automations/{dag_id}/activate", dependencies=changing())
def activate(request: Request, user: GetUserDep, dag_id: DagId, form: Form) -> Response:
    """Activate the automation with the accepted items as reviewed; or show which items are open."""

    def do() -> str:
        activated(dag_id, Activate(reviewed="accepted"), if_match=form.if_match, by=user.get_name())
        return path_of("automations", dag_id, "review")

    try:
        return carried_out(request, user, form, do)
    except Problem as problem:
        if "open" not in problem.members:
            raise
        numbers = [one["number"] for one in problem.members["open"]]
        return _page(viewed(request, user, dag_id), refused=numbers, status_code=problem.status_code)


@router.post("/automations/{dag_id}/pause", dependencies=changing())
def pause(request: Request, user: GetUserDep, dag_id: DagId, form: Form) -> Response:
    """Pause the automation."""

    def do() -> str:
        paused(dag_id, if_match=form.if_match, by=user.get_name())
        return path_of("automations", dag_id, "review")

    return carried_out(request, user, form, do)


def _page(about: ViewedAutomation, *, refused: Sequence[int] = (), status_code: int = 200) -> HTMLResponse:
    items = items_in_review(about.sidecar)
    open_items = [item for item in items if item.number in about.open_items]
    waiting = [item.number for item in open_items if item.decision is None or item.decision.decision != "accepted"]
    shown = viewed_page(
        about,
        "review",
        groups=_grouped(open_items),
        done=_grouped([item for item in items if item.number not in about.open_items]),
        count=len(items),
        open_count=len(open_items),
        waiting=waiting,
        refused=refused,
        words=DECISIONS,
        next_run=_next_run(about),
        writes=_writes(about.sidecar.steps),
        steps={step.key for step in about.sidecar.steps},
        is_live=about.status == "active" and not waiting,
    )
    shown.status_code = status_code
    return shown


def _grouped(items: Sequence[ItemInReview]) -> list[tuple[FindingGroup, list[ItemInReview]]]:
    """Return the items by kind of finding, the most urgent kind first."""
    found: dict[str, list[ItemInReview]] = {}
    for item in items:
        found.setdefault(group_of(item.code).title, []).append(item)
    return [(group, found[group.title]) for group in (*GROUPS, OTHER) if group.title in found]


def _writes(steps: Sequence[Step]) -> dict[str, list[str]]:
    """Return the keys of the steps that write: those behind an approval, and those that nobody has to approve."""
    writes = [step for step in steps if step.effect == "write"]
    return {
        "approved": [step.key for step in writes if step.approval.gate],
        "free": [step.key for step in writes if not step.approval.gate],
    }


def _next_run(about: ViewedAutomation) -> dict[str, Any] | None:
    """Return when Airflow plans the next run, and whether that time has passed; ``None`` without a schedule."""
    at = about.dag.next_run
    return None if at is None else {"at": at, "is_past": at <= datetime.now(timezone.utc)}

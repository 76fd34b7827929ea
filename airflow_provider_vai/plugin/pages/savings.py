"""What runs saved compared with the recorded run: of one automation, and of all."""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from airflow_provider_vai.plugin.api.access import READ_RUNS, reading
from airflow_provider_vai.plugin.api.parameters import DagId, Offset
from airflow_provider_vai.plugin.pages.amounts import amounts
from airflow_provider_vai.plugin.pages.frame import ROOT, page
from airflow_provider_vai.plugin.pages.viewed import viewed, viewed_page
from airflow_provider_vai.plugin.routes.all_savings import saved_by_all
from airflow_provider_vai.plugin.routes.savings import saved_by

router = APIRouter(prefix=ROOT, include_in_schema=False, default_response_class=HTMLResponse)

RUNS, ROWS = 100, 50


@router.get("/automations/{dag_id}/savings", dependencies=reading(DagAccessEntity.RUN))
def savings(request: Request, dag_id: DagId, user: GetUserDep) -> Response:
    """Show what the newest runs of an automation cost and saved."""
    about = viewed(request, user, dag_id)
    return viewed_page(about, "savings", found=saved_by(dag_id, RUNS), amounts=amounts, limit=RUNS)


@router.get("/savings", dependencies=READ_RUNS)
def all_savings(request: Request, user: GetUserDep, at: Offset = 0) -> Response:
    """Show what the automations saved whose runs the user may see."""
    found = saved_by_all(user, limit=ROWS, offset=at)
    return page(request, "all_savings.html", section="savings", found=found, amounts=amounts)

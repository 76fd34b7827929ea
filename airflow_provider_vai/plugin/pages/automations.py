"""The list of automations, and the tabs that Airflow shows on a DAG and on a task instance."""

from __future__ import annotations

from typing import Annotated, get_args

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from airflow_provider_vai.plugin.api.access import READ_ANY, reading
from airflow_provider_vai.plugin.api.automation_response import Status
from airflow_provider_vai.plugin.api.parameters import DagId, Offset
from airflow_provider_vai.plugin.api.stored_automation import read_any_state
from airflow_provider_vai.plugin.pages.frame import ROOT, page, path_of, redirect
from airflow_provider_vai.plugin.pages.viewed import may_edit_connections
from airflow_provider_vai.plugin.routes.automations import listed

router = APIRouter(prefix=ROOT, include_in_schema=False, default_response_class=HTMLResponse)

ROWS = 50


@router.get("", dependencies=READ_ANY)
@router.get("/", dependencies=READ_ANY)
def start(request: Request) -> Response:
    """Open the list: the address that Airflow's navigation has."""
    return redirect(request, "automations")


@router.get("/automations", dependencies=READ_ANY)
def automations(
    request: Request,
    user: GetUserDep,
    q: Annotated[str, Query(max_length=200)] = "",
    status: Annotated[str, Query(max_length=20)] = "",
    at: Offset = 0,
) -> Response:
    """List the automations whose DAGs the user may read."""
    statuses = get_args(Status)
    chosen: Status | None = next((name for name in statuses if name == status), None)
    found = listed(user, limit=ROWS, offset=at, status=chosen, q=q or None)
    query = path_of(q=q or None, status=chosen).removeprefix("?")
    return page(
        request,
        "automations.html",
        section="automations",
        items=found.items,
        total=found.total,
        limit=ROWS,
        offset=at,
        q=q,
        status=status,
        statuses=statuses,
        query=f"{query}&" if query else "",
        may_author=may_edit_connections(user),
    )


@router.get("/dag/{dag_id}", dependencies=reading())
def dag_tab(request: Request, user: GetUserDep, dag_id: DagId) -> Response:
    """Open the automation of a DAG: the tab that Airflow shows on each DAG, ours or not."""
    if read_any_state(dag_id).sidecar is None:
        return page(request, "elsewhere.html", may_author=may_edit_connections(user))
    return redirect(request, path_of("automations", dag_id, "review"))

"""What a DAG run made: its flashboards in place, and the files that its steps wrote."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from airflow_provider_vai.plugin.api import artifacts
from airflow_provider_vai.plugin.api.access import reading
from airflow_provider_vai.plugin.api.artifacts import ArtifactShown
from airflow_provider_vai.plugin.api.parameters import DagId
from airflow_provider_vai.plugin.api.task_places import query_of
from airflow_provider_vai.plugin.pages.frame import ROOT, as_json
from airflow_provider_vai.plugin.pages.viewed import viewed, viewed_page

router = APIRouter(prefix=ROOT, include_in_schema=False, default_response_class=HTMLResponse)

RUNS = 50
"""The newest DAG runs, among which a person chooses."""

Name = Annotated[str | None, Query(max_length=250)]


@router.get("/automations/{dag_id}/results", dependencies=reading(DagAccessEntity.XCOM))
def results(
    request: Request,
    user: GetUserDep,
    dag_id: DagId,
    session: SessionDep,
    *,
    run: Name = None,
    show: Name = None,
    index: int = -1,
    in_round: Name = None,
) -> Response:
    """Show the results of a DAG run.

    :param run: the run; by default the newest one that wrote something. :param show: the task whose file is shown as
        text. :param index: the map index of that task. :param in_round: its round in a loop.
    """
    about = viewed(request, user, dag_id)
    runs = artifacts.newest_runs(session, dag_id, RUNS)
    names = [one.run_id for one in runs]
    asked = [name for name in names if name == run]
    found = artifacts.listed(session, dag_id, asked or names)
    chosen = next(iter(asked), None) or next((one.run_id for one in found), None)
    items = [one for one in found if one.run_id == chosen]
    text = None
    if chosen is not None and show is not None:
        value = artifacts.content(session, dag_id, chosen, show, index, loop_round=in_round).value()
        text = "" if value is None else as_json(value)
    return viewed_page(
        about,
        "results",
        runs=runs,
        chosen=chosen,
        boards=[(one, _place(one)) for one in items if one.form == "html"],
        items=[(one, _place(one)) for one in items],
        steps={step.task_id: step.kind for step in about.sidecar.steps},
        show=(show, index, in_round) if text is not None else None,
        text=text,
    )


def _place(one: ArtifactShown) -> str:
    """Return the end of the address of a task instance's file: its ids, each quoted."""
    path = "/".join(quote(part, "") for part in (one.run_id, one.task_id))
    return f"{path}{query_of(one.map_index, one.round)}"

"""The runs of an automation, one run, and the form that starts one."""

from __future__ import annotations

import json

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from airflow_provider_vai.plugin.api.access import READ_RUN, changing, reading
from airflow_provider_vai.plugin.api.parameters import DagId, Offset
from airflow_provider_vai.plugin.api.request_body import RequestBody
from airflow_provider_vai.plugin.pages.amounts import amounts, between
from airflow_provider_vai.plugin.pages.forms import Form
from airflow_provider_vai.plugin.pages.frame import ROOT, path_of
from airflow_provider_vai.plugin.pages.param_fields import conf_of, fields_of
from airflow_provider_vai.plugin.pages.sending import carried_out
from airflow_provider_vai.plugin.pages.viewed import viewed, viewed_page
from airflow_provider_vai.plugin.routes.dag_runs import NewRun, detail, listed, started

router = APIRouter(prefix=ROOT, include_in_schema=False, default_response_class=HTMLResponse)

ROWS = 25

TRIGGERED_BY = {
    "rest_api": "HTTP API",
    "ui": "Airflow's UI",
    "cli": "command line",
    "timetable": "schedule",
    "asset": "event",
    "backfill": "backfill",
    "operator": "another DAG",
    "parent_dag": "another DAG",
}
"""Airflow's names for what started a run, in words."""

RESULT_WORDS = {
    "equal bytes": ("as recorded", "ok"),
    "equal": ("as recorded", "ok"),
    "equal but for": ("as recorded", "ok"),
    "same schema": ("other values, same fields", ""),
    "drifted": ("fields changed", "warning"),
}
"""How a result compares with the recorded one: words, and the look of the badge."""


WAITING = ("awaiting_input", "deferred")
"""Airflow's states of a gate that waits for an answer; versions before 3.3 only have the second one."""


@router.get("/automations/{dag_id}/runs", dependencies=reading(DagAccessEntity.RUN))
def runs(request: Request, dag_id: DagId, user: GetUserDep, at: Offset = 0) -> Response:
    """List the runs of an automation, newest first, with a form that starts one."""
    about = viewed(request, user, dag_id)
    found = listed(dag_id, limit=ROWS, offset=at)
    fields = fields_of(about.sidecar.params)
    return viewed_page(about, "runs", found=found, fields=fields, between=between, triggered_by=TRIGGERED_BY)


@router.post("/automations/{dag_id}/runs", dependencies=changing("POST", DagAccessEntity.RUN))
def start(request: Request, dag_id: DagId, user: GetUserDep, form: Form) -> Response:
    """Start a run, and show it."""

    def do() -> str:
        given = conf_of(form, viewed(request, user, dag_id).sidecar.params)
        body = RequestBody(json.dumps({"conf": given}).encode("ascii"), "application/json")
        return path_of("automations", dag_id, "runs", started(dag_id, body.read(NewRun).conf, user.get_name()).run_id)

    return carried_out(request, user, form, do)


@router.get("/automations/{dag_id}/runs/{run_id}", dependencies=READ_RUN)
def run(request: Request, dag_id: DagId, run_id: str, user: GetUserDep) -> Response:
    """Show what each step of a run did."""
    about = viewed(request, user, dag_id)
    found = detail(dag_id, run_id)
    return viewed_page(
        about,
        "runs",
        template="run.html",
        run=found,
        waits=[step for step in found.steps if step.kind == "approval_gate" and step.state in WAITING],
        waiting=WAITING,
        amounts=amounts,
        between=between,
        triggered_by=TRIGGERED_BY,
        result_words=RESULT_WORDS,
    )

"""The files that steps wrote: listed by ``/api/v1/automations/{dag_id}/artifacts``, downloaded by task instance."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Query, Response

from airflow_provider_vai.plugin.api import artifacts
from airflow_provider_vai.plugin.api.access import reading
from airflow_provider_vai.plugin.api.artifacts import ArtifactShown, Form
from airflow_provider_vai.plugin.api.json_response import MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.parameters import DagId
from airflow_provider_vai.plugin.api.stored_automation import existing
from airflow_provider_vai.plugin.routes.flashboards import HEADERS

TYPES: dict[Form, str] = {"json": "application/json", "parquet": "application/vnd.apache.parquet", "html": "text/html"}

router = APIRouter(tags=["runs"])


class ArtifactList(ResponseModel):
    """The artifacts of DAG runs, those of the newest run first."""

    items: list[ArtifactShown]


class ArtifactResponse(Response):
    """An answer that is a file to save, which no browser shows as a page."""

    media_type = "application/octet-stream"


@router.get(
    "/api/v1/automations/{dag_id}/artifacts",
    dependencies=reading(DagAccessEntity.XCOM),
    response_model=ArtifactList,
)
def listing(
    dag_id: DagId, session: SessionDep, run_id: str | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 10
) -> Response:
    """List the files that steps wrote: large results and flashboards.

    :param run_id: a DAG run; by default the newest ones. :param limit: the most DAG runs.
    """
    existing(dag_id)
    runs = [run.run_id for run in artifacts.newest_runs(session, dag_id, limit)] if run_id is None else [run_id]
    return MaskedJson(ArtifactList(items=artifacts.listed(session, dag_id, runs)))


@router.get(
    "/artifacts/{dag_id}/{run_id}/{task_id}",
    dependencies=reading(DagAccessEntity.XCOM),
    response_class=ArtifactResponse,
)
def download(
    dag_id: DagId, run_id: str, task_id: str, session: SessionDep, *, map_index: int = -1, loop_round: str = ""
) -> Response:
    """Send the file that a task instance wrote.

    :param loop_round: the round of a task in a loop of Airflow 3.4.
    """
    found = artifacts.content(session, dag_id, run_id, task_id, map_index, loop_round=loop_round)
    index, in_round = f"-{map_index}" if map_index >= 0 else "", f"@{loop_round}" if loop_round else ""
    name = f"{task_id}{index}{in_round}.{found.form}"
    headers = {**HEADERS, "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, '')}"}
    return ArtifactResponse(found.content, headers=headers, media_type=TYPES[found.form])

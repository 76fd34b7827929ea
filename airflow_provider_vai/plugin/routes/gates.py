"""The whole question of a gate whose arguments are too long for Airflow's own page."""

from __future__ import annotations

import hashlib

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import HTMLResponse

from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.plugin.routes.flashboards import HEADERS

router = APIRouter(prefix="/gates", dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.TASK_INSTANCE))])


@router.get("/{dag_id}/{run_id}/{task_id}", response_class=HTMLResponse)
def question(
    dag_id: str, run_id: str, task_id: str, sha256: str, *, map_index: int = -1, loop_round: str = ""
) -> HTMLResponse:
    """Serve the page that a gate wrote for its question.

    :param sha256: the digest of the page, as the question's link names it: a later question of the same gate replaces
        the page.
    :param loop_round: the round of a gate in a loop.
    """
    try:
        content = results.path_of(dag_id, run_id, task_id, map_index, "html", loop_round=loop_round).read_bytes()
    except FileNotFoundError:
        content = None
    if content is None or hashlib.sha256(content).hexdigest() != sha256:
        raise HTTPException(404, "the page of this question is gone: open the gate's current question")
    return HTMLResponse(content, headers=HEADERS)

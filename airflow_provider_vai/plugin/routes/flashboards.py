"""The pages that ``create_flashboard`` made, for users who may see the task that made them.

A request names a task instance, never a file. The page of a task instance is served only if it lies where that task
instance keeps its artifact, and has the digest that the task's result in Airflow's database names.
"""

from __future__ import annotations

from urllib.parse import quote

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse

from airflow_provider_vai.plugin.api import flashboard_pages
from airflow_provider_vai.plugin.api.task_places import query_of

HEADERS = {
    # The page contains no script and loads nothing. If somebody replaced it by one that does, the browser grants it
    # nothing: no script, no form, no origin, no frame on another site.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'self'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

router = APIRouter(
    prefix="/flashboards", dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.TASK_INSTANCE))]
)


@router.get("/{dag_id}/{task_id}/latest", response_class=RedirectResponse)
def latest(dag_id: str, task_id: str, session: SessionDep, map_index: int = -1) -> RedirectResponse:
    """Redirect to the page of the newest run, see :func:`flashboard_pages.newest_run`.

    The pages of a task with the id ``latest`` cannot be reached.
    """
    found = flashboard_pages.newest_run(session, dag_id, task_id, map_index)
    if found is None:
        raise HTTPException(404, f"the task {task_id!r} of {dag_id!r} has not succeeded in any run")
    run_id, loop_round = found
    query = query_of(map_index, loop_round)
    # relative: a proxy may serve Airflow below a path that it does not know
    address = f"../{quote(run_id, '')}/{quote(task_id, '')}{query}"
    return RedirectResponse(address, headers={"Cache-Control": "no-store"})


@router.get("/{dag_id}/{run_id}/{task_id}", response_class=HTMLResponse)
def page(
    dag_id: str, run_id: str, task_id: str, session: SessionDep, *, map_index: int = -1, loop_round: str = ""
) -> HTMLResponse:
    """Serve the page of one task instance, with a footer that says where it comes from."""
    try:
        content = flashboard_pages.with_footer(session, dag_id, run_id, task_id, map_index, loop_round=loop_round)
    except flashboard_pages.NoPage as error:
        raise HTTPException(404, str(error)) from None
    return HTMLResponse(content, headers=HEADERS)

"""The pages that ``create_flashboard`` made, for whoever may see the task that made them.

A request names a task instance, never a file. Which page belongs to it is read from its result in Airflow's database,
and the page is served only if it stands where that task instance keeps its artifact, with the digest of the result.
"""

from __future__ import annotations

from urllib.parse import quote

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse

from airflow_provider_vai.plugin.api import stored_pages

HEADERS = {
    # The page holds no script and loads nothing. A page that does all the same, because somebody replaced it, gets a
    # place without rights: no script, no form, no origin, no frame elsewhere.
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


@router.get("/{dag_id}/{task_id}/latest")
def latest(dag_id: str, task_id: str, session: SessionDep, map_index: int = -1) -> RedirectResponse:
    """Lead to the page of the newest run, see :func:`stored_pages.newest_run`.

    A task with the id ``latest`` has no address of its own.
    """
    run_id = stored_pages.newest_run(session, dag_id, task_id, map_index)
    if run_id is None:
        raise HTTPException(404, f"the task {task_id!r} of {dag_id!r} succeeded in no run")
    index = f"?map_index={map_index}" if map_index >= 0 else ""
    # relative: the server may stand below a path that it does not know
    address = f"../{quote(run_id, '')}/{quote(task_id, '')}{index}"
    return RedirectResponse(address, headers={"Cache-Control": "no-store"})


@router.get("/{dag_id}/{run_id}/{task_id}")
def page(dag_id: str, run_id: str, task_id: str, session: SessionDep, map_index: int = -1) -> HTMLResponse:
    """Serve the page of one task instance."""
    try:
        content = stored_pages.content(session, dag_id, run_id, task_id, map_index)
    except stored_pages.NoPage as error:
        raise HTTPException(404, str(error)) from None
    return HTMLResponse(content, headers=HEADERS)

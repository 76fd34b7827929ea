"""Errors as pages: what is wrong, what to do, and what the user had typed, so that nothing is lost."""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException, Request, Response

from airflow_provider_vai.analysis.diff.side_by_side import side_by_side
from airflow_provider_vai.exceptions import EditedByHand, VaiError
from airflow_provider_vai.plugin.api.problems import described
from airflow_provider_vai.plugin.api.stored_automation import read_any_state
from airflow_provider_vai.plugin.pages.forms import PageForm, new_key
from airflow_provider_vai.plugin.pages.frame import page, path_in_app

TITLES = {
    401: "You are signed out",
    403: "You may not do this",
    404: "Not found",
    409: "Not done",
    412: "Somebody changed it meanwhile",
    422: "Not saved",
}


MOST_CONFLICTS = 20
KEEP_ONE = {"dag_file": "Keep the edits in the DAG file", "sidecar": "Keep the edits in the sidecar"}
DROP = {"none": "Drop the edits by hand"}
"""What can be done about edits by hand that contradict a change: what to keep, and the words of the button."""


def error_page(request: Request, error: Exception) -> Response:
    """Return the page for an error, whatever it is."""
    problem, headers = described(error)
    form = getattr(request.state, "form", None)
    conflicts = error.conflicts if isinstance(error, EditedByHand) else ()
    shown = page(
        request,
        "error.html",
        problem.status,
        title=TITLES.get(problem.status, problem.title),
        problem=problem,
        form=form,
        key=new_key(),
        dag_id=request.path_params.get("dag_id", ""),
        address=path_in_app(request),
        conflicts=[side_by_side(edited, rendered) for edited, rendered in conflicts[:MOST_CONFLICTS]],
        ways_out=_ways_out(request) if conflicts else {},
        newer=_newer(request, form) if problem.status == 412 else None,
        tab=None,
    )
    shown.headers.update({name: value for name, value in headers.items() if name.lower() == "retry-after"})
    return shown


def _ways_out(request: Request) -> dict[str, str]:
    """Return what can be done about edits by hand that contradict each other or a change, with the buttons' words."""
    try:
        return KEEP_ONE if read_any_state(request.path_params.get("dag_id", "")).is_edited else DROP
    except (HTTPException, VaiError):
        return {}


def _newer(request: Request, form: PageForm | None) -> dict[str, Any] | None:
    """Return what happened to the automation since the form was made: its newest entry, and the entries in between."""
    dag_id = request.path_params.get("dag_id", "")
    try:
        state = read_any_state(dag_id)
        entries = list(state.log.entries())
    except (HTTPException, VaiError):
        return None
    based_on = form.get("entry") if form else ""
    return {
        "entry": state.number,
        "since": [entry for entry in entries if not based_on.isdecimal() or entry.number > int(based_on)],
    }

"""Errors as pages: what is wrong, what to do, and what the user had typed, so that nothing is lost."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fastapi import HTTPException, Request, Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from airflow_provider_vai.analysis.diff.side_by_side import side_by_side
from airflow_provider_vai.analysis.diff.spec_diff import diff
from airflow_provider_vai.exceptions import EditedByHand, VaiError
from airflow_provider_vai.plugin.api.access import own_request
from airflow_provider_vai.plugin.api.problems import described
from airflow_provider_vai.plugin.api.request_body import RequestBody, read_bytes
from airflow_provider_vai.plugin.api.stored_automation import read_any_state
from airflow_provider_vai.plugin.pages.forms import FORM_TYPE, PageForm, new_key, page_form
from airflow_provider_vai.plugin.pages.frame import page, path_in_app

TITLES = {
    401: "You are signed out",
    403: "You may not do this",
    404: "Not found",
    409: "Not done",
    412: "Somebody changed it meanwhile",
    422: "Not saved",
}


UNKNOWN_LOGIN = (403, "Invalid JWT token")
MOST_CONFLICTS = 20
MOST_KEPT, KEPT_SECONDS = 200_000, 10.0
"""The largest form, in bytes, that is kept for somebody who is signed out, and how long it may take to arrive."""

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


def as_signed_out(error: Exception) -> Exception:
    """Return an error for a browser: a login that the server no longer knows, as after a new secret, is none.

    Airflow answers 403 to it, which would say that the person may not do this.
    """
    is_unknown = isinstance(error, StarletteHTTPException) and (error.status_code, error.detail) == UNKNOWN_LOGIN
    return HTTPException(401, "your login is not valid any more") if is_unknown else error


async def with_typed(request: Request, error: Exception) -> None:
    """Keep what a person typed if the form was refused before it was read, because they are signed out.

    Only a form of our own pages is kept: another site could otherwise fill in what the person then sends.
    """
    if getattr(error, "status_code", 0) != 401 or request.method != "POST":
        return
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != FORM_TYPE:
        return
    with suppress(HTTPException):
        await own_request(request)
        page_form(request, RequestBody(await read_bytes(request, MOST_KEPT, KEPT_SECONDS), content_type))


def _newer(request: Request, form: PageForm | None) -> dict[str, Any] | None:
    """Return what happened to the automation since the form was made: its newest entry, the entries in between, and
    what they changed."""
    dag_id = request.path_params.get("dag_id", "")
    try:
        state = read_any_state(dag_id)
        entries = list(state.log.entries())
    except (HTTPException, VaiError):
        return None
    based_on = form.get("entry") if form else ""
    number = int(based_on) if based_on.isascii() and based_on.isdecimal() and len(based_on) < 10 else -1
    before = next((entry for entry in entries if entry.number <= number), None)
    return {
        "entry": state.number,
        "since": [entry for entry in entries if entry.number > number],
        "changes": diff(before.sidecar.automation, state.sidecar.automation) if before and state.sidecar else [],
    }

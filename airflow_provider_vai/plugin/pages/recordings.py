"""One recording: its calls, what becomes of each, and the way from a preview to an automation."""

from __future__ import annotations

import json
from typing import Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from airflow_provider_vai.authoring.stored_recordings import Stored
from airflow_provider_vai.exceptions import UnmappedTool, VaiError
from airflow_provider_vai.model.kinds import callable_kinds
from airflow_provider_vai.plugin.api import reading
from airflow_provider_vai.plugin.api.access import AUTHOR_NEW, READ_RECORDINGS
from airflow_provider_vai.plugin.api.parameters import RecordingId
from airflow_provider_vai.plugin.api.problems import ProblemDetails, described
from airflow_provider_vai.plugin.pages import crystallize_form
from airflow_provider_vai.plugin.pages.crystallize_form import ChosenOptions
from airflow_provider_vai.plugin.pages.forms import Form, new_key
from airflow_provider_vai.plugin.pages.frame import ROOT, page, path_of
from airflow_provider_vai.plugin.pages.imports import newest_recordings
from airflow_provider_vai.plugin.pages.preview import EFFECTS, PreviewShown
from airflow_provider_vai.plugin.pages.remedies import in_words
from airflow_provider_vai.plugin.pages.sending import carried_out
from airflow_provider_vai.plugin.routes import crystallizing
from airflow_provider_vai.plugin.routes.crystallizing import Source
from airflow_provider_vai.plugin.routes.recordings import found

router = APIRouter(prefix=ROOT, include_in_schema=False, default_response_class=HTMLResponse)

MOST_OTHERS = 20
"""Other recordings that the form offers to crystallize together with this one."""

MOST_CALLS = 500
"""Calls that the page shows; the others are named by number."""


@router.get("/recordings/{source}/{recording_id:path}", dependencies=READ_RECORDINGS)
def recording(request: Request, user: GetUserDep, source: Source, recording_id: RecordingId) -> Response:
    """Show a recording, and what it would become without any choice of the user's."""
    entry = found(source, recording_id)
    return _shown(request, user, entry, ChosenOptions())


@router.post("/recordings/{source}/{recording_id:path}", dependencies=AUTHOR_NEW)
def crystallize(request: Request, user: GetUserDep, source: Source, recording_id: RecordingId, form: Form) -> Response:
    """Preview the automation that the recording would become with the choices of the form, or make it.

    What is refused is said on the same page, with the choices kept. A change meanwhile is an error page.
    """
    entry = found(source, recording_id)
    chosen = crystallize_form.read(form)
    if form.get("do") != "crystallize":
        return _shown(request, user, entry, chosen)

    def make() -> str:
        body = crystallize_form.body_of(chosen)
        made = crystallizing.draft(user, entry, body)
        crystallizing.written(made, by=user.get_name(), summary=body.summary, if_match=form.if_match)
        return path_of("automations", made.automation.dag_id, "review")

    try:
        return carried_out(request, user, form, make)
    except (VaiError, HTTPException) as error:
        problem = described(error)[0]
        if problem.status in (403, 412) or problem.status >= 500:
            raise
        return _shown(request, user, entry, chosen, problem=_problem(error))


def _shown(
    request: Request,
    user: Any,
    entry: Stored,
    chosen: ChosenOptions,
    *,
    problem: ProblemDetails | None = None,
) -> Response:
    run = json.loads(reading.shown_run(entry))
    shown, status = None, problem.status if problem else 200
    try:
        made = crystallizing.preview(crystallizing.draft(user, entry, crystallize_form.body_of(chosen)))
        shown = PreviewShown(made)
    except (VaiError, HTTPException) as error:
        problem = problem or _problem(error)
        status = problem.status if chosen.was_sent else 200
    return page(
        request,
        "recording.html",
        status,
        section="import",
        entry=entry,
        run=run,
        calls=list(enumerate(run["calls"][:MOST_CALLS], 1)),
        chosen=chosen,
        rules={rule["tool"] for rule in chosen.rules if rule["kind"]},
        effects=EFFECTS,
        preview=shown,
        problem=problem,
        tools=crystallize_form.tools_of(run, chosen),
        kinds=callable_kinds(),
        others=[(one, crystallize_form.name_of(one.source, one.trace_sha256, one.run_id)) for one in _others(entry)],
        key=new_key(),
    )


def _others(entry: Stored) -> list[Stored]:
    """Return the other recordings that may be of the same task, those with the same title first."""
    others = [one for one in newest_recordings() if (one.source, one.run_id) != (entry.source, entry.run_id)]
    return sorted(others, key=lambda one: one.title != entry.title)[:MOST_OTHERS]


def _problem(error: Exception) -> ProblemDetails:
    """Return what is wrong, with a remedy in the words of this page instead of those of the command line."""
    problem = described(error)[0]
    if isinstance(error, UnmappedTool):
        remedy = "Choose a kind for each of these tools below, or leave its calls out."
    elif problem.status == 428:
        problem = problem.model_copy(update={"detail": "an automation with this DAG id exists already"})
        remedy = "Look at the preview: it says what would change. Then crystallize again."
    else:
        remedy = in_words(problem.remedy)
    return problem.model_copy(update={"remedy": remedy})

"""The page that proposes how each run can work out an argument of a step, with a button for each proposal."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.model.step_graph import GATE
from airflow_provider_vai.plugin.api.access import READ_RECORDING_OF, authoring
from airflow_provider_vai.plugin.api.parameters import DagId, StepKey
from airflow_provider_vai.plugin.pages.forms import Form, PageForm
from airflow_provider_vai.plugin.pages.frame import ROOT, path_of
from airflow_provider_vai.plugin.pages.sending import carried_out
from airflow_provider_vai.plugin.pages.viewed import ViewedAutomation, viewed, viewed_page
from airflow_provider_vai.plugin.routes.choices import LiftedArgument, ModelText, lifted, written_by_model
from airflow_provider_vai.plugin.routes.derivations import AcceptedDerivation, accepted, proposed

router = APIRouter(prefix=ROOT, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/automations/{dag_id}/steps/{key}/derive", dependencies=READ_RECORDING_OF)
def derive(
    request: Request,
    user: GetUserDep,
    dag_id: DagId,
    key: StepKey,
    *,
    place: Annotated[str, Query(max_length=1000)] = "",
    say: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """Show the proposals for a place; ``say`` has one hint per line."""
    return _shown(viewed(request, user, dag_id), key, place, say)


@router.post("/automations/{dag_id}/steps/{key}/derive", dependencies=authoring())
def accept(request: Request, user: GetUserDep, dag_id: DagId, key: StepKey, form: Form) -> Response:
    """Accept a proposal, or make the value a param, or let a model write it, as a new version."""
    about = viewed(request, user, dag_id)

    def do() -> str:
        _carry_out(dag_id, key, form, user.get_name())
        return f"{path_of('automations', dag_id, 'steps')}#{path_of('step-' + key)}"

    try:
        return carried_out(request, user, form, do)
    except VaiError as error:
        return _shown(about, key, form.get("place"), form.get("say"), error)


def _carry_out(dag_id: str, key: str, form: PageForm, by: str) -> None:
    place, choice = form.get("place"), form.get("do")
    if choice == "lift":
        name = form.get("name").strip() or None
        lift = form.read(LiftedArgument, {"place": place, "name": name})
        lifted(dag_id, key, lift, if_match=form.if_match, by=by)
    elif choice == "model":
        reads = form.get("reads").split()
        given = {"place": place, "reads": reads, "conn_id": form.get("conn_id").strip() or None}
        written_by_model(dag_id, key, form.read(ModelText, given), if_match=form.if_match, by=by)
    else:
        accepted(dag_id, key, _given(form), if_match=form.if_match, by=by)


def _given(form: PageForm) -> AcceptedDerivation:
    number = form.get("number")
    given = {
        "place": form.get("place"),
        "say": _hints(form.get("say")),
        "number": int(number) if number.isascii() and number.isdigit() else 0,
        "ungated": bool(form.get("ungated")),
    }
    return form.read(AcceptedDerivation, given)


def _shown(about: ViewedAutomation, key: str, place: str, say: str, error: VaiError | None = None) -> HTMLResponse:
    found = None
    try:
        found = proposed(about.dag_id, key, place, _hints(say))
    except VaiError as refused:
        error = error or refused
    values = {"key": key, "place": place, "say": say, "found": found, "error": error, "reads": _sources(about, key)}
    shown = viewed_page(about, "steps", template="derive.html", **values)
    shown.status_code = 422 if error else 200
    return shown


def _sources(about: ViewedAutomation, key: str) -> list[str]:
    """Return the reads before a step: what a model may be given."""
    keys = [step.key for step in about.sidecar.steps]
    before = about.sidecar.steps[: keys.index(key)] if key in keys else []
    return [step.key for step in before if step.effect == "read" and step.kind != GATE]


def _hints(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]

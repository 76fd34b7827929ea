"""The page of one step, with the forms to change, move and remove it; and the form of a new step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse

from airflow_provider_vai.authoring.deriving import derivable_places
from airflow_provider_vai.authoring.editing.edit_requests import RemoveStep
from airflow_provider_vai.authoring.editing.names import names_of
from airflow_provider_vai.authoring.editing.settings import STEP_OPTIONS
from airflow_provider_vai.authoring.specs.typed import data
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.languages.identifiers import Names
from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.kinds import Kind, by_name
from airflow_provider_vai.model.outside import outside_problem
from airflow_provider_vai.model.step_graph import GATE, guarded_by, readers, unit
from airflow_provider_vai.plugin.api.access import authoring, reading
from airflow_provider_vai.plugin.api.parameters import DagId, StepKey
from airflow_provider_vai.plugin.pages.controls import (
    SOURCES,
    Control,
    changes,
    controls,
    digests,
    plain_changes,
    retyped,
)
from airflow_provider_vai.plugin.pages.forms import WAS, Form, PageForm
from airflow_provider_vai.plugin.pages.frame import ROOT, path_of
from airflow_provider_vai.plugin.pages.last_run import last_run
from airflow_provider_vai.plugin.pages.sending import carried_out
from airflow_provider_vai.plugin.pages.source_choices import chosen, place_choices
from airflow_provider_vai.plugin.pages.steps import LISTED_STEPS, explained, found_in
from airflow_provider_vai.plugin.pages.viewed import ViewedAutomation, viewed, viewed_page
from airflow_provider_vai.plugin.routes.automations import Changes, changed as change_settings
from airflow_provider_vai.plugin.routes.steps import (
    ChangedStep,
    FrozenValues,
    NewStep,
    StepPosition,
    added,
    changed,
    moved,
    removed,
)

router = APIRouter(prefix=ROOT, include_in_schema=False, default_response_class=HTMLResponse)

NAME = "name"
"""Name of the field with the step's key; ``key`` is the key of the sending."""

OPTIONS = {
    "each": "For each element of a list: the step and the path as JSON",
    "concurrency": "Elements at once",
    "trigger_rule": "Trigger rule",
    "retries": "Retries",
    "retry_delay_seconds": "Seconds between retries",
    "timeout_seconds": "Timeout in seconds",
    "asset": "Emit an asset event on success",
}
"""The options of a step in words."""

FREEZE = "freeze:"
"""Start of the names of the fields with what takes the place of a removed step's result."""


@router.get("/automations/{dag_id}/steps/{key}", dependencies=reading())
def step(request: Request, user: GetUserDep, dag_id: DagId, key: StepKey, check: bool = False) -> Response:
    """Show one step, with forms for those who may author; ``check`` lints it among many steps as well."""
    about = viewed(request, user, dag_id)
    return _step_page(about, _found(about, key), check=check)


@router.post("/automations/{dag_id}/steps/{key}", dependencies=authoring())
def change(request: Request, user: GetUserDep, dag_id: DagId, key: StepKey, form: Form) -> Response:
    """Change the step: one new version with everything that the person changed in the form."""
    about = viewed(request, user, dag_id)

    def do() -> str:
        given = form.read(ChangedStep, _changed(form, _found(about, key)))
        changed(dag_id, key, given, if_match=form.if_match, by=user.get_name())
        return _row(dag_id, form.get(NAME).strip() or key)

    def again(error: SpecError) -> Response:
        return _step_page(about, _found(about, key), form=form, error=error)

    return _sent(request, user, form, do, again)


@router.post("/automations/{dag_id}/steps/{key}/source", dependencies=authoring())
def choose_source(request: Request, user: GetUserDep, dag_id: DagId, key: StepKey, form: Form) -> Response:
    """Let a value of the step come from another source, one of those that the page offers: one new version."""
    about = viewed(request, user, dag_id)
    place = form.get("place")

    def do() -> str:
        choice = chosen(about.sidecar, _found(about, key), place, form.get("choice"))
        if choice is None:
            raise SpecError(
                "this source is not offered for it, or not any more", where=place, remedy="Choose another one."
            )
        summary = f"changed the source of {key}.{place} to {choice.words}"
        given = {"arguments": {key: {place: choice.value}}, "params": dict(choice.params or {}), "summary": summary}
        change_settings(dag_id, form.read(Changes, given), if_match=form.if_match, by=user.get_name())
        return _row(dag_id, key)

    def again(error: SpecError) -> Response:
        return _step_page(about, _found(about, key), form=form, error=error)

    return _sent(request, user, form, do, again)


@router.post("/automations/{dag_id}/steps/{key}/move", dependencies=authoring())
def move(request: Request, user: GetUserDep, dag_id: DagId, key: StepKey, form: Form) -> Response:
    """Move the step."""
    about = viewed(request, user, dag_id)

    def do() -> str:
        given = form.read(StepPosition, _position(form))
        moved(dag_id, key, given, if_match=form.if_match, by=user.get_name())
        return _row(dag_id, key)

    def again(error: SpecError) -> Response:
        return _step_page(about, _found(about, key), form=form, error=error)

    return _sent(request, user, form, do, again)


@router.post("/automations/{dag_id}/steps/{key}/remove", dependencies=authoring())
def remove(request: Request, user: GetUserDep, dag_id: DagId, key: StepKey, form: Form) -> Response:
    """Remove the step, with values for the places that read its result."""
    about = viewed(request, user, dag_id)
    freeze = {name.removeprefix(FREEZE): data(text) for name, text in form.fields if name.startswith(FREEZE) and text}
    edit = RemoveStep(key, freeze=freeze, ungate=bool(form.get("ungate")), unbranch=bool(form.get("unbranch")))

    def do() -> str:
        form.read(FrozenValues, {"freeze": freeze})
        removed(dag_id, edit, if_match=form.if_match, by=user.get_name())
        return path_of("automations", dag_id, "steps")

    def again(error: SpecError) -> Response:
        return _step_page(about, _found(about, key), form=form, error=error)

    return _sent(request, user, form, do, again)


@router.get("/automations/{dag_id}/new-step", dependencies=reading())
def new_step(
    request: Request, user: GetUserDep, dag_id: DagId, kind: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Ask for the kind of a new step; with the kind, show its form."""
    return _new_page(viewed(request, user, dag_id), kind)


@router.post("/automations/{dag_id}/new-step", dependencies=authoring())
def add(request: Request, user: GetUserDep, dag_id: DagId, form: Form) -> Response:
    """Add a step."""
    about = viewed(request, user, dag_id)

    def do() -> str:
        kind = by_name().get(form.get("kind"))
        values = changes(form, _of_kind(kind, {}))[0] if kind else {}
        fields = {"key": form.get(NAME).strip() or None, **_position(form)}
        flags = {name: bool(form.get(name)) for name in ("parallel", "ungated")}
        given = form.read(NewStep, {"kind": form.get("kind"), "arguments": values, **fields, **flags})
        added(dag_id, given, if_match=form.if_match, by=user.get_name())
        return _row(dag_id, form.get(NAME).strip())

    def again(error: SpecError) -> Response:
        return _new_page(about, form.get("kind"), form=form, error=error)

    return _sent(request, user, form, do, again)


def _sent(
    request: Request, user: Any, form: PageForm, do: Callable[[], str], again: Callable[[SpecError], Response]
) -> Response:
    """Carry out a form once; if the edit is refused, show the form again with the reason and what was typed."""
    try:
        return carried_out(request, user, form, do)
    except SpecError as error:
        return again(error)


def _row(dag_id: str, key: str) -> str:
    """Return the address of a step's row on the page Steps."""
    return f"{path_of('automations', dag_id, 'steps')}#{path_of('step-' + key)}"


def _position(form: PageForm) -> dict[str, str | None]:
    return {name: form.get(name) or None for name in ("after", "before")}


def _found(about: ViewedAutomation, key: str) -> Step:
    found = next((one for one in about.sidecar.steps if one.key == key), None)
    if found is None:
        raise HTTPException(404, "there is no such step")
    return found


def _changed(form: PageForm, now: Step) -> dict[str, Any]:
    """Return the fields of the request that the API would get for the same change."""
    values, unset = changes(form, _arguments(now))
    return {
        "arguments": values,
        "unset": unset,
        "key": form.get(NAME).strip() or None,
        "ungated": bool(form.get("ungated")),
        "summary": form.get("summary").strip(),
        **({"gate": {}} if form.get("gate") and now.approval.gate is None else {}),
        **plain_changes(form, _options(now)),
    }


def _step_page(
    about: ViewedAutomation,
    now: Step,
    *,
    form: PageForm | None = None,
    error: SpecError | None = None,
    check: bool = False,
) -> HTMLResponse:
    steps, sent = about.sidecar.steps, form or PageForm(b"", ())
    arguments, options = _arguments(now), _options(now)
    together = unit(steps, now.key)
    return _form_page(
        about,
        "step.html",
        form,
        error,
        step=now,
        rows=explained(about.sidecar, now.key).get(now.key, []),
        found=(
            [one for one in found_in(about) if one["step"] == now.key] if check or len(steps) <= LISTED_STEPS else None
        ),
        arguments=[retyped(one, sent) for one in arguments],
        options=[retyped(one, sent) for one in options],
        was=digests([*arguments, *options]),
        guards=guarded_by(steps, now.key),
        is_gate=now.kind == GATE,
        readers=readers(steps, [now.key] if now.kind == GATE else together),
        others=[one.key for one in steps if one.key not in together],
        kind=by_name().get(now.kind),
        derivable=derivable_places(now) if about.sidecar.source else [],
        last=last_run(about),
        places=place_choices(about.sidecar, now),
    )


def _new_page(
    about: ViewedAutomation, kind: str, *, form: PageForm | None = None, error: SpecError | None = None
) -> HTMLResponse:
    chosen = by_name().get(kind)
    shown = _of_kind(chosen, {}) if chosen and chosen.name != GATE else []
    return _form_page(
        about,
        "new_step.html",
        form,
        error,
        kind=chosen if shown else None,
        kinds=[one for name, one in sorted(by_name().items()) if name == one.name != GATE],
        arguments=[retyped(one, form or PageForm(b"", ())) for one in shown],
        was=digests(shown),
        key=Names(frozenset(names_of(about.sidecar))).give(kind) if chosen else "",
        others=[one.key for one in about.sidecar.steps],
    )


def _form_page(
    about: ViewedAutomation, template: str, form: PageForm | None, error: SpecError | None, **values: Any
) -> HTMLResponse:
    """Return a page with a form: as it is now, or as a person sent it."""
    if form is not None:
        values |= {"was": form.get(WAS)}
    shown = viewed_page(
        about,
        "steps",
        template=template,
        sent=form or PageForm(b"", ()),
        error=error,
        entry=form.get("entry") if form else about.entry,
        sources=SOURCES,
        freeze=FREEZE,
        option_words=OPTIONS,
        **values,
    )
    shown.status_code = 422 if error else 200
    return shown


def _arguments(now: Step) -> list[Control]:
    return _of_kind(by_name().get(now.kind), now.arguments)


def _of_kind(kind: Kind | None, set_to: dict[str, Argument]) -> list[Control]:
    """Return the fields for a step's arguments: those that are set or required come first."""
    if kind is None:
        return []
    outside = Argument(class_="parameter", param="")
    inside = [name for name in kind.written_names if outside_problem(kind, name, outside)]
    found = controls(kind.arguments.model_json_schema(), kind.written_names, set_to, inside=inside)
    return sorted(found, key=lambda one: not (one.is_set or one.required))


def _options(now: Step) -> list[Control]:
    schema = Step.model_json_schema(by_alias=False)
    names = [name for name in STEP_OPTIONS if name != "concurrency" or now.each]
    written = now.model_dump(mode="json", include=set(names))
    return controls(schema, names, {name: Argument.frozen(value) for name, value in written.items()})

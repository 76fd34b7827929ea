"""``/api/v1/automations/{dag_id}/steps``: add, change, move and remove steps; each change is a new version."""

from __future__ import annotations

from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Query, Response
from pydantic import Field

from airflow_provider_vai.authoring.editing.edit_requests import AddStep, ChangeStep, MoveStep, RemoveStep
from airflow_provider_vai.authoring.editing.settings import STEP_OPTIONS
from airflow_provider_vai.authoring.specs.steps import GATE_KEYS
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.plugin.api import etags, publishing, views
from airflow_provider_vai.plugin.api.access import authoring, reading
from airflow_provider_vai.plugin.api.bodies import RequestBody, Small
from airflow_provider_vai.plugin.api.etags import IfMatch
from airflow_provider_vai.plugin.api.idempotency import OnceDep
from airflow_provider_vai.plugin.api.json_body import Json, to_snake, to_wire
from airflow_provider_vai.plugin.api.openapi import AUTOMATION, answers, body_of

router = APIRouter(prefix="/api/v1/automations/{dag_id}/steps", tags=["steps"])


class StepOptions(RequestBody):
    """Options of a step beside its arguments; ``null`` leaves one out."""

    each: dict[str, Any] | None = None
    concurrency: int | None = None
    trigger_rule: str | None = None
    retries: int | None = None
    retry_delay_seconds: float | None = None
    timeout_seconds: float | None = None
    summary: str = ""

    def given(self) -> dict[str, Any]:
        """Return the options that the request names, as the editing functions take them."""
        return {name: getattr(self, name) for name in STEP_OPTIONS if name in self.model_fields_set}


class NewStep(StepOptions):
    """A step to add: where, with which gate, and its arguments; values may be references as in a spec."""

    kind: str
    key: str | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)
    after: str | None = None
    before: str | None = None
    parallel: bool = False
    gate: dict[str, Any] | None = None
    ungated: bool = False


class ChangedStep(StepOptions):
    """What to change of a step: its key, its kind, values at places of its arguments, arguments to leave out, its gate.

    With ``kind``, ``arguments`` are all arguments of the step that takes its place.
    """

    key: str | None = None
    kind: str | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)
    unset: list[str] = Field(default_factory=list)
    gate: dict[str, Any] | None = None
    ungated: bool = False


class StepPosition(RequestBody):
    """Where a step goes."""

    after: str | None = None
    before: str | None = None
    summary: str = ""


class Frozen(RequestBody):
    """What to use instead of the result of a removed step: values by the places that read it."""

    freeze: dict[str, Any] = Field(default_factory=dict)


@router.get("", dependencies=reading(), responses=answers("StepPage"))
def listing(dag_id: str) -> Response:
    """List the steps in an order in which each stands behind those that it depends on."""
    state = views.existing(dag_id)
    steps = state.sidecar.steps if state.sidecar else []
    return Json({"items": [to_wire(step) for step in steps]}, headers={"ETag": etags.of(state.number)})


@router.post(
    "", dependencies=authoring(), status_code=201, responses=answers(AUTOMATION, 201), openapi_extra=body_of(NewStep)
)
def add(dag_id: str, user: GetUserDep, body: Small, once: OnceDep, if_match: IfMatch = None) -> Response:
    """Add a step. A step that writes gets an approval gate, unless it is ``ungated``."""

    def make() -> Response:
        given = body.read(NewStep)
        edit = AddStep(
            given.kind,
            key=given.key,
            values=given.arguments,
            after=given.after,
            before=given.before,
            parallel=given.parallel,
            gate=_gate(given.gate),
            ungated=given.ungated,
            options=given.given(),
        )
        summary = given.summary or f"added the step {given.key or given.kind}"
        answer = publishing.edited(dag_id, edit, if_match=if_match, by=user.get_name(), summary=summary)
        answer.status_code = 201
        return answer

    return once(body.content, make)


@router.patch("/{key}", dependencies=authoring(), responses=answers(AUTOMATION), openapi_extra=body_of(ChangedStep))
def change(dag_id: str, key: str, user: GetUserDep, body: Small, if_match: IfMatch = None) -> Response:
    """Change a step."""
    given = body.read(ChangedStep)
    edit = ChangeStep(
        key,
        kind=given.kind,
        values=list(given.arguments.items()),
        unset=given.unset,
        gate=_gate(given.gate),
        options=given.given(),
        new_key=given.key,
        ungated=given.ungated,
    )
    summary = given.summary or f"changed the step {key}"
    return publishing.edited(dag_id, edit, step=key, if_match=if_match, by=user.get_name(), summary=summary)


@router.delete(
    "/{key}", dependencies=authoring(), responses=answers(AUTOMATION), openapi_extra=body_of(Frozen, required=False)
)
def remove(
    dag_id: str,
    key: str,
    user: GetUserDep,
    *,
    body: Small,
    if_match: IfMatch = None,
    ungate: Annotated[bool, Query(description="Remove a gate although what it guards writes.")] = False,
    unbranch: Annotated[bool, Query(description="Remove a branch; both its ways run then.")] = False,
) -> Response:
    """Remove a step, and its gate with it."""
    edit = RemoveStep(key, freeze=body.read(Frozen).freeze, ungate=ungate, unbranch=unbranch)
    summary = f"removed the step {key}"
    return publishing.edited(dag_id, edit, step=key, if_match=if_match, by=user.get_name(), summary=summary)


@router.post(
    "/{key}/move", dependencies=authoring(), responses=answers(AUTOMATION), openapi_extra=body_of(StepPosition)
)
def move(dag_id: str, key: str, user: GetUserDep, *, body: Small, once: OnceDep, if_match: IfMatch = None) -> Response:
    """Move a step, together with its gate."""

    def make() -> Response:
        given = body.read(StepPosition)
        edit = MoveStep(key, after=given.after, before=given.before)
        summary = given.summary or f"moved the step {key}"
        return publishing.edited(dag_id, edit, step=key, if_match=if_match, by=user.get_name(), summary=summary)

    return once(body.content, make)


def _gate(settings: dict[str, Any] | None) -> dict[str, Any] | None:
    if settings is None:
        return None
    read: dict[str, Any] = to_snake(settings, GATE_KEYS)
    unknown = sorted(read.keys() - set(GATE_KEYS))
    if unknown:
        raise SpecError(f"a gate has no {unknown[0]!r}", where="gate", remedy=f"Settings are: {', '.join(GATE_KEYS)}.")
    return read

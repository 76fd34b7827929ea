"""``/api/v1/automations/{dag_id}/steps``: list, add, change, move and remove steps; each change is a new version."""

from __future__ import annotations

from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Query, Response
from pydantic import Field

from airflow_provider_vai.authoring.editing.edit_requests import AddStep, ChangeStep, MoveStep, RemoveStep
from airflow_provider_vai.authoring.editing.settings import STEP_OPTIONS
from airflow_provider_vai.authoring.specs.places import only
from airflow_provider_vai.authoring.specs.steps import GATE_KEYS
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.factories import new_dict, new_list
from airflow_provider_vai.plugin.api.access import authoring, reading
from airflow_provider_vai.plugin.api.automation_response import AutomationShown
from airflow_provider_vai.plugin.api.automation_writes import write_change
from airflow_provider_vai.plugin.api.etags import IfMatch, etag
from airflow_provider_vai.plugin.api.idempotency import OnceDep
from airflow_provider_vai.plugin.api.json_response import MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.kept_answers import kept_answer
from airflow_provider_vai.plugin.api.openapi import body_of, with_headers
from airflow_provider_vai.plugin.api.parameters import DagId, StepKey
from airflow_provider_vai.plugin.api.request_body import RequestModel, SmallBody

router = APIRouter(prefix="/api/v1/automations/{dag_id}/steps", tags=["steps"])


class StepList(ResponseModel):
    """The steps of an automation; each comes after the steps that it depends on."""

    items: list[Step]


class StepOptions(RequestModel):
    """Options of a step beside its arguments; ``null`` resets one to its default."""

    each: dict[str, Any] | None = None
    concurrency: int | None = None
    trigger_rule: str | None = None
    retries: int | None = None
    retry_delay_seconds: float | None = None
    timeout_seconds: float | None = None
    asset: bool | None = None
    summary: str = ""

    def given(self) -> dict[str, Any]:
        """Return the options that the request sets, as the editing functions take them."""
        return {name: getattr(self, name) for name in STEP_OPTIONS if name in self.model_fields_set}


class NewStep(StepOptions):
    """A step to add: its kind and arguments, its place, and its gate. Values may be references, as in a spec."""

    kind: str
    key: str | None = None
    arguments: dict[str, Any] = Field(default_factory=new_dict)
    after: str | None = None
    before: str | None = None
    parallel: bool = False
    gate: dict[str, Any] | None = None
    ungated: bool = False


class ChangedStep(StepOptions):
    """What to change in a step: its key, its kind, values at places in its arguments, arguments to unset, its gate.

    With ``kind``, the step is replaced, and ``arguments`` are all arguments of the new step.
    """

    key: str | None = None
    kind: str | None = None
    arguments: dict[str, Any] = Field(default_factory=new_dict)
    unset: list[str] = Field(default_factory=new_list)
    gate: dict[str, Any] | None = None
    ungated: bool = False


class StepPosition(RequestModel):
    """The new place of a step."""

    after: str | None = None
    before: str | None = None
    summary: str = ""


class FrozenValues(RequestModel):
    """Values that replace the result of a removed step, by the places that read it."""

    freeze: dict[str, Any] = Field(default_factory=new_dict)


@router.get("", dependencies=reading(), response_model=StepList, responses=with_headers("ETag"))
def listing(dag_id: DagId) -> Response:
    """List the steps; each comes after the steps that it depends on."""
    answer = kept_answer(dag_id, "steps", lambda state: StepList(items=state.sidecar.steps if state.sidecar else []))
    return MaskedJson(answer.body, headers=etag(answer.number))


@router.post(
    "",
    dependencies=authoring(),
    status_code=201,
    response_model=AutomationShown,
    responses=with_headers("ETag", statuses=(201,)),
    openapi_extra=body_of(NewStep),
)
def add(dag_id: DagId, user: GetUserDep, body: SmallBody, once: OnceDep, if_match: IfMatch = None) -> Response:
    """Add a step. A step that writes gets an approval gate, unless it is ``ungated``."""

    def make() -> Response:
        answer = added(dag_id, body.read(NewStep), if_match=if_match, by=user.get_name())
        answer.status_code = 201
        return answer

    return once(body.content, make)


@router.patch(
    "/{key}",
    dependencies=authoring(),
    response_model=AutomationShown,
    responses=with_headers("ETag"),
    openapi_extra=body_of(ChangedStep),
)
def change(dag_id: DagId, key: StepKey, user: GetUserDep, body: SmallBody, if_match: IfMatch = None) -> Response:
    """Change a step."""
    return changed(dag_id, key, body.read(ChangedStep), if_match=if_match, by=user.get_name())


@router.delete(
    "/{key}",
    dependencies=authoring(),
    response_model=AutomationShown,
    responses=with_headers("ETag"),
    openapi_extra=body_of(FrozenValues, required=False),
)
def remove(
    dag_id: DagId,
    key: StepKey,
    user: GetUserDep,
    *,
    body: SmallBody,
    if_match: IfMatch = None,
    ungate: Annotated[bool, Query(description="Remove a gate even if the step behind it writes.")] = False,
    unbranch: Annotated[bool, Query(description="Remove a branch; both of its paths run then.")] = False,
) -> Response:
    """Remove a step together with its gate."""
    edit = RemoveStep(key, freeze=body.read(FrozenValues).freeze, ungate=ungate, unbranch=unbranch)
    return removed(dag_id, edit, if_match=if_match, by=user.get_name())


@router.post(
    "/{key}/move",
    dependencies=authoring(),
    response_model=AutomationShown,
    responses=with_headers("ETag"),
    openapi_extra=body_of(StepPosition),
)
def move(
    dag_id: DagId, key: StepKey, user: GetUserDep, *, body: SmallBody, once: OnceDep, if_match: IfMatch = None
) -> Response:
    """Move a step together with its gate."""

    def make() -> Response:
        return moved(dag_id, key, body.read(StepPosition), if_match=if_match, by=user.get_name())

    return once(body.content, make)


def added(dag_id: str, given: NewStep, *, if_match: str | None, by: str) -> Response:
    """Add a step, and return the answer that shows the automation.

    :param dag_id: the automation. :param given: the step.
    :param if_match: the header ``If-Match``. :param by: the user's name.
    :raises HTTPException: see :func:`~airflow_provider_vai.plugin.api.automation_writes.write_change`.
    :raises VaiError: the edit is refused.
    """
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
    return write_change(dag_id, edit, if_match=if_match, by=by, summary=summary)


def changed(dag_id: str, key: str, given: ChangedStep, *, if_match: str | None, by: str) -> Response:
    """Change a step, and return the answer that shows the automation.

    :param key: the step. For the others and the errors, see :func:`added`.
    """
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
    return write_change(dag_id, edit, step=key, if_match=if_match, by=by, summary=summary)


def removed(dag_id: str, edit: RemoveStep, *, if_match: str | None, by: str) -> Response:
    """Remove a step, and return the answer that shows the automation.

    :param edit: the step, and what takes the place of its result. For the others and the errors, see :func:`added`.
    """
    summary = f"removed the step {edit.key}"
    return write_change(dag_id, edit, step=edit.key, if_match=if_match, by=by, summary=summary)


def moved(dag_id: str, key: str, given: StepPosition, *, if_match: str | None, by: str) -> Response:
    """Move a step, and return the answer that shows the automation.

    :param key: the step. For the others and the errors, see :func:`added`.
    """
    edit = MoveStep(key, after=given.after, before=given.before)
    summary = given.summary or f"moved the step {key}"
    return write_change(dag_id, edit, step=key, if_match=if_match, by=by, summary=summary)


def _gate(settings: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if settings is None else only(settings, GATE_KEYS, ["gate"])

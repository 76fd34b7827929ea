"""``/api/v1/automations/{dag_id}/steps/{key}/lift`` and ``…/model``: other choices for a value that is out of date."""

from __future__ import annotations

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Response
from pydantic import Field

from airflow_provider_vai.authoring.editing.edit_requests import AskModel, LiftArgument
from airflow_provider_vai.plugin.api.access import authoring
from airflow_provider_vai.plugin.api.automation_response import AutomationShown
from airflow_provider_vai.plugin.api.automation_writes import write_change
from airflow_provider_vai.plugin.api.etags import IfMatch
from airflow_provider_vai.plugin.api.idempotency import OnceDep
from airflow_provider_vai.plugin.api.openapi import body_of, with_headers
from airflow_provider_vai.plugin.api.parameters import DagId, StepKey
from airflow_provider_vai.plugin.api.request_body import RequestModel, SmallBody

router = APIRouter(prefix="/api/v1/automations/{dag_id}/steps/{key}", tags=["steps"])

MOST_RESULTS = 50


class LiftedArgument(RequestModel):
    """The place whose value becomes the default of a DAG param, and the param's name."""

    place: str
    name: str | None = None
    ungated: bool = False
    summary: str = ""


class ModelText(RequestModel):
    """The place whose text a model writes in each run, and the results that it is given: ``query.rows``."""

    place: str
    reads: list[str] = Field(min_length=1, max_length=MOST_RESULTS)
    conn_id: str | None = None
    summary: str = ""


@router.post(
    "/lift",
    dependencies=authoring(),
    response_model=AutomationShown,
    responses=with_headers("ETag"),
    openapi_extra=body_of(LiftedArgument),
)
def lift(
    dag_id: DagId, key: StepKey, user: GetUserDep, *, body: SmallBody, once: OnceDep, if_match: IfMatch = None
) -> Response:
    """Make a recorded value the default of a DAG param."""

    def make() -> Response:
        return lifted(dag_id, key, body.read(LiftedArgument), if_match=if_match, by=user.get_name())

    return once(body.content, make)


@router.post(
    "/model",
    dependencies=authoring(),
    response_model=AutomationShown,
    responses=with_headers("ETag"),
    openapi_extra=body_of(ModelText),
)
def model(
    dag_id: DagId, key: StepKey, user: GetUserDep, *, body: SmallBody, once: OnceDep, if_match: IfMatch = None
) -> Response:
    """Let a model write a text in each run, from named results only; the step that sends it waits for an approval."""

    def make() -> Response:
        return written_by_model(dag_id, key, body.read(ModelText), if_match=if_match, by=user.get_name())

    return once(body.content, make)


def lifted(dag_id: str, key: str, given: LiftedArgument, *, if_match: str | None, by: str) -> Response:
    """Make a value the default of a param, and return the answer that shows the automation.

    :param dag_id: the automation. :param key: the step. :param given: the place and the name.
    :param if_match: the header ``If-Match``. :param by: the user's name.
    :raises HTTPException: see :func:`~airflow_provider_vai.plugin.api.automation_writes.write_change`.
    :raises VaiError: the edit is refused.
    """
    edit = LiftArgument(key, given.place, given.name, ungated=given.ungated)
    summary = given.summary or f"made {given.place} of {key} a param"
    return write_change(dag_id, edit, step=key, if_match=if_match, by=by, summary=summary)


def written_by_model(dag_id: str, key: str, given: ModelText, *, if_match: str | None, by: str) -> Response:
    """Let a model write a text, and return the answer that shows the automation.

    :param given: the place and the results. For the others and the errors, see :func:`lifted`.
    """
    edit = AskModel(key, given.place, given.reads, conn_id=given.conn_id)
    summary = given.summary or f"let a model write {given.place} of {key}"
    return write_change(dag_id, edit, step=key, if_match=if_match, by=by, summary=summary)

"""``/api/v1/automations/{dag_id}/steps/{key}/derivations``: propose how runs work an argument out, and accept one."""

from __future__ import annotations

from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import Field

from airflow_provider_vai.authoring.deriving import AcceptProposal, Proposed
from airflow_provider_vai.model.factories import new_list
from airflow_provider_vai.plugin.api import reading
from airflow_provider_vai.plugin.api.access import READ_RECORDING_OF, authoring
from airflow_provider_vai.plugin.api.automation_response import AutomationShown
from airflow_provider_vai.plugin.api.automation_writes import write_change
from airflow_provider_vai.plugin.api.etags import IfMatch, etag
from airflow_provider_vai.plugin.api.idempotency import OnceDep
from airflow_provider_vai.plugin.api.json_response import MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.openapi import body_of, with_headers
from airflow_provider_vai.plugin.api.parameters import DagId, StepKey
from airflow_provider_vai.plugin.api.request_body import RequestModel, SmallBody
from airflow_provider_vai.plugin.api.stored_automation import existing

router = APIRouter(prefix="/api/v1/automations/{dag_id}/steps/{key}/derivations", tags=["steps"])

MOST_HINTS = 50
PLACE = "The argument, or a place in it such as `json.total`."
SAY = "What the value is, in words: `total of revenue`."


class DerivationProposal(ResponseModel):
    """One way to work a value out: in words, as the expression of the DAG file, and with its recorded values."""

    number: int = Field(ge=1)
    words: str
    expression: str
    derive: dict[str, Any]
    tree: list[str] = Field(description="A line for each function, with the value that it had in the recording.")
    fits_words: bool
    rivals: list[int] = Field(description="The numbers of the proposals that fit as well.")
    kept: list[str] = Field(description="The figures and names of a text that would stay as recorded.")
    also: list[str] = Field(description="What else gives the parts of a text.")


class DerivationProposals(ResponseModel):
    """How each run can work out a place in a step's arguments, the best first."""

    step: str
    place: list[str | int]
    recorded: Any
    proposals: list[DerivationProposal]


class AcceptedDerivation(RequestModel):
    """The proposal to accept, by its number; ``place`` and ``say`` are those that it was listed for."""

    place: str
    say: list[str] = Field(default_factory=new_list, max_length=MOST_HINTS)
    number: int
    ungated: bool = False
    summary: str = ""


@router.get("", dependencies=READ_RECORDING_OF, response_model=DerivationProposals, responses=with_headers("ETag"))
def propose(
    dag_id: DagId,
    key: StepKey,
    place: Annotated[str, Query(max_length=1000, description=PLACE)],
    say: Annotated[list[str] | None, Query(max_length=MOST_HINTS, description=SAY)] = None,
) -> Response:
    """Propose how each run can work out an argument. The automation's recording must be stored."""
    state = existing(dag_id)
    shown = proposed(dag_id, key, place, say or []).as_json()
    return MaskedJson(DerivationProposals.model_validate(shown), headers=etag(state.number))


@router.post(
    "",
    dependencies=authoring(),
    response_model=AutomationShown,
    responses=with_headers("ETag"),
    openapi_extra=body_of(AcceptedDerivation),
)
def accept(
    dag_id: DagId, key: StepKey, user: GetUserDep, *, body: SmallBody, once: OnceDep, if_match: IfMatch = None
) -> Response:
    """Let each run work an argument out as a proposal says, as a new version."""

    def make() -> Response:
        return accepted(dag_id, key, body.read(AcceptedDerivation), if_match=if_match, by=user.get_name())

    return once(body.content, make)


def proposed(dag_id: str, key: str, place: str, say: list[str]) -> Proposed:
    """Return the proposals for a place.

    :param dag_id: the automation. :param key: the step. :param place: the place in its arguments.
    :param say: what the value is, in words.
    :raises HTTPException: 404. :raises VaiError: there is no proposal, or the recording is not stored.
    """
    state = existing(dag_id)
    assert state.sidecar is not None  # noqa: S101 - existing() checked it
    if key not in [step.key for step in state.sidecar.steps]:
        raise HTTPException(404, "there is no such step")
    return reading.proposed(state.sidecar.automation, key, place, say)


def accepted(dag_id: str, key: str, given: AcceptedDerivation, *, if_match: str | None, by: str) -> Response:
    """Accept a proposal, and return the answer that shows the automation.

    :param dag_id: the automation. :param key: the step. :param given: the proposal.
    :param if_match: the header ``If-Match``. :param by: the user's name.
    :raises HTTPException: see :func:`~airflow_provider_vai.plugin.api.automation_writes.write_change`.
    :raises VaiError: there is no such proposal, or the edit is refused.
    """
    found = proposed(dag_id, key, given.place, given.say)
    edit = AcceptProposal(found, given.number, ungated=given.ungated)
    summary = given.summary or f"derived {given.place} of {key}"
    return write_change(dag_id, edit, step=key, if_match=if_match, by=by, summary=summary)

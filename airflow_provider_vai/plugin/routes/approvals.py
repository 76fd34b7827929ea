"""The record of approvals, for users who may see the questions of the DAG."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field

from airflow_provider_vai.model import approvals_record
from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.plugin.api import open_questions
from airflow_provider_vai.plugin.api.access import READ_QUESTIONS
from airflow_provider_vai.plugin.api.json_response import MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.open_questions import OpenQuestionPage, QuestionFilter
from airflow_provider_vai.plugin.api.parameters import LIMIT, DagIdInQuery, Offset

router = APIRouter(prefix="/api/v1/approvals", tags=["approvals"], dependencies=READ_QUESTIONS)


class RecordShown(ResponseModel):
    """Base of the parts of a record: what the record does not contain is left out, what it contains besides stays."""

    model_config = ConfigDict(extra="allow")

    def omitted(self) -> Collection[str]:
        """Return the fields that the record does not contain."""
        return type(self).model_fields.keys() - self.model_fields_set


class ApprovedStep(RecordShown):
    """A step that a decision is about: its kind, the digest of its arguments, and the approver's edits by place."""

    kind: str | None = None
    arguments_sha256: str | None = None
    edits: dict[str, Any] | None = None


class DecisionShown(RecordShown):
    """A decision at a gate, see :mod:`airflow_provider_vai.model.approvals_record`. ``steps`` are by task id."""

    schema_version: int
    id: str
    at: str = Field(json_schema_extra={"format": "date-time"})
    dag_id: str
    task_id: str
    steps: dict[str, ApprovedStep]
    decision: str | None = None
    by: dict[str, Any] | None = None
    note: str | None = None
    timed_out: bool | None = None
    automatic: bool | None = None
    rests_on: str | None = None
    answered_at: str | None = None
    run_id: str | None = None
    map_index: int | None = None
    round: str | None = None
    try_number: int | None = None
    subject: str | None = None
    covers: str | None = None


class DecisionPage(ResponseModel):
    """A page of decisions, newest first; ``nextCursor`` is the ``after`` of the next page, null on the last one."""

    items: list[DecisionShown]
    next_cursor: str | None


@router.get("", response_model=DecisionPage)
def approvals(
    dag_id: DagIdInQuery,
    gate: str | None = None,
    limit: Annotated[int, Query(description=LIMIT, ge=1, le=500)] = 50,
    after: str | None = None,
) -> Response:
    """Return the decisions of an automation, newest first.

    :param gate: the task id of one gate; by default of all gates.
    :param after: continue after the decision with this id, the ``nextCursor`` of the page before.
    """
    return MaskedJson(decisions(dag_id, gate, limit=limit, after=after))


@router.get("/open", response_model=OpenQuestionPage)
def open_(
    user: GetUserDep,
    *,
    dag_id: DagIdInQuery | None = None,
    mine: bool = False,
    newest: bool = False,
    limit: Annotated[int, Query(description=LIMIT, ge=1, le=200)] = 50,
    offset: Offset = 0,
) -> Response:
    """List the questions that wait for an answer, over all DAGs whose questions you may see, the oldest first.

    :param dag_id: only those of this DAG.
    :param mine: only those that name you as one who may answer.
    :param newest: the newest first.
    """
    wanted = QuestionFilter(dag_id, mine=mine, newest=newest)
    return MaskedJson(open_questions.listed(user, wanted, limit=limit, offset=offset))


def decisions(dag_id: str, gate: str | None = None, *, limit: int, after: str | None = None) -> DecisionPage:
    """Return a page of the decisions of an automation, see :func:`approvals`."""
    records = approvals_record.read(results.artifacts_root(), dag_id, gate)
    if after is not None:
        for record in records:
            if record.get("id") == after:
                break
    items: list[DecisionShown] = []
    for record in records:
        if len(items) == limit:
            return DecisionPage(items=items, next_cursor=items[-1].id)
        if "unreadable" not in record:  # its path is for operators: `vai approvals` names it
            items.append(DecisionShown.model_validate(record))
    return DecisionPage(items=items, next_cursor=None)

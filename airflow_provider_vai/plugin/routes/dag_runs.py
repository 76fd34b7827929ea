"""``/api/v1/automations/{dag_id}/runs``: the DAG runs of an automation, and the version that each of them ran."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any, Literal

from airflow.api.common.trigger_dag import trigger_dag
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.exceptions import DagRunAlreadyExists
from airflow.models.dag_version import DagVersion
from airflow.models.dagcode import DagCode
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from airflow.utils.types import DagRunTriggeredByType
from fastapi import APIRouter, HTTPException, Response
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from airflow_provider_vai.model.factories import new_dict
from airflow_provider_vai.operators.runtime import masking
from airflow_provider_vai.operators.runtime.airflow_errors import UNFIT
from airflow_provider_vai.plugin.api import airflow_state
from airflow_provider_vai.plugin.api.access import READ_RUN, changing, reading
from airflow_provider_vai.plugin.api.dag_versions import EDITED, versions_by_digest
from airflow_provider_vai.plugin.api.idempotency import OnceDep
from airflow_provider_vai.plugin.api.json_response import ListPage, MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.openapi import body_of
from airflow_provider_vai.plugin.api.parameters import DagId, Limit, Offset, RunId
from airflow_provider_vai.plugin.api.problems import Problem, public
from airflow_provider_vai.plugin.api.request_body import RequestModel, SmallBody
from airflow_provider_vai.plugin.api.run_steps import StepOfRun, steps_of
from airflow_provider_vai.plugin.api.stored_automation import existing
from airflow_provider_vai.plugin.routes.savings import CostShown, ledger_of, newest_runs
from airflow_provider_vai.secrets.masking import masked
from airflow_provider_vai.store.edits import dag_sha256
from airflow_provider_vai.store.state import AutomationState

router = APIRouter(prefix="/api/v1/automations/{dag_id}/runs", tags=["runs"])

CONDITIONS = "conditions"


class DagRunShown(ResponseModel):
    """A DAG run.

    ``version`` is the version whose DAG file ran, ``"edited"`` if no version contains that file, null if it is not
    known. ``skipped`` says which condition kept the run from running.
    """

    run_id: str
    state: str
    run_type: str
    triggered_by: str | None
    triggering_user: str | None
    logical_date: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    note: str | None
    version: int | Literal["edited"] | None
    skipped: str | None


class DagRunPage(ListPage):
    """A page of runs, newest first."""

    items: list[DagRunShown]


class NewRun(RequestModel):
    """The values of the DAG's params for one run."""

    conf: dict[str, Any] = Field(default_factory=new_dict)


class DagRunDetail(DagRunShown):
    """A DAG run with what it was started with, what each step did, and what it saved.

    The steps are those of the version that ran, or of the newest one if that is not known.
    """

    conf: dict[str, Any]
    steps: list[StepOfRun]
    spent: CostShown
    saved: CostShown


@router.get("", dependencies=reading(DagAccessEntity.RUN), response_model=DagRunPage)
def listing(dag_id: DagId, limit: Limit = 100, offset: Offset = 0) -> Response:
    """List the runs, newest first."""
    return MaskedJson(listed(dag_id, limit=limit, offset=offset))


def listed(dag_id: str, *, limit: int, offset: int) -> DagRunPage:
    """Return a page of the runs of an automation, newest first.

    :param dag_id: its DAG id.
    :param limit: how many runs.
    :param offset: after how many.
    :raises HTTPException: 404 there is no such automation.
    """
    state = existing(dag_id)
    with create_session(scoped=False) as session:
        total = session.scalar(select(func.count()).select_from(DagRun).where(DagRun.dag_id == dag_id)) or 0
        items = _items(session, state, newest_runs(session, dag_id, limit, offset))
    return DagRunPage(items=items, total=total, limit=limit, offset=offset)


@router.post(
    "",
    dependencies=changing("POST", DagAccessEntity.RUN),
    status_code=201,
    response_model=DagRunShown,
    openapi_extra=body_of(NewRun, required=False),
)
def start(dag_id: DagId, user: GetUserDep, body: SmallBody, once: OnceDep) -> Response:
    """Start a run of an active automation."""
    return once(body.content, lambda: MaskedJson(started(dag_id, body.read(NewRun).conf, user.get_name()), 201))


@router.get("/{run_id}", dependencies=READ_RUN, response_model=DagRunDetail)
def read(dag_id: DagId, run_id: RunId) -> Response:
    """Show a run: the state of each step, decisions, values that it worked out, and how results differ."""
    return MaskedJson(detail(dag_id, run_id))


def detail(dag_id: str, run_id: str) -> DagRunDetail:
    """Return what a run did.

    :param dag_id: of the automation.
    :param run_id: of the run.
    :raises HTTPException: 404 there is no such automation or run.
    """
    state = existing(dag_id)
    with create_session(scoped=False) as session:
        run = session.scalars(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)).first()
        if run is None:
            raise HTTPException(404, "there is no such run")
        shown = _items(session, state, [run])[0]
        ran = next((entry.sidecar for entry in state.log.versions() if entry.sidecar.version == shown.version), None)
        sidecar = ran or state.sidecar
        assert sidecar is not None  # noqa: S101 - existing() checked it
        costs = ledger_of(session, sidecar, [run]).rows[0]
        return DagRunDetail(
            **dict(shown),
            conf=masked(run.conf) if isinstance(run.conf, dict) else {},
            steps=steps_of(session, sidecar, run),
            spent=CostShown.model_validate(costs.spent),
            saved=CostShown.model_validate(costs.saved),
        )


def started(dag_id: str, conf: dict[str, Any], by: str) -> DagRunShown:
    """Start a run of an active automation, and return it.

    :param dag_id: of the automation.
    :param conf: values of its params.
    :param by: the user's name.
    :raises Problem: 404 there is no such automation; 409 it is not active; 422 a value does not fit its param.
    """
    state = existing(dag_id)
    with create_session(scoped=False) as session:
        dag = airflow_state.known_dags(session, [dag_id])[dag_id]
    if dag.error is not None:
        raise Problem(409, "Airflow cannot read the DAG file", error=dag.error)
    if dag.is_paused is not False:
        problem = "the automation is paused" if dag.is_paused else "Airflow has not read the DAG file yet"
        raise Problem(409, problem, remedy="Activate it first.")
    try:
        run = trigger_dag(dag_id, triggered_by=DagRunTriggeredByType.REST_API, triggering_user_name=by, conf=conf)
    except UNFIT as error:
        raise Problem(422, public(str(masking.masked(str(error)))), where="conf") from None
    except DagRunAlreadyExists:
        raise Problem(409, "another run just started; try again") from None
    with create_session(scoped=False) as session:
        query = select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run.run_id)
        return _items(session, state, list(session.scalars(query)))[0]


def _items(session: Session, state: AutomationState, runs: list[DagRun]) -> list[DagRunShown]:
    ran, skipped = _sources(session, runs), _skipped(session, state, runs)
    versions = versions_by_digest(state)
    return [
        DagRunShown(
            run_id=run.run_id,
            state=str(run.state),
            run_type=str(run.run_type),
            triggered_by=str(run.triggered_by.value) if run.triggered_by else None,
            triggering_user=run.triggering_user_name,
            logical_date=run.logical_date,
            started_at=run.start_date,
            ended_at=run.end_date,
            note=run.note or None,
            version=versions.get(ran[run.run_id], EDITED) if run.run_id in ran else None,
            skipped=skipped.get(run.run_id),
        )
        for run in runs
    ]


def _sources(session: Session, runs: list[DagRun]) -> dict[str, str]:
    """Return the digest of the DAG file that each run ran: that of the newest DAG version of its tasks, or of the DAG
    version that the run was created with."""
    if not runs:
        return {}
    names, dag_id = [run.run_id for run in runs], runs[0].dag_id
    used: dict[str, set[Any]] = defaultdict(set)
    query = select(TaskInstance.run_id, TaskInstance.dag_version_id).where(
        TaskInstance.dag_id == dag_id, TaskInstance.run_id.in_(names), TaskInstance.dag_version_id.is_not(None)
    )
    for run_id, version in session.execute(query.distinct()):
        used[run_id].add(version)
    for run in runs:
        if not used[run.run_id] and run.created_dag_version_id is not None:
            used[run.run_id].add(run.created_dag_version_id)
    wanted = {version for found in used.values() for version in found}
    sources = (
        select(DagVersion.id, DagVersion.version_number, DagCode.source_code)
        .join(DagCode, DagCode.dag_version_id == DagVersion.id)
        .where(DagVersion.id.in_(wanted))
    )
    known = {row[0]: (row[1], dag_sha256(row[2])) for row in session.execute(sources)}
    newest = {
        run_id: max((known[version] for version in versions if version in known), default=None)
        for run_id, versions in used.items()
    }
    return {run_id: found[1] for run_id, found in newest.items() if found is not None}


def _skipped(session: Session, state: AutomationState, runs: list[DagRun]) -> dict[str, str]:
    """Return why runs skipped their steps, from the results of their ``conditions`` task."""
    if not runs:
        return {}
    query = select(XComModel).where(
        XComModel.dag_id == state.log.dag_id,
        XComModel.run_id.in_([run.run_id for run in runs]),
        XComModel.key == "return_value",
        XComModel.task_id.startswith(CONDITIONS, autoescape=True),
    )
    steps = {step.task_id for step in state.sidecar.steps} if state.sidecar else set()
    found = {}
    for row in session.scalars(query):
        record = XComModel.deserialize_value(row)
        if row.task_id in steps or not isinstance(record, dict) or record.get("run") is not False:
            continue
        failed = [entry for entry in record.get("conditions") or [] if not entry.get("holds")]
        found[row.run_id] = "; ".join(_sentence(entry) for entry in failed)
    return found


def _sentence(entry: dict[str, Any]) -> str:
    why = f" ({entry['why']})" if entry.get("why") else ""
    return f"{entry.get('condition')} does not hold{why}"

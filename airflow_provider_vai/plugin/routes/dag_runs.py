"""``/api/v1/automations/{dag_id}/runs``: Airflow's runs of an automation's DAG, and which version each ran."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any

from airflow.api.common.trigger_dag import trigger_dag
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.exceptions import DagRunAlreadyExists, ParamValidationError
from airflow.models.dag_version import DagVersion
from airflow.models.dagcode import DagCode
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from airflow.utils.types import DagRunTriggeredByType
from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from airflow_provider_vai.operators.runtime import masking
from airflow_provider_vai.plugin.api import airflow_state, views
from airflow_provider_vai.plugin.api.access import changing, reading
from airflow_provider_vai.plugin.api.bodies import RequestBody, Small
from airflow_provider_vai.plugin.api.idempotency import OnceDep
from airflow_provider_vai.plugin.api.json_body import Json, time
from airflow_provider_vai.plugin.api.openapi import answers, body_of
from airflow_provider_vai.plugin.api.problems import Problem, public
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store.edits import dag_sha256
from airflow_provider_vai.store.state import AutomationState

router = APIRouter(prefix="/api/v1/automations/{dag_id}/runs", tags=["runs"])

CONDITIONS = "conditions"
EDITED = "edited"


class NewRun(RequestBody):
    """The values of the DAG's params for one run."""

    conf: dict[str, Any] = Field(default_factory=dict)


@router.get("", dependencies=reading(DagAccessEntity.RUN), responses=answers("DagRunPage"))
def listing(
    dag_id: str,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> Response:
    """List the runs, newest first."""
    state = views.existing(dag_id)
    with create_session(scoped=False) as session:
        query = select(DagRun).where(DagRun.dag_id == dag_id).order_by(DagRun.run_after.desc(), DagRun.id.desc())
        runs = list(session.scalars(query.limit(limit).offset(offset)))
        total = session.scalar(select(func.count()).select_from(DagRun).where(DagRun.dag_id == dag_id)) or 0
        items = _items(session, state, runs)
    return Json({"items": items, "total": total, "limit": limit, "offset": offset})


@router.post(
    "",
    dependencies=changing("POST", DagAccessEntity.RUN),
    status_code=201,
    responses=answers("DagRun", 201),
    openapi_extra=body_of(NewRun, required=False),
)
def start(dag_id: str, user: GetUserDep, body: Small, once: OnceDep) -> Response:
    """Start a run of an active automation."""
    return once(body.content, lambda: _start(dag_id, body.read(NewRun).conf, user.get_name()))


def _start(dag_id: str, conf: dict[str, Any], by: str) -> Response:
    state = views.existing(dag_id)
    with create_session(scoped=False) as session:
        dag = airflow_state.known(session, [dag_id])[dag_id]
    if dag.error is not None:
        raise Problem(409, "Airflow cannot read the DAG file", error=dag.error)
    if dag.is_paused is not False:
        problem = "the automation is paused" if dag.is_paused else "Airflow has not read the DAG file yet"
        raise Problem(409, problem, remedy="Activate it first.")
    try:
        run = trigger_dag(dag_id, triggered_by=DagRunTriggeredByType.REST_API, triggering_user_name=by, conf=conf)
    except ParamValidationError as error:
        raise Problem(422, public(str(masking.masked(str(error)))), where="conf") from None
    except DagRunAlreadyExists:
        raise Problem(409, "a run was started in this very moment; try again") from None
    with create_session(scoped=False) as session:
        query = select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run.run_id)
        items = _items(session, state, list(session.scalars(query)))
    return Json(items[0], 201)


def _items(session: Session, state: AutomationState, runs: list[DagRun]) -> list[dict[str, Any]]:
    ran, skipped = _sources(session, runs), _skipped(session, state, runs)
    versions: dict[str, int] = {}
    for entry in state.log.versions():
        versions.setdefault(dag_sha256(entry.dag_file or ""), entry.sidecar.version)
    return [
        {
            "runId": run.run_id,
            "state": str(run.state),
            "runType": str(run.run_type),
            "triggeredBy": str(run.triggered_by.value) if run.triggered_by else None,
            "triggeringUser": run.triggering_user_name,
            "logicalDate": time(run.logical_date),
            "startedAt": time(run.start_date),
            "endedAt": time(run.end_date),
            "note": mask(run.note) if run.note else None,
            "version": versions.get(ran[run.run_id], EDITED) if run.run_id in ran else None,
            "skipped": skipped.get(run.run_id),
        }
        for run in runs
    ]


def _sources(session: Session, runs: list[DagRun]) -> dict[str, str]:
    """Return the digest of the DAG file that each run ran: of its tasks' newest DAG version, else of its first."""
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
    newest = {run_id: max((known[it] for it in found if it in known), default=None) for run_id, found in used.items()}
    return {run_id: found[1] for run_id, found in newest.items() if found is not None}


def _skipped(session: Session, state: AutomationState, runs: list[DagRun]) -> dict[str, str]:
    """Return why runs skipped their steps, as their task ``conditions`` told it."""
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
        found[row.run_id] = mask("; ".join(_told(entry) for entry in failed))
    return found


def _told(entry: dict[str, Any]) -> str:
    why = f" ({entry['why']})" if entry.get("why") else ""
    return f"{entry.get('condition')} does not hold{why}"

"""``/api/v1/automations/{dag_id}/savings``: what the runs of an automation saved, compared with the recorded run."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_provider_vai.analysis import savings
from airflow_provider_vai.model.flags import model_steps
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.plugin.api.access import reading
from airflow_provider_vai.plugin.api.json_response import MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.parameters import DagId, Limit
from airflow_provider_vai.plugin.api.stored_automation import existing

router = APIRouter(prefix="/api/v1/automations/{dag_id}/savings", tags=["runs"])


class CostShown(ResponseModel):
    """Tokens, US dollars and seconds; null: not known."""

    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    seconds: float | None


class RunSavings(ResponseModel):
    """What one run cost, and what it saved compared with the recorded run."""

    run_id: str
    state: str
    started: str | None = Field(json_schema_extra={"format": "date-time"})
    spent: CostShown
    saved: CostShown


class SavingsShown(ResponseModel):
    """What the runs of an automation cost and saved, newest first.

    ``recorded`` is the cost of the recorded run, by ``model``; ``pricedBy`` names the source of its price.
    ``modelSteps`` are the steps that still call a model, ``saved`` is the sum over all runs.
    """

    dag_id: str
    recorded: CostShown
    model: str | None
    priced_by: str | None
    model_steps: list[str]
    rows: list[RunSavings]
    saved: CostShown
    notes: list[str]


@router.get("", dependencies=reading(DagAccessEntity.RUN), response_model=SavingsShown)
def ledger(dag_id: DagId, limit: Limit = 100) -> Response:
    """Show what the newest runs cost and saved: tokens, dollars and seconds; null where it is not known."""
    return MaskedJson(saved_by(dag_id, limit))


def saved_by(dag_id: str, limit: int) -> SavingsShown:
    """Return what the newest runs of an automation cost and saved.

    :param dag_id: its DAG id.
    :param limit: how many runs to look at.
    :raises HTTPException: 404 there is no such automation.
    """
    sidecar = existing(dag_id).sidecar
    assert sidecar is not None  # noqa: S101 - existing() checked it
    with create_session(scoped=False) as session:
        found = ledger_of(session, sidecar, newest_runs(session, dag_id, limit))
    return SavingsShown.model_validate(savings.as_json(found))


def newest_runs(session: Session, dag_id: str, limit: int, offset: int = 0) -> list[DagRun]:
    """Return the runs of a DAG, newest first.

    :param session: of Airflow's database.
    :param dag_id: the DAG.
    :param limit: how many.
    :param offset: after how many.
    """
    query = select(DagRun).where(DagRun.dag_id == dag_id).order_by(DagRun.run_after.desc(), DagRun.id.desc())
    return list(session.scalars(query.limit(limit).offset(offset)))


def ledger_of(session: Session, sidecar: Sidecar, runs: list[DagRun]) -> savings.Ledger:
    """Return the ledger of some runs of an automation.

    :param session: of Airflow's database.
    :param sidecar: of the automation.
    :param runs: the runs.
    """
    residual = _residual(session, sidecar, [run.run_id for run in runs])
    entries = [
        {
            "run_id": run.run_id,
            "state": str(run.state),
            "started": run.start_date.isoformat() if run.start_date else None,
            "ended": run.end_date.isoformat() if run.end_date else None,
            "residual": residual[run.run_id],
        }
        for run in runs
    ]
    return savings.ledger(sidecar, entries)


def _residual(session: Session, sidecar: Sidecar, run_ids: list[str]) -> dict[str, Any]:
    """Return, by run, what the steps that still call a model used."""
    keys = model_steps(sidecar.steps)
    tasks = [step.task_id for step in sidecar.steps if step.key in keys]
    results: dict[str, dict[str, Any]] = defaultdict(dict)
    skipped: dict[str, list[str]] = defaultdict(list)
    if tasks and run_ids:
        left = select(XComModel).where(
            XComModel.dag_id == sidecar.dag_id,
            XComModel.run_id.in_(run_ids),
            XComModel.key == "return_value",
            XComModel.task_id.in_(tasks),
        )
        for row in session.scalars(left):
            results[row.run_id][row.task_id] = XComModel.deserialize_value(row)
        out = select(TaskInstance.run_id, TaskInstance.task_id).where(
            TaskInstance.dag_id == sidecar.dag_id,
            TaskInstance.run_id.in_(run_ids),
            TaskInstance.task_id.in_(tasks),
            TaskInstance.state == "skipped",
        )
        for run_id, task_id in session.execute(out):
            skipped[run_id].append(task_id)
    return {run_id: savings.residual(sidecar, results[run_id], skipped[run_id]) for run_id in run_ids}

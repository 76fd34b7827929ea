"""``/api/v1/savings``: what the runs of all automations saved together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from fastapi import APIRouter, HTTPException, Request, Response
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from airflow_provider_vai.analysis import savings
from airflow_provider_vai.analysis.savings import Cost
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.sidecar import SUFFIX, Sidecar, parse_sidecar
from airflow_provider_vai.plugin.api.access import READ_RUNS, check_dag
from airflow_provider_vai.plugin.api.configured_folders import automations_folder
from airflow_provider_vai.plugin.api.json_response import ListPage, MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.parameters import Limit, Offset
from airflow_provider_vai.plugin.routes.automations import readable
from airflow_provider_vai.plugin.routes.savings import CostShown, ledger_of, newest_runs
from airflow_provider_vai.store import shared_files

router = APIRouter(prefix="/api/v1/savings", tags=["runs"])

NEWEST = 100
"""How many runs are looked at of an automation with steps that ask a model: their results must be read one by one."""

AMOUNTS = ("input_tokens", "output_tokens", "cost_usd", "seconds")


class AutomationSavings(ResponseModel):
    """What the runs of one automation saved: all of them, or the newest if its steps ask a model.

    ``runs`` counts all runs, ``counted`` those that ``saved`` is about.
    """

    dag_id: str
    runs: int
    successes: int
    counted: int
    model_steps: list[str]
    saved: CostShown


class UnknownCounts(ResponseModel):
    """How many automations saved an unknown amount."""

    input_tokens: int
    output_tokens: int
    cost_usd: int
    seconds: int


class AllSavings(ListPage):
    """What automations saved, those that saved most dollars first. Automations that never ran are not listed.

    ``saved`` adds up the known amounts of all of them, also of those on other pages; ``unknown`` counts the automations
    whose amount is not known and not in the sum.
    """

    items: list[AutomationSavings]
    saved: CostShown
    unknown: UnknownCounts


@router.get("", dependencies=READ_RUNS, response_model=AllSavings)
def all_savings(request: Request, user: GetUserDep, *, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Show what the runs of the automations saved whose runs the user may see."""
    return MaskedJson(saved_by_all(request, user, limit=limit, offset=offset))


def saved_by_all(request: Request, user: Any, *, limit: int, offset: int) -> AllSavings:
    """Return what the automations saved whose runs a user may see; one query counts the runs of all of them.

    :param request: the request.
    :param user: who asks.
    :param limit: how many automations to list.
    :param offset: after how many.
    """
    folder = automations_folder()
    names = [name[: -len(SUFFIX)] for name in shared_files.names(folder, SUFFIX)]
    with create_session(scoped=False) as session:
        counted = _counted(session)
        ran = [name for name in names if name in counted]
        items = [
            _item(session, sidecar, counted[sidecar.dag_id])
            for sidecar in _sidecars(name for name in readable(ran, request, user) if _may(request, user, name))
        ]
    items.sort(key=lambda item: (-(item.saved.cost_usd or 0.0), item.dag_id))
    known = {name: [amount for item in items if (amount := getattr(item.saved, name)) is not None] for name in AMOUNTS}
    return AllSavings(
        items=items[offset : offset + limit],
        total=len(items),
        limit=limit,
        offset=offset,
        saved=CostShown.model_validate({name: sum(amounts) for name, amounts in known.items()}),
        unknown=UnknownCounts.model_validate({name: len(items) - len(known[name]) for name in AMOUNTS}),
    )


def _counted(session: Session) -> dict[str, tuple[int, int, float | None]]:
    """Return for each DAG the number of its runs, of those that succeeded, and how long these took."""
    succeeded = DagRun.state == savings.SUCCESS
    timed: Any = DagRun.duration
    query = select(
        DagRun.dag_id,
        func.count(),
        func.sum(case((succeeded, 1), else_=0)),
        func.sum(case((succeeded, timed), else_=None)),
        func.sum(case((succeeded & (DagRun.start_date.is_(None) | DagRun.end_date.is_(None)), 1), else_=0)),
    ).group_by(DagRun.dag_id)
    return {
        dag_id: (runs, int(successes), None if untimed else float(seconds or 0))
        for dag_id, runs, successes, seconds, untimed in session.execute(query)
    }


def _item(session: Session, sidecar: Sidecar, counted: tuple[int, int, float | None]) -> AutomationSavings:
    runs, successes, seconds = counted
    asking = savings.model_steps(sidecar.steps)
    saved: Cost = (
        ledger_of(session, sidecar, newest_runs(session, sidecar.dag_id, NEWEST)).saved
        if asking
        else savings.saved_in_all(sidecar, successes, seconds)
    )
    return AutomationSavings(
        dag_id=sidecar.dag_id,
        runs=runs,
        successes=successes,
        counted=min(runs, NEWEST) if asking else runs,
        model_steps=asking,
        saved=CostShown.model_validate(saved),
    )


def _may(request: Request, user: Any, dag_id: str) -> bool:
    try:
        check_dag(request, user, "GET", dag_id, DagAccessEntity.RUN)
    except HTTPException:
        return False
    return True


def _sidecars(names: Iterable[str]) -> Iterable[Sidecar]:
    """Yield the sidecars that can be read; the list of automations says what is wrong with the others."""
    folder = automations_folder()
    for name in names:
        content = shared_files.read(folder / (name + SUFFIX))
        try:
            if content is not None:
                yield parse_sidecar(content, name)
        except SpecError:
            continue

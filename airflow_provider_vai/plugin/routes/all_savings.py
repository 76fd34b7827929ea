"""``/api/v1/savings``: what the runs of all automations saved together."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from fastapi import APIRouter, Response
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from airflow_provider_vai.analysis import savings
from airflow_provider_vai.analysis.savings import Cost
from airflow_provider_vai.model.sidecar import SUFFIX, parse_sidecar
from airflow_provider_vai.plugin.api.access import READ_RUNS, allowed_dags
from airflow_provider_vai.plugin.api.configured_folders import automations_folder
from airflow_provider_vai.plugin.api.json_response import ListPage, MaskedJson, ResponseModel
from airflow_provider_vai.plugin.api.parameters import Limit, Offset
from airflow_provider_vai.plugin.routes.automations import readable
from airflow_provider_vai.plugin.routes.savings import CostShown, ledger_of, newest_runs
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.summaries import Summary, summaries

router = APIRouter(prefix="/api/v1/savings", tags=["runs"])

NEWEST = 100
"""How many runs are looked at of an automation with steps that ask a model: their results must be read one by one."""

DAY_SECONDS = 86_400
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

    ``saved`` adds up the known amounts of all of them, also of those on other pages; null: none is known. ``unknown``
    counts the automations whose amount is not known and not in the sum.
    """

    items: list[AutomationSavings]
    saved: CostShown
    unknown: UnknownCounts


@router.get("", dependencies=READ_RUNS, response_model=AllSavings)
def all_savings(user: GetUserDep, *, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Show what the runs of the automations saved whose runs the user may see."""
    return MaskedJson(saved_by_all(user, limit=limit, offset=offset))


def saved_by_all(user: Any, *, limit: int, offset: int) -> AllSavings:
    """Return what the automations saved whose runs a user may see; one query counts the runs of all of them.

    :param user: who asks.
    :param limit: how many automations to list.
    :param offset: after how many.
    """
    with create_session(scoped=False) as session:
        counted = _counted(session)

        def seen(dag_ids: list[str]) -> list[str]:
            ran = readable([dag_id for dag_id in dag_ids if dag_id in counted], user)
            may_see = allowed_dags(user, "GET", ran, DagAccessEntity.RUN)
            return [dag_id for dag_id in ran if dag_id in may_see]

        # The list of automations says what is wrong with those that cannot be read.
        known = [one for one in summaries(automations_folder(), keep=seen) if isinstance(one, Summary)]
        items = [_item(session, one, counted[one.dag_id]) for one in known if one.dag_id in counted]
    items.sort(key=lambda item: (-(item.saved.cost_usd or 0.0), item.dag_id))
    amounts = {
        name: [amount for item in items if (amount := getattr(item.saved, name)) is not None] for name in AMOUNTS
    }
    return AllSavings(
        items=items[offset : offset + limit],
        total=len(items),
        limit=limit,
        offset=offset,
        saved=CostShown.model_validate(
            {name: sum(found) if found or not items else None for name, found in amounts.items()}
        ),
        unknown=UnknownCounts.model_validate({name: len(items) - len(amounts[name]) for name in AMOUNTS}),
    )


def _counted(session: Session) -> dict[str, tuple[int, int, float | None]]:
    """Return for each DAG the number of its runs, of those that succeeded, and how long these took."""
    succeeded = DagRun.state == savings.SUCCESS
    timed: Any = DagRun.duration
    if session.get_bind().dialect.name == "sqlite":  # in Airflow 3.1, that is no duration there
        timed = (func.julianday(DagRun.end_date) - func.julianday(DagRun.start_date)) * DAY_SECONDS
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


def _item(session: Session, about: Summary, counted: tuple[int, int, float | None]) -> AutomationSavings:
    runs, successes, seconds = counted
    asking = list(about.model_steps)
    return AutomationSavings(
        dag_id=about.dag_id,
        runs=runs,
        successes=successes,
        counted=min(runs, NEWEST) if asking else runs,
        model_steps=asking,
        saved=CostShown.model_validate(
            _saved_by_newest(session, about.dag_id)
            if asking
            else savings.saved_in_all(about.savings, about.source, successes, seconds)
        ),
    )


def _saved_by_newest(session: Session, dag_id: str) -> Cost:
    """Return what the newest runs of an automation saved whose steps ask a model; unknown if it was just deleted."""
    content = shared_files.read(automations_folder() / (dag_id + SUFFIX))
    if content is None:
        return Cost()
    return ledger_of(session, parse_sidecar(content, dag_id), newest_runs(session, dag_id, NEWEST)).saved

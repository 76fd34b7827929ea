"""Emits what happened in a run that has ended: the assets of events that some DAG listens to, and no others.

The scheduler holds locks while it ends a run and forbids any commit, savepoints included
(``airflow.utils.sqlalchemy.CommitProhibitorGuard``); Airflow's asset manager needs a savepoint on SQLite and MySQL. So
nothing is done in its transaction: the run is remembered, and its events are told in a session of their own right after
the scheduler's commit. A transaction that is rolled back tells nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from airflow import settings
from airflow.assets.manager import asset_manager
from airflow.models.asset import AssetDagRunQueue, AssetModel, DagScheduleAssetReference
from airflow.models.dag import DagModel
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.retries import run_with_db_retries
from airflow.utils.session import create_session
from sqlalchemy import delete, event, select
from sqlalchemy.orm import Session, object_session

from airflow_provider_vai.languages.identifiers import EVENT_PREFIX, read_event_uri
from airflow_provider_vai.plugin.events.steps import ACTIONS, is_step

if TYPE_CHECKING:
    from airflow.serialization.definitions.dag import SerializedDAG

log = logging.getLogger(__name__)

PENDING = "vai_ended_runs"
TRIES = 3
MAX_STEPS = 50
"""Steps that one event names; every task of a run that it starts is sent all of it."""
DESTINATIONS = {
    "dlt_extract": "destination_conn_id",
    "duckdb_transform": "conn_id",
    "file_sync": "destination_conn_id",
}
"""The argument that names the connection for which a step of the kind lands data."""


@dataclass(frozen=True)
class Ended:
    """A run that ended, as the scheduler said it: the state, and the DAG where the scheduler had it at hand."""

    dag_id: str
    run_id: str
    state: str
    dag: SerializedDAG | None


@dataclass(frozen=True)
class Happened:
    """One event: its name, what its filters are compared with, the task instances and the steps that it is about."""

    event: str
    facts: dict[str, str]
    instances: Sequence[TaskInstance]
    steps: Sequence[dict[str, str]] = ()


def tell_after_commit(dag_run: DagRun) -> None:
    """Tell the events of a run when the transaction that ends it is committed.

    :param dag_run: a run in its last state, in the session of whoever ends it (``dag.test`` lets it drop out of the
        thread's session, and commits that one).
    """
    session = object_session(dag_run) or settings.Session()
    if not event.contains(session, "after_commit", _committed):
        event.listen(session, "after_commit", _committed)
        event.listen(session, "after_soft_rollback", _rolled_back)
    ended = Ended(dag_run.dag_id, dag_run.run_id, str(dag_run.state), getattr(dag_run, "dag", None))
    session.info.setdefault(PENDING, []).append(ended)


def _committed(session: Session) -> None:
    if session.in_nested_transaction():
        return
    for ended in session.info.pop(PENDING, ()):
        try:
            for attempt in run_with_db_retries(max_retries=TRIES, logger=log):
                with attempt, create_session(scoped=False) as own:
                    tell(ended, own)
        except Exception:  # an error here would end the scheduler
            log.exception("The events of the run %s of %s are not told", ended.run_id, ended.dag_id)


def _rolled_back(session: Session, transaction: Any) -> None:
    if not transaction.nested:
        session.info.pop(PENDING, None)


def tell(ended: Ended, session: Session) -> None:
    """Register an event of each listened-to asset that something of the run passes; one event an asset.

    An asset that the run itself was started by is left out, and the run's own DAG is not started: listeners to the same
    events cannot start each other for ever.

    :param session: is flushed, not committed.
    """
    listened = _listened(session)
    if not listened:
        return
    run = session.scalar(select(DagRun).where(DagRun.dag_id == ended.dag_id, DagRun.run_id == ended.run_id))
    if run is None or str(run.state) != ended.state:  # somebody was faster: the run is deleted, or starts anew
        return
    dag = ended.dag or DBDagBag().get_dag_for_run(run, session)
    happened = list(_happened(run, dag, session)) if dag else []
    started_by = {consumed.asset.uri for consumed in run.consumed_asset_events}
    for asset in listened:
        if asset.uri not in started_by:
            passed = _passed(asset.uri, happened)
            if passed:
                _register(asset, run, passed, session)


def _listened(session: Session) -> Sequence[AssetModel]:
    """Return the assets of events by which an active DAG is scheduled."""
    active = DagScheduleAssetReference.dag.has(DagModel.is_paused.is_(False))
    query = select(AssetModel).where(AssetModel.uri.startswith(EVENT_PREFIX), AssetModel.scheduled_dags.any(active))
    return session.scalars(query.order_by(AssetModel.id)).all()


def _passed(uri: str, happened: Sequence[Happened]) -> list[Happened]:
    read = read_event_uri(uri)
    if read is None:
        return []
    name, filters = read
    return [one for one in happened if one.event == name and filters.items() <= one.facts.items()]


def _register(asset: AssetModel, run: DagRun, passed: Sequence[Happened], session: Session) -> None:
    steps = [named for one in passed for named in one.steps]
    instances = [instance for one in passed for instance in one.instances]
    about = {"event": passed[0].event, "dag_id": run.dag_id, "run_id": run.run_id}
    if steps:
        about |= {**steps[0], "steps": steps[:MAX_STEPS], "count": len(steps)}
    own = (AssetDagRunQueue.asset_id == asset.id, AssetDagRunQueue.target_dag_id == run.dag_id)
    waits = session.scalar(select(AssetDagRunQueue.asset_id).where(*own)) is not None
    asset_manager.register_asset_change(asset=asset, task_instance=_latest(instances), extra=about, session=session)
    session.flush()
    if not waits:
        session.execute(delete(AssetDagRunQueue).where(*own))


def _happened(run: DagRun, dag: SerializedDAG, session: Session) -> Iterator[Happened]:
    """Yield what happened in a run: its own end, then that of its steps, in the order in which they ended."""
    steps = {task_id: task for task_id, task in dag.task_dict.items() if is_step(task)}
    if not steps:
        return
    query = select(TaskInstance).where(TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id)
    instances = [it for it in session.scalars(query) if it.end_date and not _is_of_earlier_end(it, run)]
    instances.sort(key=lambda instance: instance.end_date)
    of_step: dict[str, list[TaskInstance]] = {}
    for instance in instances:
        of_step.setdefault(instance.task_id, []).append(instance)
    told = [one for task_id in of_step if task_id in steps for one in _of_step(run, steps[task_id], of_step[task_id])]
    facts = {"automation": run.dag_id}
    if run.state == "failed":
        failed = [one for one in told if one.event == "action.failed"]
        about = [instance for one in failed for instance in one.instances] or instances
        yield Happened("automation.failed", facts, about, [named for one in failed for named in one.steps])
    else:
        yield Happened("automation.completed", facts, instances)
    yield from told


def _is_of_earlier_end(instance: TaskInstance, run: DagRun) -> bool:
    """Return whether a task ended before its run was cleared and queued again: it was told about then."""
    return bool(run.clear_number and run.queued_at and instance.end_date < run.queued_at)


def _of_step(run: DagRun, task: Any, instances: Sequence[TaskInstance]) -> Iterator[Happened]:
    """Yield the events of one step; a mapped one failed if any instance did."""
    kind = _kind(task)
    if kind is None:
        return
    facts = {"action_kind": kind, "automation": run.dag_id, "step": task.task_id}
    named = ({"task_id": task.task_id, "kind": kind},)
    failed = [it for it in instances if it.state == "failed"]
    done = [it for it in instances if it.state == "success"]
    if failed:
        yield Happened("action.failed", facts, failed, named)
    elif done:
        yield Happened("action.completed", facts, done, named)
        connection = _destination(task, kind)
        if connection:
            yield Happened("connection.data_available", {**facts, "connection": connection}, done, named)


def _kind(task: Any) -> str | None:
    """Return the kind that a step's asset names; a mapped step has no asset, its operator says the kind."""
    for outlet in getattr(task, "outlets", None) or ():
        uri = str(getattr(outlet, "uri", ""))
        if uri.startswith(ACTIONS):
            return unquote(uri.removeprefix(ACTIONS).partition("/")[0])
    from airflow_provider_vai.model.kinds import all_kinds

    operator = f"{task._task_module}.{task.task_type}"
    return next((kind.name for kind in all_kinds() if kind.operator == operator), None)


def _destination(task: Any, kind: str) -> str | None:
    """Return the connection that a step lands data for, where it stands in the DAG file as plain text."""
    if kind not in DESTINATIONS or (kind == "duckdb_transform" and not _written(task, "table")):
        return None
    connection = _written(task, DESTINATIONS[kind])
    return connection if isinstance(connection, str) and connection else None


def _written(task: Any, argument: str) -> Any:
    return getattr(task, argument, None) or getattr(task, "partial_kwargs", {}).get(argument)


def _latest(instances: Sequence[TaskInstance]) -> TaskInstance | None:
    return max(instances, key=lambda instance: instance.end_date, default=None)

"""Emits what happened in a run that ended: asset events, but only for assets that some DAG listens to.

The scheduler holds locks while it ends a run and forbids every commit, savepoints included
(``airflow.utils.sqlalchemy.CommitProhibitorGuard``); Airflow's asset manager needs a savepoint on SQLite and MySQL. So
nothing happens in its transaction: the run is remembered, and its events are emitted in a session of their own right
after the scheduler's commit. A transaction that is rolled back emits nothing.
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
from sqlalchemy import and_, delete, event, or_, select
from sqlalchemy.orm import Session, object_session

from airflow_provider_vai.languages.identifiers import ACTION_PREFIX, EVENT_PREFIX, read_action_uri, read_event_uri
from airflow_provider_vai.plugin.events.steps import is_step

if TYPE_CHECKING:
    from airflow.serialization.definitions.dag import SerializedDAG

log = logging.getLogger(__name__)

PENDING = "vai_ended_runs"
TRIES = 3
MAX_STEPS = 50
"""How many steps one event lists: every task of a run that it starts receives the whole list."""
DESTINATIONS = {
    "dlt_extract": "destination_conn_id",
    "duckdb_transform": "conn_id",
    "file_sync": "destination_conn_id",
}
"""By action kind, the argument that names the connection to which a step writes data."""


@dataclass(frozen=True)
class Ended:
    """A run that ended, with its state then, and its DAG if the scheduler had loaded it."""

    dag_id: str
    run_id: str
    state: str
    dag: SerializedDAG | None


@dataclass(frozen=True)
class Happened:
    """One event.

    :param event: its name. :param facts: what the filters of triggers are compared with.
    :param instances: the task instances that it is about. :param steps: their steps, as the event lists them.
    """

    event: str
    facts: dict[str, str]
    instances: Sequence[TaskInstance]
    steps: Sequence[dict[str, str]] = ()


def emit_after_commit(dag_run: DagRun) -> None:
    """Emit the events of a run when the transaction that ends it is committed.

    :param dag_run: a run in its final state, in the session that ends it (``dag.test`` detaches it from the thread's
        session, and commits that session).
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
                    emit(ended, own)
        except Exception:  # an error here would stop the scheduler
            log.exception("The events of the run %s of %s could not be emitted", ended.run_id, ended.dag_id)


def _rolled_back(session: Session, transaction: Any) -> None:
    if not transaction.nested:
        session.info.pop(PENDING, None)


def emit(ended: Ended, session: Session) -> None:
    """Register one event for each asset whose event name and filters match something in the run.

    Assets by which the run itself was started are left out, and the run's own DAG is not started: DAGs that listen to
    the same events cannot start each other forever.

    :param ended: the run. :param session: is flushed, not committed.
    """
    listened = _listened(ended.dag_id, session)
    if not listened:
        return
    run = session.scalar(select(DagRun).where(DagRun.dag_id == ended.dag_id, DagRun.run_id == ended.run_id))
    if run is None or str(run.state) != ended.state:  # meanwhile the run was deleted, or cleared
        return
    dag = ended.dag or DBDagBag().get_dag_for_run(run, session)
    happened = list(_happened(run, dag, session)) if dag else []
    started_by = {consumed.asset.uri for consumed in run.consumed_asset_events}
    for asset in listened:
        if asset.uri not in started_by:
            matching = _matching(asset.uri, happened)
            if matching:
                _register(asset, run, matching, session)


def _listened(dag_id: str, session: Session) -> Sequence[AssetModel]:
    """Return the assets that schedule an active DAG: those of events, and those of the DAG's steps.

    A step that has its own asset as an outlet emits it itself, so it is left out here.
    """
    active = DagScheduleAssetReference.dag.has(DagModel.is_paused.is_(False))
    of_step = and_(AssetModel.uri.startswith(ACTION_PREFIX), ~AssetModel.producing_tasks.any())
    is_ours = or_(AssetModel.uri.startswith(EVENT_PREFIX), of_step)
    found = session.scalars(select(AssetModel).where(is_ours, AssetModel.scheduled_dags.any(active)))
    named = [(asset, read_action_uri(asset.uri)) for asset in found.all()]
    return sorted((asset for asset, step in named if step is None or step[1] == dag_id), key=lambda asset: asset.id)


def _matching(uri: str, happened: Sequence[Happened]) -> list[Happened]:
    step = read_action_uri(uri)
    if step is not None:
        read = "action.completed", dict(zip(("action_kind", "automation", "step"), step, strict=True))
    elif (given := read_event_uri(uri)) is not None:
        read = given
    else:
        return []
    name, filters = read
    return [one for one in happened if one.event == name and filters.items() <= one.facts.items()]


def _register(asset: AssetModel, run: DagRun, matching: Sequence[Happened], session: Session) -> None:
    steps = [step for one in matching for step in one.steps]
    instances = [instance for one in matching for instance in one.instances]
    about = {"event": matching[0].event, "dag_id": run.dag_id, "run_id": run.run_id}
    if steps:
        about |= {**steps[0], "steps": steps[:MAX_STEPS], "count": len(steps)}
    own = (AssetDagRunQueue.asset_id == asset.id, AssetDagRunQueue.target_dag_id == run.dag_id)
    row = getattr(AssetDagRunQueue, "asset_event_id", AssetDagRunQueue.asset_id)  # 3.4: one for each event
    waiting = session.scalars(select(row).where(*own)).all()
    asset_manager.register_asset_change(asset=asset, task_instance=_latest(instances), extra=about, session=session)
    session.flush()
    session.execute(delete(AssetDagRunQueue).where(*own, row.not_in(waiting)))


def _happened(run: DagRun, dag: SerializedDAG, session: Session) -> Iterator[Happened]:
    """Yield what happened in a run: its own end, then the ends of its steps, in the order in which they ended."""
    steps = {task_id: task for task_id, task in dag.task_dict.items() if is_step(task)}
    if not steps:
        return
    query = select(TaskInstance).where(TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id)
    instances = [
        instance for instance in session.scalars(query) if instance.end_date and not _is_of_earlier_end(instance, run)
    ]
    instances.sort(key=lambda instance: instance.end_date)
    of_step: dict[str, list[TaskInstance]] = {}
    for instance in instances:
        of_step.setdefault(instance.task_id, []).append(instance)
    of_steps = [
        one for task_id in of_step if task_id in steps for one in _of_step(run, steps[task_id], of_step[task_id])
    ]
    facts = {"automation": run.dag_id}
    if run.state == "failed":
        failed = [one for one in of_steps if one.event == "action.failed"]
        about = [instance for one in failed for instance in one.instances] or instances
        yield Happened("automation.failed", facts, about, [step for one in failed for step in one.steps])
    else:
        yield Happened("automation.completed", facts, instances)
    yield from of_steps


def _is_of_earlier_end(instance: TaskInstance, run: DagRun) -> bool:
    """Return whether a task ended before its run was cleared and queued again: its event was emitted then."""
    return bool(run.clear_number and run.queued_at and instance.end_date < run.queued_at)


def _of_step(run: DagRun, task: Any, instances: Sequence[TaskInstance]) -> Iterator[Happened]:
    """Yield the events of one step; a mapped step failed if any of its task instances did."""
    kind = _kind(task)
    if kind is None:
        return
    facts = {"action_kind": kind, "automation": run.dag_id, "step": task.task_id}
    steps = ({"task_id": task.task_id, "kind": kind},)
    failed = [instance for instance in instances if instance.state == "failed"]
    done = [instance for instance in instances if instance.state == "success"]
    if failed:
        yield Happened("action.failed", facts, failed, steps)
    elif done:
        yield Happened("action.completed", facts, done, steps)
        connection = _destination(task, kind)
        if connection:
            yield Happened("connection.data_available", {**facts, "connection": connection}, done, steps)


def _kind(task: Any) -> str | None:
    """Return the action kind of a step: from its asset if it has one, else from its operator."""
    for outlet in getattr(task, "outlets", None) or ():
        uri = str(getattr(outlet, "uri", ""))
        if uri.startswith(ACTION_PREFIX):
            return unquote(uri.removeprefix(ACTION_PREFIX).partition("/")[0])
    from airflow_provider_vai.model.kinds import all_kinds

    operator = f"{task._task_module}.{task.task_type}"
    return next((kind.name for kind in all_kinds() if kind.operator == operator), None)


def _destination(task: Any, kind: str) -> str | None:
    """Return the connection to which a step writes data, if the DAG file names it as plain text."""
    if kind not in DESTINATIONS or (kind == "duckdb_transform" and not _argument(task, "table")):
        return None
    connection = _argument(task, DESTINATIONS[kind])
    return connection if isinstance(connection, str) and connection else None


def _argument(task: Any, name: str) -> Any:
    return getattr(task, name, None) or getattr(task, "partial_kwargs", {}).get(name)


def _latest(instances: Sequence[TaskInstance]) -> TaskInstance | None:
    return max(instances, key=lambda instance: instance.end_date, default=None)

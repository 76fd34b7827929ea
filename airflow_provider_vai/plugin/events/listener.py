"""Airflow's listener for DAG runs that ended, and for the start of the DAG processor.

Every task process imports this module, so it stays light. The scheduler calls the functions about DAG runs within its
own transaction; the API server calls them when a person marks a run.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl

from airflow_provider_vai.plugin.events.steps import is_step

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun


@hookimpl  # type: ignore[untyped-decorator]
def on_starting(component: Any) -> None:
    """Airflow's hook: a scheduler, triggerer or DAG processor starts; see :mod:`.warm_up`."""
    from airflow_provider_vai.plugin.events import warm_up

    try:
        warm_up.in_dag_processor()
    except Exception:
        _log().exception("The DAG processor starts without the operators of automations")


@hookimpl  # type: ignore[untyped-decorator]
def on_dag_run_success(dag_run: DagRun) -> None:
    """Airflow's hook: the run succeeded."""
    _ended(dag_run)


@hookimpl  # type: ignore[untyped-decorator]
def on_dag_run_failed(dag_run: DagRun) -> None:
    """Airflow's hook: the run failed."""
    _ended(dag_run)


def _ended(dag_run: DagRun) -> None:
    """Emit the run's events after the scheduler's commit. No error in here reaches the scheduler."""
    try:
        dag = getattr(dag_run, "dag", None)  # Airflow 3.1 does not set it when a person marks the run
        with suppress(AttributeError):
            if dag is not None and not any(is_step(task) for task in dag.task_dict.values()):
                return
        from airflow_provider_vai.plugin.events import run_events

        run_events.emit_after_commit(dag_run)
    except Exception:
        _log().exception("The events of the run %s of %s could not be emitted", dag_run.run_id, dag_run.dag_id)


def _log() -> Any:
    import logging

    return logging.getLogger(__name__)

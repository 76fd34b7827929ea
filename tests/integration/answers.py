"""Simulates a person who answers the approval requests of a DAG that runs in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import pytest


@contextmanager
def answering(
    *options: str, before: Callable[[], object] | None = None, form: dict[str, Any] | None = None
) -> Iterator[list[Any]]:
    """Answer pending approval requests one after another, as Airflow's own route does; yield the requests.

    :param form: the values that the approver enters into the form's fields.
    """
    from airflow.models.dagrun import DagRun
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.trigger import handle_event_submit
    from airflow.sdk import timezone
    from airflow.triggers.base import TriggerEvent
    from sqlalchemy import select

    shown: list[Any] = []
    left = list(options)

    def answer(session: Any) -> None:
        waiting = ("awaiting_input", "deferred")
        newest = select(DagRun.run_id).order_by(DagRun.id.desc()).limit(1).scalar_subquery()
        live = select(TaskInstance).where(
            TaskInstance.run_id == newest, TaskInstance.state.in_(("scheduled", "queued", "running", *waiting))
        )
        tis = session.scalars(live).all()
        if any(ti.state not in waiting for ti in tis):
            return  # the DAG run in the other thread writes these rows, too, and must have paused
        for ti in tis:
            detail = session.scalar(select(HITLDetail).where(HITLDetail.ti_id == ti.id))
            if detail is not None and detail.responded_at is None and left:
                if before:
                    before()
                detail.responded_by = {"id": "alice", "name": "Alice"}
                detail.responded_at, detail.chosen_options = timezone.utcnow(), [left.pop(0)]
                detail.params_input = form or {}
                shown.append((detail.subject, detail.body))
            elif detail is None or detail.responded_at is None:
                continue  # answered, but still waiting: the DAG run's thread overwrote the new state with the old one
            event = TriggerEvent(detail.as_resume_event_payload())
            handle_event_submit(event, task_instance=ti, session=session)
            session.commit()

    with meanwhile(answer):
        yield shown


@contextmanager
def meanwhile(work: Callable[[Any], None]) -> Iterator[None]:
    """Retry a database operation while a DAG runs, because SQLite may be locked."""
    if version("apache-airflow-core").startswith(("3.1.", "3.2.")):
        pytest.skip("DAG.test cannot serve the questions of gates before Airflow 3.3; the end-to-end tests do")
    from airflow.utils.session import create_session
    from sqlalchemy.exc import OperationalError

    stop, failed = threading.Event(), []

    def repeat() -> None:
        while not stop.wait(0.3):
            try:
                with create_session() as session:
                    work(session)
            except OperationalError:
                continue
            except Exception as error:
                failed.append(error)
                return

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
    assert failed == []

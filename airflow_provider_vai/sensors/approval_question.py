"""Airflow's human-in-the-loop machinery: put a question, and wait for its answer without a worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NoReturn

from airflow.sdk.timezone import utcnow

from airflow_provider_vai.sensors.approval import APPROVE, REJECT


def put(
    ti_id: Any, *, subject: str, body: str, defaults: list[str] | None, users: Sequence[str | dict[str, str]]
) -> str:
    """Create the question of a task instance, or reopen that of an earlier try; return the body that is shown now.

    Before version 3.4 Airflow keeps an earlier question's text, also after the task was cleared.

    :param defaults: what counts as the answer when the time is over.
    :param users: who may answer: ids, or ids with names.
    """
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import CreateHITLDetailPayload

    question = CreateHITLDetailPayload(
        ti_id=ti_id,
        options=[APPROVE, REJECT],
        subject=subject,
        body=body,
        defaults=defaults,
        multiple=False,
        params={},
        assigned_users=[{"id": user, "name": user} if isinstance(user, str) else user for user in users],
    )
    # Not airflow.sdk's upsert_hitl_detail: it drops the reply, which alone tells what the approver sees.
    return task_runner.SUPERVISOR_COMMS.send(question).body or ""


def park(
    gate: Any, ti_id: Any, *, kwargs: dict[str, Any], wait: timedelta | None, defaults: list[str] | None
) -> NoReturn:
    """Give the worker back until the question is answered; ``gate.execute_complete`` goes on with ``kwargs``.

    :param wait: how long at most; None: forever.
    """
    try:
        from airflow.sdk.exceptions import TaskAwaitingInput
    except ImportError:  # Airflow 3.1 and 3.2
        from airflow.providers.standard.triggers.hitl import HITLTrigger

        trigger = HITLTrigger(
            ti_id=ti_id,
            options=[APPROVE, REJECT],
            params={},
            defaults=defaults,
            multiple=False,
            timeout_datetime=utcnow() + wait if wait else None,
        )
        gate.defer(trigger=trigger, method_name="execute_complete", kwargs=kwargs)
    raise TaskAwaitingInput(method_name="execute_complete", kwargs=kwargs, timeout=wait)

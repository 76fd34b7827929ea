"""Airflow's human-in-the-loop (HITL) API: ask a question, and wait for its answer without a worker slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

from airflow.sdk.timezone import utcnow

APPROVE, REJECT = "Approve", "Reject"  # Airflow's pages show "Approval Required" for exactly these two options


@dataclass(frozen=True)
class Waiting:
    """The state of a parked gate: the digests that it showed, its deadline, and when to send the reminder."""

    digests: dict[str, str]
    deadline: datetime | None = None
    remind_at: datetime | None = None

    @classmethod
    def of(cls, digests: dict[str, str], deadline: str | None, remind_at: str | None) -> Waiting:
        """Return the state from the arguments that Airflow passes to a resumed task; times are ISO 8601."""
        moments = (datetime.fromisoformat(moment) if moment else None for moment in (deadline, remind_at))
        return cls(digests, *moments)

    def kwargs(self) -> dict[str, Any]:
        """Return the state as arguments for ``execute_complete``."""
        moments = {"deadline": self.deadline, "remind_at": self.remind_at}
        return {"digests": self.digests, **{name: at.isoformat() if at else None for name, at in moments.items()}}

    def time(self, wake_every: timedelta | None) -> timedelta | None:
        """Return how long to stay parked at most; ``None``: forever."""
        moments = [self.deadline, self.remind_at, utcnow() + wake_every if wake_every else None]
        first = min((moment for moment in moments if moment is not None), default=None)
        return max(first - utcnow(), timedelta(seconds=1)) if first else None


def put(ti_id: Any, *, subject: str, body: str, form: dict[str, Any], users: Sequence[str | dict[str, str]]) -> str:
    """Create the question of a task instance, or reopen that of an earlier try.

    Airflow before 3.4 keeps the text and form of an earlier question, even after the task was cleared.

    :param form: The fields, each as a serialized Airflow param.
    :param users: Who may answer: ids, or ``{"id", "name"}``.
    :return: the body that Airflow shows now.
    """
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import CreateHITLDetailPayload

    question = CreateHITLDetailPayload(
        ti_id=ti_id,
        options=[APPROVE, REJECT],
        subject=subject,
        body=body,
        defaults=None,  # the gate handles timeouts itself: Airflow would treat every wake-up as one
        multiple=False,
        params=form,
        assigned_users=[{"id": user, "name": user} if isinstance(user, str) else user for user in users],
    )
    # airflow.sdk's upsert_hitl_detail drops the reply, and only the reply shows what the approver sees.
    return task_runner.SUPERVISOR_COMMS.send(question).body or ""


def park(gate: Any, ti_id: Any, waiting: Waiting) -> NoReturn:
    """Release the worker slot until the question is answered; ``gate.execute_complete`` then resumes the task."""
    kwargs, wait = waiting.kwargs(), waiting.time(gate.wake_every)
    try:
        from airflow.sdk.exceptions import TaskAwaitingInput
    except ImportError:  # Airflow 3.1 and 3.2
        from airflow.providers.standard.triggers.hitl import HITLTrigger

        trigger = HITLTrigger(
            ti_id=ti_id,
            options=[APPROVE, REJECT],
            params={},  # the gate checks the form itself: here, an invalid value would fail the trigger for good
            defaults=None,
            multiple=False,
            timeout_datetime=utcnow() + wait if wait else None,
        )
        gate.defer(trigger=trigger, method_name="execute_complete", kwargs=kwargs)
    raise TaskAwaitingInput(method_name="execute_complete", kwargs=kwargs, timeout=wait)

"""Airflow's human-in-the-loop machinery: put a question, and wait for its answer without a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

from airflow.sdk.timezone import utcnow

APPROVE, REJECT = "Approve", "Reject"  # exactly these two make Airflow's pages say "Approval Required"


@dataclass(frozen=True)
class Waiting:
    """What a parked gate remembers: the digests that it showed, until when it waits, and when it reminds people."""

    digests: dict[str, str]
    deadline: datetime | None = None
    remind_at: datetime | None = None

    @classmethod
    def of(cls, digests: dict[str, str], deadline: str | None, remind_at: str | None) -> Waiting:
        """Return it from the arguments that a parked task goes on with."""
        moments = (datetime.fromisoformat(moment) if moment else None for moment in (deadline, remind_at))
        return cls(digests, *moments)

    def kwargs(self) -> dict[str, Any]:
        """Return it as arguments for ``execute_complete``."""
        moments = {"deadline": self.deadline, "remind_at": self.remind_at}
        return {"digests": self.digests, **{name: at.isoformat() if at else None for name, at in moments.items()}}

    def time(self, wake_every: timedelta | None) -> timedelta | None:
        """Return how long to wait at most; ``None``: forever."""
        moments = [self.deadline, self.remind_at, utcnow() + wake_every if wake_every else None]
        first = min((moment for moment in moments if moment is not None), default=None)
        return max(first - utcnow(), timedelta(seconds=1)) if first else None


def put(ti_id: Any, *, subject: str, body: str, form: dict[str, Any], users: Sequence[str | dict[str, str]]) -> str:
    """Create the question of a task instance, or reopen that of an earlier try; return the body that is shown now.

    Before version 3.4 Airflow keeps an earlier question's text and form, also after the task was cleared.

    :param form: the fields, each as a serialized Airflow param.
    :param users: who may answer: ids, or ids with names.
    """
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import CreateHITLDetailPayload

    question = CreateHITLDetailPayload(
        ti_id=ti_id,
        options=[APPROVE, REJECT],
        subject=subject,
        body=body,
        defaults=None,  # the gate itself decides what a timeout means: Airflow would take any waking for one
        multiple=False,
        params=form,
        assigned_users=[{"id": user, "name": user} if isinstance(user, str) else user for user in users],
    )
    # Not airflow.sdk's upsert_hitl_detail: it drops the reply, which alone tells what the approver sees.
    return task_runner.SUPERVISOR_COMMS.send(question).body or ""


def park(gate: Any, ti_id: Any, waiting: Waiting) -> NoReturn:
    """Give the worker back until the question is answered; ``gate.execute_complete`` goes on from there."""
    kwargs, wait = waiting.kwargs(), waiting.time(gate.wake_every)
    try:
        from airflow.sdk.exceptions import TaskAwaitingInput
    except ImportError:  # Airflow 3.1 and 3.2
        from airflow.providers.standard.triggers.hitl import HITLTrigger

        trigger = HITLTrigger(
            ti_id=ti_id,
            options=[APPROVE, REJECT],
            params={},  # the gate checks the form; a refused value would end the trigger instead of asking again
            defaults=None,
            multiple=False,
            timeout_datetime=utcnow() + wait if wait else None,
        )
        gate.defer(trigger=trigger, method_name="execute_complete", kwargs=kwargs)
    raise TaskAwaitingInput(method_name="execute_complete", kwargs=kwargs, timeout=wait)

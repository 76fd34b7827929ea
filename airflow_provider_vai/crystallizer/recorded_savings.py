"""What a recorded run cost."""

from __future__ import annotations

from airflow_provider_vai.model.automation import Savings
from airflow_provider_vai.model.run import Run, Usage


def recorded_savings(run: Run) -> Savings | None:
    """Return what a recorded run cost, for the spec: facts of the trace alone. What its tokens cost where it names no
    amount is computed when it is asked for: a price list in the spec would make the same trace another spec.

    :return: ``None`` where the trace tells nothing of it.
    """
    usage = run.usage or Usage()
    duration = (run.ended_at - run.started_at).total_seconds() if run.ended_at and run.started_at else None
    fields = {**usage.model_dump(), "duration_seconds": duration if duration is not None and duration >= 0 else None}
    known = {name: value for name, value in fields.items() if value is not None}
    return Savings.model_validate(known) if known else None

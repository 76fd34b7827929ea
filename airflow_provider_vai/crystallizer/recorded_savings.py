"""The recorded cost of a run."""

from __future__ import annotations

from airflow_provider_vai.model.automation import Savings
from airflow_provider_vai.model.run import Run, Usage


def recorded_savings(run: Run) -> Savings | None:
    """Return what a run cost, using only facts from the trace.

    If the trace has tokens but no amount of money, the amount is computed later from a price list. It is not part of
    the spec, because otherwise a new price list would change the spec of the same trace.

    :return: ``None`` if the trace records neither usage nor times.
    """
    usage = run.usage or Usage()
    duration = (run.ended_at - run.started_at).total_seconds() if run.ended_at and run.started_at else None
    fields = {**usage.model_dump(), "duration_seconds": duration if duration is not None and duration >= 0 else None}
    known = {name: value for name, value in fields.items() if value is not None}
    return Savings.model_validate(known) if known else None

"""What the newest run of an automation used for each argument, for the pages that show the recorded values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow.utils.session import create_session

from airflow_provider_vai.plugin.api.run_steps import ArgumentOfRun
from airflow_provider_vai.plugin.pages.viewed import ViewedAutomation
from airflow_provider_vai.plugin.routes.dag_runs import DagRunDetail, detail
from airflow_provider_vai.plugin.routes.savings import newest_runs

LOOKED_AT = 10
"""Among so many runs, the newest one that has ended is the last run; if none has, it is the newest one."""

ENDED = ("success", "failed")


@dataclass(frozen=True)
class LastRun:
    """The last run of an automation.

    :param run: what it did. :param values: its arguments, by the step's key and by their name.
    """

    run: DagRunDetail
    values: Mapping[str, Mapping[str, ArgumentOfRun]]


def last_run(about: ViewedAutomation) -> LastRun | None:
    """Return the last run of an automation; ``None``: there is none, or the user may not see what it did."""
    if not about.may_see_runs:
        return None
    with create_session(scoped=False) as session:
        runs = [(run.run_id, str(run.state)) for run in newest_runs(session, about.dag_id, LOOKED_AT)]
    if not runs:
        return None
    run_id = next((name for name, state in runs if state in ENDED), runs[0][0])
    found = detail(about.dag_id, run_id)
    return LastRun(found, {step.key: {one.argument: one for one in step.arguments} for step in found.steps})

"""How an automation ends: which task's success is the success of the whole, and emits the automation's asset."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_vai.automation import Argument, Step, StepApproval
from airflow_provider_vai.identifiers import Names, asset_uri
from airflow_provider_vai.kind_arguments import CompletedArguments
from airflow_provider_vai.kinds import Kind
from airflow_provider_vai.python_source import Reference

COMPLETED = Kind(
    name="completed",
    operator="airflow.providers.standard.operators.empty.EmptyOperator",
    summary="nothing: its success says that every branch came to its end",
    arguments=CompletedArguments,
    effect="read",
)
"""No action, and so not in the table of kinds: the renderer adds it where several steps are the last."""


def with_one_end(steps: Sequence[Step]) -> list[Step]:
    """Return the steps so that one is the last: as they are, or with a task that waits for all that nothing follows.

    That task succeeds when no step failed and at least one of the last ones was not skipped.
    """
    last = _last(steps)
    if len(last) < 2:
        return list(steps)
    name = Names(frozenset({*(step.key for step in steps), *(step.task_id for step in steps)})).give(COMPLETED.name)
    end = Step(
        key=name,
        task_id=name,
        kind=COMPLETED.name,
        operator=COMPLETED.operator,
        depends_on=last,
        approval=StepApproval(recorded="not_required", reason="does nothing"),
        arguments={"trigger_rule": Argument.frozen("none_failed_min_one_success")},
    )
    return [*steps, end]


def outlets(steps: Sequence[Step], dag_id: str) -> dict[str, list[Reference]]:
    """Return what steps emit besides their action's asset, by key: the last one, the automation's."""
    return {key: [Reference("asset", None, asset_uri("automations", dag_id))] for key in _last(steps)}


def _last(steps: Sequence[Step]) -> list[str]:
    followed = {key for step in steps for key in step.depends_on}
    return [step.key for step in steps if step.key not in followed]

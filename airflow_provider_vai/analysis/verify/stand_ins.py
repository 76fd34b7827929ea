"""Keeps the writes of a replay from happening: a task that would write returns its recorded result instead.

This code runs in the Airflow process of the replay. It lets only harmless tasks run: steps of this package that only
read, the tasks that the renderer adds around the steps, and steps that write to the private artifacts folder.
Everything else counts as a write: also a task that somebody added to the file by hand, and every guarded step. The DAG
file is not changed; the operator classes are patched in this process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.languages.plural import plural

FRAME = (
    "airflow_provider_vai.operators.conditions.ConditionsOperator",
    "airflow_provider_vai.operators.each.EachOperator",
    "airflow.providers.standard.operators.empty.EmptyOperator",
)
OWN_FOLDER = ("create_flashboard",)
"""Action kinds that store their artifact in ``[vai] artifacts_path``. Loads, file syncs and tables are elsewhere."""


@dataclass
class StandInReport:
    """What the stand-ins were called with.

    :param arguments: The arguments that a write would have had, by task id, with one entry per map index.
    """

    arguments: dict[str, list[Any]] = field(default_factory=dict)


def plan(dag: Any, writes: list[str], *, live_writes: bool, live_artifacts: bool) -> dict[str, str]:
    """Return what to do with each task, by task id: ``run``, ``stand in`` or ``gate``.

    :param dag: The DAG as it was loaded from its file.
    :param writes: The ids of the tasks that write according to the sidecar.
    :param live_writes: Let writes really happen.
    :param live_artifacts: Let loads, file syncs and tables really happen.
    """
    return {task.task_id: _fate(task, writes, live_writes, live_artifacts) for task in dag.tasks}


def _fate(task: Any, writes: list[str], live_writes: bool, live_artifacts: bool) -> str:
    cls = operator_class(task)
    name = f"{cls.__module__}.{cls.__qualname__}"
    if name == "airflow_provider_vai.sensors.approval.ApprovalGateSensor":
        return "gate"
    if live_writes or name in FRAME:
        return "run"
    from airflow_provider_vai.operators.base import VaiOperator

    effect = _setting(task, "effect") or getattr(cls, "effect", "write")
    if _is_local_judgement(task):
        effect = "artifact"
    if not issubclass(cls, VaiOperator) or effect == "write" or task.task_id in writes or _setting(task, "gate"):
        return "stand in"
    is_elsewhere = effect == "artifact" and getattr(cls, "kind", "") not in OWN_FOLDER
    return "stand in" if effect not in ("read", "artifact") or (is_elsewhere and not live_artifacts) else "run"


def _is_local_judgement(task: Any) -> bool:
    """Return whether a task writes only by where its destination is; the sidecar knows that, and the replay does not.

    The replay has an artifacts folder of its own, so a target below the configured one is not below it here.
    """
    from airflow_provider_vai.operators.decided import DecidedOperator

    return isinstance(task, DecidedOperator) and task.idempotent and not task.states_effect


def operator_class(task: Any) -> Any:
    """Return the operator class of a task; for a mapped task, the class of its task instances."""
    return task.operator_class if task.is_mapped else type(task)


def _setting(task: Any, name: str) -> Any:
    return task.partial_kwargs.get(name) if task.is_mapped else getattr(task, name, None)


def install(
    dag: Any, fates: Mapping[str, str], values: Mapping[str, Any], lists: list[str], approver: str | None
) -> StandInReport:
    """Patch the operator classes in this process: writes return their recorded results, and gates pass.

    :param dag: The DAG as it was loaded from its file.
    :param fates: What to do with each task, see :func:`plan`.
    :param values: The recorded results by task id.
    :param lists: The ids of the tasks whose recorded result is a list with one result per element.
    :param approver: Who approves at the gates; ``None``: no guarded step really runs, so gates pass without an
        approval.
    :return: A report that is filled while the DAG runs.
    """
    report = StandInReport()
    instead: dict[str, Callable[[Any, Any], Any]] = {}
    for task in dag.tasks:
        if fates[task.task_id] == "gate":
            instead[task.task_id] = _passing if approver is None else _approving(approver)
        elif fates[task.task_id] == "stand in":
            instead[task.task_id] = _standing_in(values[task.task_id], task.task_id in lists, report)
        _quieten(task)
    for cls in {operator_class(dag.get_task(task_id)) for task_id in instead}:
        _change(cls, instead)
    dag.on_success_callback = dag.on_failure_callback = None
    return report


def _change(cls: Any, instead: Mapping[str, Callable[[Any, Any], Any]]) -> None:
    original = cls.execute

    def execute(self: Any, context: Any) -> Any:
        stand_in = instead.get(self.task_id)
        return original(self, context) if stand_in is None else stand_in(self, context)

    cls.execute = execute


def _quieten(task: Any) -> None:
    """Remove the callbacks, hooks, emails and retries of a task: a replay notifies nobody and tries each task once."""
    callbacks = [f"on_{what}_callback" for what in ("execute", "success", "failure", "retry", "skipped")]
    if task.is_mapped:
        for name in [*callbacks, "pre_execute", "post_execute"]:
            task.partial_kwargs.pop(name, None)
        task.partial_kwargs.update(retries=0, email=None)
        return
    task.retries, task.email = 0, None
    task._pre_execute_hook = task._post_execute_hook = None
    for name in callbacks:
        if getattr(task, name, None):
            setattr(task, name, [])


def _standing_in(value: Any, is_list: bool, report: StandInReport) -> Callable[[Any, Any], Any]:
    def stand_in(task: Any, context: Any) -> Any:
        from airflow_provider_vai.operators.runtime import results

        resolve = getattr(task, "resolved_arguments", None)
        report.arguments.setdefault(task.task_id, []).append(resolve(context) if resolve else None)
        index = context["ti"].map_index
        if not is_list or index is None or index < 0:
            return results.keep(value, context)
        if index >= len(value):
            raise LookupError(
                f"there is no recorded result for element {index}: "
                f"only {plural(len(value), 'element was', 'elements were')} recorded"
            )
        return results.keep(value[index], context)

    return stand_in


def _passing(gate: Any, context: Any) -> dict[str, Any]:
    """Return a result without an approval: a guarded step that really ran would refuse it."""
    return {"decision": "pass", "by": None, "note": "replay: the guarded steps return recorded results"}


def _approving(approver: str) -> Callable[[Any, Any], Any]:
    def approve(gate: Any, context: Any) -> Any:
        from airflow_provider_vai.sensors.approval_decision import GateAnswer, decide
        from airflow_provider_vai.sensors.guarded import guarded

        now = guarded(gate, context)
        gate._refuse_denied(now)
        by = {"id": approver, "name": approver}
        return decide(gate, context, now, GateAnswer("approve", by=by, note="vai verify --live-writes --approve-gates"))

    return approve

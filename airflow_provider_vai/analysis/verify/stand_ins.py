"""Keeps a replay's writes from happening: what would write returns its recorded result instead. Runs inside Airflow.

What is left alone is what is known to be harmless: a step of this package that only reads, the tasks that frame the
steps, and what writes into the artifacts folder, which is the replay's own. Everything else counts as a write, a task
that somebody added to the file by hand, too; and so does every step behind a gate, for whatever reason it was asked
about. The DAG file is not touched: the operators are changed in this process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

FRAME = (
    "airflow_provider_vai.operators.conditions.ConditionsOperator",
    "airflow_provider_vai.operators.each.EachOperator",
    "airflow.providers.standard.operators.empty.EmptyOperator",
)
OWN_FOLDER = ("create_flashboard",)
"""Kinds whose artifact lies in ``[vai] artifacts_path``; those of others (a load, a sync, a table) lie elsewhere."""


@dataclass
class StandInReport:
    """What the stand-ins met: by task id, the arguments that a write would have had, one entry for each map index."""

    arguments: dict[str, list[Any]] = field(default_factory=dict)


def plan(dag: Any, writes: list[str], *, live_writes: bool, live_artifacts: bool) -> dict[str, str]:
    """Return what becomes of each task: ``run``, ``stand in``, or ``gate``.

    :param dag: as its file was loaded. :param writes: task ids that the record says write.
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
    if not issubclass(cls, VaiOperator) or effect == "write" or task.task_id in writes or _setting(task, "gate"):
        return "stand in"
    is_elsewhere = effect == "artifact" and getattr(cls, "kind", "") not in OWN_FOLDER
    return "stand in" if effect not in ("read", "artifact") or (is_elsewhere and not live_artifacts) else "run"


def operator_class(task: Any) -> Any:
    """Return the class of a task, of a mapped one that of its instances."""
    return task.operator_class if task.is_mapped else type(task)


def _setting(task: Any, name: str) -> Any:
    return task.partial_kwargs.get(name) if task.is_mapped else getattr(task, name, None)


def install(
    dag: Any, fates: Mapping[str, str], values: Mapping[str, Any], lists: list[str], approver: str | None
) -> StandInReport:
    """Change the operators of this process: writes return a recorded result, gates let pass.

    :param fates: see :func:`plan`. :param values: recorded results by task id. :param lists: of these, those that hold
        one result for each element. :param approver: who approves what the gates guard; ``None``: the gates guard
        nothing that takes place, and pass without an approval.
    """
    told = StandInReport()
    instead: dict[str, Callable[[Any, Any], Any]] = {}
    for task in dag.tasks:
        if fates[task.task_id] == "gate":
            instead[task.task_id] = _passing if approver is None else _approving(approver)
        elif fates[task.task_id] == "stand in":
            instead[task.task_id] = _standing_in(values[task.task_id], task.task_id in lists, told)
        _quieten(task)
    for cls in {operator_class(dag.get_task(task_id)) for task_id in instead}:
        _change(cls, instead)
    dag.on_success_callback = dag.on_failure_callback = None
    return told


def _change(cls: Any, instead: Mapping[str, Callable[[Any, Any], Any]]) -> None:
    original = cls.execute

    def execute(self: Any, context: Any) -> Any:
        stand_in = instead.get(self.task_id)
        return original(self, context) if stand_in is None else stand_in(self, context)

    cls.execute = execute


def _quieten(task: Any) -> None:
    """Take a task's notifications, hooks and retries away: a replay tells nobody, does no more, and tries once."""
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


def _standing_in(value: Any, is_list: bool, told: StandInReport) -> Callable[[Any, Any], Any]:
    def stand_in(task: Any, context: Any) -> Any:
        from airflow_provider_vai.operators.runtime import results

        resolve = getattr(task, "resolved_arguments", None)
        told.arguments.setdefault(task.task_id, []).append(resolve(context) if resolve else None)
        index = context["ti"].map_index
        if not is_list or index is None or index < 0:
            return results.keep(value, context)
        if index >= len(value):
            raise LookupError(f"no recorded result stands in for element {index}: {len(value)} were recorded")
        return results.keep(value[index], context)

    return stand_in


def _passing(gate: Any, context: Any) -> dict[str, Any]:
    """Return what lets nothing take place: a step that really ran would find no approval in it."""
    return {"decision": "pass", "by": None, "note": "replay: recorded results stand in for what this gate guards"}


def _approving(approver: str) -> Callable[[Any, Any], Any]:
    def approve(gate: Any, context: Any) -> Any:
        from airflow_provider_vai.sensors.approval_decision import GateAnswer, decide
        from airflow_provider_vai.sensors.guarded import guarded

        now = guarded(gate, context)
        gate._refuse_denied(now)
        by = {"id": approver, "name": approver}
        return decide(gate, context, now, GateAnswer("approve", by=by, note="vai verify --live-writes --approve-gates"))

    return approve

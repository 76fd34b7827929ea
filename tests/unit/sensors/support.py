"""A gate with the step that it guards, and stand-ins for the context of a running task."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from airflow.sdk import DAG

from airflow_provider_vai.operators.python_tool import PythonToolOperator
from airflow_provider_vai.sensors import approval_text
from airflow_provider_vai.sensors.approval import ApprovalGateSensor
from airflow_provider_vai.sensors.guarded import Guarded, guarded

APPROVED = {"chosen_options": ["Approve"], "responded_by_user": {"id": "u", "name": "U"}}
REJECTED = {"chosen_options": ["Reject"], "responded_by_user": {"id": "u", "name": "U"}}


def gate_and_step(arguments: Any, **gate: Any) -> tuple[ApprovalGateSensor, PythonToolOperator]:
    """Return a gate and the step that it guards."""
    with DAG("d", schedule=None):
        sensor = ApprovalGateSensor(task_id="gate", subject="Go?", **gate)
        step = PythonToolOperator(task_id="a", python_callable="rich.console:detect_legacy_windows", gate=sensor)
        step.arguments = arguments
        sensor >> step
    return sensor, step


def context(sensor: ApprovalGateSensor, run_id: str = "r1", **more: Any) -> Any:
    """Return a task context for the gate; ``pushed`` collects its XComs."""
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(
        id="01a202cc-8bd5-7f65-bfe3-b0e836ea1179",
        dag_id="d",
        run_id=run_id,
        task_id="gate",
        map_index=-1,
        try_number=1,
        max_tries=1,
        xcom_push=lambda key, value: pushed.update({key: value}),
    )
    return {"ti": ti, "task": sensor, "pushed": pushed, **more}


def asked(sensor: ApprovalGateSensor) -> Guarded:
    """Return the steps and arguments that the gate asks about."""
    return guarded(sensor, context(sensor))


def body(arguments: Any, *, reason: str | None = None, recorded: Any = None, problem: str | None = None) -> str:
    """Return the text that an approver reads."""
    sensor, _ = gate_and_step(arguments)
    return approval_text.body(asked(sensor), reason=reason, recorded=recorded, problem=problem)

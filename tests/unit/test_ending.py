"""One task's success is the success of the whole automation, and emits its asset."""

from __future__ import annotations

from airflow_provider_vai.automation import Argument, Step, StepApproval
from airflow_provider_vai.ending import COMPLETED, outlets, with_one_end


def step(key: str, *depends_on: str) -> Step:
    """Return a step that waits for others."""
    return Step(
        key=key,
        task_id=key,
        kind="explain_schema",
        operator="airflow_provider_vai.operators.explain_schema.ExplainSchemaOperator",
        depends_on=list(depends_on),
        approval=StepApproval(recorded="not_required", reason="a read"),
        arguments={"conn_id": Argument.frozen("warehouse")},
    )


def emitted(steps: list[Step]) -> dict[str, list[str]]:
    """Return which asset each step emits for the automation `sales.daily`."""
    return {
        key: [reference.values[0] for reference in references]
        for key, references in outlets(steps, "sales.daily").items()
    }


def test_a_single_last_step_is_the_end() -> None:
    """A chain needs nothing more: its last step emits the automation's asset."""
    steps = [step("a"), step("b", "a")]

    assert with_one_end(steps) == steps
    assert emitted(steps) == {"b": ["vai://automations/sales.daily"]}


def test_several_last_steps_get_an_end() -> None:
    """Where branches end apart, a task waits for all of them, and alone emits the asset."""
    steps = with_one_end([step("a"), step("b", "a"), step("c", "a")])

    assert steps[-1].depends_on == ["b", "c"]
    assert steps[-1].kind == COMPLETED.name
    assert emitted(steps) == {"completed": ["vai://automations/sales.daily"]}


def test_the_end_takes_a_free_name() -> None:
    """A step of the recording that is called `completed` keeps its name."""
    steps = with_one_end([step("completed"), step("other")])

    assert [one.key for one in steps] == ["completed", "other", "completed_2"]

"""The tasks around the steps: conditions before them, the lists that some are mapped over, and one end."""

from __future__ import annotations

from airflow_provider_vai.model.automation import Argument, Automation, Output, Step, StepApproval
from airflow_provider_vai.renderer.frame import COMPLETED, Frame, framed, outlets


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


def frame(*steps: Step, conditions: tuple[str, ...] = ()) -> Frame:
    """Return the steps of an automation in their frame."""
    return framed(
        Automation(dag_id="sales.daily", source_type="MANUAL", steps=list(steps), conditions=list(conditions))
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

    assert frame(*steps).steps == steps
    assert emitted(steps) == {"b": ["vai://automations/sales.daily"]}


def test_several_last_steps_get_an_end() -> None:
    """Where branches end apart, a task waits for all of them, and alone emits the asset."""
    steps = frame(step("a"), step("b", "a"), step("c", "a")).steps

    assert steps[-1].depends_on == ["b", "c"]
    assert steps[-1].kind == COMPLETED.name
    assert emitted(steps) == {"completed": ["vai://automations/sales.daily"]}


def test_the_end_takes_a_free_name() -> None:
    """A step of the recording that is called `completed` keeps its name."""
    steps = frame(step("completed"), step("other")).steps

    assert [one.key for one in steps] == ["completed", "other", "completed_2"]


def test_conditions_come_first() -> None:
    """Every step that waits for nothing waits for them, and they are written into one task."""
    steps = frame(step("a"), step("b"), step("c", "a", "b"), conditions=("params.x > 1", "payload.y")).steps

    assert [(one.key, one.depends_on) for one in steps] == [
        ("conditions", []),
        ("a", ["conditions"]),
        ("b", ["conditions"]),
        ("c", ["a", "b"]),
    ]
    assert steps[0].arguments["conditions"].value == ["params.x > 1", "payload.y"]


def test_a_mapped_step_waits_for_its_list() -> None:
    """The list's task stands right before the step, and takes over what the step waited for."""
    each = Output(step="a", path=["rows"])
    made = frame(step("a"), step("b", "a").model_copy(update={"each": each}), step("c", "b"))

    assert [(one.key, one.depends_on) for one in made.steps] == [
        ("a", []),
        ("each_b", ["a"]),
        ("b", ["each_b"]),
        ("c", ["b"]),
    ]
    assert made.lists == {"b": "each_b"}
    assert made.steps[1].arguments["items"].from_ == each


def test_the_gate_of_a_mapped_step_sees_the_list() -> None:
    """It shows every element, so the list is there before it."""
    gate = step("gate", "a").model_copy(update={"kind": "approval_gate"})
    guarded = step("b", "gate").model_copy(
        update={
            "each": Output(step="a"),
            "approval": StepApproval(recorded="approved", gate="gate", reason="a person approved it"),
        }
    )
    steps = frame(step("a"), gate, guarded).steps

    assert [(one.key, one.depends_on) for one in steps] == [
        ("a", []),
        ("each_b", ["a"]),
        ("gate", ["each_b"]),
        ("b", ["gate"]),
    ]

"""The tasks around the steps: for conditions, for lists that steps are mapped over, and for the end."""

from __future__ import annotations

from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.renderer.frame import COMPLETED, Frame, framed, outlets


def step(key: str, *depends_on: str) -> Step:
    """Return a step that depends on others."""
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
    """Return the steps of an automation and the tasks around them."""
    return framed(
        Automation(dag_id="sales.daily", source_type="MANUAL", steps=list(steps), conditions=list(conditions))
    )


def emitted(steps: list[Step]) -> dict[str, list[str]]:
    """Return the assets that each step emits for the automation `sales.daily`."""
    return {
        key: [reference.values[0] for reference in references]
        for key, references in outlets(steps, "sales.daily").items()
    }


def test_a_single_last_step_is_the_end() -> None:
    """A chain gets no further tasks; its last step emits the automation's asset."""
    steps = [step("a"), step("b", "a")]

    assert frame(*steps).steps == steps
    assert emitted(steps) == {"b": ["vai://automations/sales.daily"]}


def test_several_last_steps_get_an_end() -> None:
    """If there are several last steps, a task waits for all of them and emits the asset."""
    steps = frame(step("a"), step("b", "a"), step("c", "a")).steps

    assert steps[-1].depends_on == ["b", "c"]
    assert steps[-1].kind == COMPLETED.name
    assert emitted(steps) == {"completed": ["vai://automations/sales.daily"]}


def test_the_end_takes_a_free_name() -> None:
    """A recorded step with the name `completed` keeps it; the added task gets another name."""
    steps = frame(step("completed"), step("other")).steps

    assert [one.key for one in steps] == ["completed", "other", "completed_2"]


def test_conditions_come_first() -> None:
    """One task checks all conditions, and every step without dependencies waits for it."""
    steps = frame(step("a"), step("b"), step("c", "a", "b"), conditions=("params.x > 1", "payload.y")).steps

    assert [(one.key, one.depends_on) for one in steps] == [
        ("conditions", []),
        ("a", ["conditions"]),
        ("b", ["conditions"]),
        ("c", ["a", "b"]),
    ]
    assert steps[0].arguments["conditions"].value == ["params.x > 1", "payload.y"]


def test_a_mapped_step_waits_for_its_list() -> None:
    """The task of the list comes directly before the step and gets the step's dependencies."""
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
    """The task of the list comes before the gate, because the gate shows every element."""
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


def test_a_step_emits_its_own_asset_if_the_spec_asks() -> None:
    """Neither a mapped step nor any other has an asset of its own, unless the spec says so."""
    mapped = step("many", "a").model_copy(update={"each": Output(step="a")})
    asked = step("asked", "many").model_copy(update={"asset": True})

    assert emitted([step("a"), mapped, asked]) == {
        "asked": ["vai://actions/explain_schema/sales.daily/asked", "vai://automations/sales.daily"]
    }

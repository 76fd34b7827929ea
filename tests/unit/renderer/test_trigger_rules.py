"""The trigger rule of a step depends on branches and mapped steps before it."""

from __future__ import annotations

import pytest

from airflow_provider_vai.model.argument import Argument, Output
from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.renderer.trigger_rules import trigger_rules


def step(key: str, *depends_on: str, **fields: object) -> Step:
    """Return a step that depends on others."""
    approval = StepApproval(recorded="not_required", reason="a read")
    made = Step(
        key=key, task_id=key, kind="python_tool", operator="x.Y", depends_on=list(depends_on), approval=approval
    )
    return made.model_copy(update=fields)


def branch(key: str, *depends_on: str, true: list[str], false: list[str]) -> Step:
    """Return a branch that leads to these tasks."""
    arguments = {"if_true": Argument.frozen(true), "if_false": Argument.frozen(false)}
    return step(key, *depends_on, kind="conditional_branch", arguments=arguments)


JOIN = "none_failed_min_one_success"
CASES = {
    "a chain": ([step("a"), step("b", "a")], {}),
    "parallel steps that come together": ([step("a"), step("b"), step("c", "a", "b")], {}),
    "both ways come together": (
        [branch("x", true=["a"], false=["b"]), step("a", "x"), step("b", "x"), step("c", "a", "b"), step("d", "c")],
        {"c": JOIN},
    ),
    "one way is empty": (
        [branch("x", true=["a"], false=["c"]), step("a", "x"), step("c", "a", "x")],
        {"c": JOIN},
    ),
    "a way of several steps": (
        [branch("x", true=["a"], false=["b"]), step("a", "x"), step("a2", "a"), step("b", "x"), step("c", "a2", "b")],
        {"c": JOIN},
    ),
    "steps of one way come together on it": (
        [branch("x", true=["a", "b"], false=[]), step("a", "x"), step("b", "x"), step("c", "a", "b")],
        {},
    ),
    "a branch on a branch": (
        [
            branch("x", true=["y"], false=["e"]),
            branch("y", "x", true=["a"], false=["b"]),
            step("a", "y"),
            step("b", "y"),
            step("c", "a", "b"),
            step("e", "x"),
            step("f", "c", "e"),
        ],
        {"c": JOIN, "f": JOIN},
    ),
    "a step beside the branch": (
        [step("s"), branch("x", "s", true=["a"], false=["b"]), step("a", "x"), step("b", "x"), step("c", "s", "a")],
        {"c": JOIN},
    ),
    "after a loop": (
        [step("a"), step("b", "a", each=Output(step="a")), step("c", "b"), step("d", "c")],
        {"c": "none_failed"},
    ),
    "after a guarded loop": (
        [
            step("a"),
            step("g", "a"),
            step(
                "b",
                "g",
                each=Output(step="a"),
                approval=StepApproval(recorded="approved", gate="g", reason="a person approved it"),
            ),
            step("c", "b"),
        ],
        {},
    ),
    "what the spec says": ([step("a"), step("b", "a", trigger_rule="all_done")], {"b": "all_done"}),
}


@pytest.mark.parametrize("name", CASES)
def test_rules(name: str) -> None:
    """Only steps that need another trigger rule than Airflow's default get one."""
    steps, expected = CASES[name]

    assert trigger_rules(steps) == expected

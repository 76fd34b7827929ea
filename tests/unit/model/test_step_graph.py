"""The steps as a graph: the last steps, and the steps upstream of a step."""

from __future__ import annotations

from airflow_provider_vai.model.automation import Step
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.model.step_graph import last_steps, reachable, waited_for


def step(key: str, *waits: str) -> Step:
    """Return a step that waits for others."""
    approval = StepApproval(recorded="not_required", reason="reads")
    return Step(key=key, task_id=key, kind="mcp_tool", operator="x.Y", approval=approval, depends_on=list(waits))


STEPS = [step("a"), step("b", "a"), step("c", "a"), step("d", "c")]


def test_last_steps() -> None:
    """The last steps are those that no other step waits for, in order."""
    assert last_steps(STEPS) == ["b", "d"]
    assert last_steps([]) == []


def test_what_steps_wait_for() -> None:
    """Directly or through others; the keys themselves are among them, known or not."""
    assert waited_for(["d"], STEPS) == {"d", "c", "a"}
    assert reachable(["x"], {"x": ["y"], "y": ["x", "z"]}) == {"x", "y", "z"}

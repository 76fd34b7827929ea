"""ATIF trajectories."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Usage
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run

SAMPLE = SAMPLES["atif.json"]


def trajectory(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a trajectory of these steps."""
    return {"schema_version": "ATIF-v1.4", "session_id": "s", "agent": {"name": "a"}, "steps": list(steps), **more}


def step(*results: dict[str, Any], calls: tuple[str, ...] = ("c",), **more: Any) -> dict[str, Any]:
    """Return an agent's step with these calls and results."""
    tool_calls = [{"tool_call_id": name, "function_name": "t", "arguments": {"x": 1}} for name in calls]
    observation = {"results": list(results)}
    return {"source": "agent", "message": "", "tool_calls": tool_calls, "observation": observation, **more}


def test_sample_is_what_the_library_reads() -> None:
    """The format's own models accept the sample."""
    atif = pytest.importorskip("atif")
    assert len(atif.Trajectory.model_validate(SAMPLE).steps) == len(SAMPLE["steps"])


def test_sample_values() -> None:
    """Executed arguments and decisions are under ``extra``; a sub-agent's call has its parent."""
    run = one_run("atif", SAMPLE)
    level, missing, opened, drained, _, inner = run.calls
    assert level.result == {"level": 41}
    assert (missing.error, missing.result) == ("no well 30", None)
    assert (opened.proposed_arguments, opened.arguments) == ({"well": 3, "share": 0.9}, {"well": 3, "share": 0.2})
    assert (drained.arguments, drained.approval.by, drained.approval.note) == (None, "miller", "Not well 4.")
    assert (inner.tool, inner.parent_id) == ("read_map", "w5")
    assert (run.system_text, run.agent, run.model) == ("You keep the wells.", "well-keeper", "model-sample")
    assert run.usage == Usage(input_tokens=250, output_tokens=50, cost_usd=0.75)
    assert ([turn.user_text for turn in run.turns], run.notes) == (["Open well 3, at most a little."], [])


@pytest.mark.parametrize(
    ("extra", "outcome", "approval", "has_arguments"),
    [
        ({}, "success", "unknown", True),
        ({"approval": "approved"}, "success", "approved", True),
        ({"approval": "bored"}, "success", "unknown", True),
        ({"approval": {"state": "denied"}}, "denied", "denied", False),
        ({"outcome": "denied"}, "denied", "denied", False),
        ({"outcome": "interrupted"}, "interrupted", "unknown", True),
        ({"error": "boom"}, "failed", "unknown", True),
        ({"executed_arguments": {"x": 1}, "approval": "approved"}, "success", "approved", True),
        ({"executed_arguments": {"x": 2}}, "success", "unknown", True),
    ],
)
def test_extra(extra: dict[str, Any], outcome: str, approval: str, has_arguments: bool) -> None:
    """The facts in a result's free field."""
    (call,) = one_run("atif", trajectory(step({"source_call_id": "c", "content": "y", "extra": extra}))).calls
    assert (call.outcome, call.approval.state) == (outcome, approval)
    assert (call.arguments is not None) == has_arguments


def test_results_without_ids_and_without_calls() -> None:
    """A step's only call needs no id on its result; an environment's event has no call."""
    document = trajectory(
        step({"content": "one"}),
        step({"source_call_id": "gone", "content": "two"}, calls=("d",)),
        {"source": "system", "message": "", "observation": {"results": [{"content": "tick"}]}},
    )
    run = one_run("atif", document)
    assert [(call.id, call.result, call.outcome) for call in run.calls] == [
        ("c", "one", "success"),
        ("d", None, "unknown"),
    ]
    assert run.notes == ["steps[1].observation.results[0]: a result for 'gone', but there is no such call"]


def test_copied_context_and_other_files() -> None:
    """Copied steps did not run here; a note says what is in another file."""
    ref = {"source_call_id": "c", "content": "y", "subagent_trajectory_ref": [{"trajectory_path": "other.json"}]}
    orphan = {"trajectory_id": "o", "steps": [step({"content": "z"}, calls=("inner",))]}
    document = trajectory(
        step(is_copied_context=True),
        step(ref),
        continued_trajectory_ref="next.json",
        subagent_trajectories=[orphan],
    )
    run = one_run("atif", document)
    assert [(call.id, call.parent_id) for call in run.calls] == [("c", None), ("inner", None)]
    assert run.notes == [
        "steps[0]: 1 step is copied from an earlier trajectory and not read",
        "steps[1].observation.results[0]: a sub-agent's trajectory is in another file",
        "subagent_trajectories[0]: no result refers to this sub-agent's trajectory",
        "continued_trajectory_ref: the run continues in another file",
    ]


def test_recognition_and_broken_steps() -> None:
    """The prefix of the version decides; a call without a name is malformed."""
    assert not adapter("atif").accepts({"schema_version": "1.0", "steps": []})
    document = trajectory({"source": "agent", "message": "", "tool_calls": [{"tool_call_id": "c"}]})
    with pytest.raises(MalformedTrace, match=r"steps\[0\]\.tool_calls\[0\]\.function_name: expected text"):
        one_run("atif", document)

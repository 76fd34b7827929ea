"""AgentDojo runs."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from tests.unit.traces.formats.support import SAMPLES, one_run, runs

SAMPLE = SAMPLES["agentdojo.json"]


def test_sample_values() -> None:
    """An error on a result is a failure; YAML-like text stays text, JSON text is parsed."""
    run = one_run("agentdojo", SAMPLE)
    assert (run.title, run.agent) == ("user_task_3", "sample-pipeline")
    east, moon, water = run.calls
    assert east.result == "- bed: east\n  state: dry"
    assert (moon.error, moon.result) == ("ValueError: no bed moon", None)
    assert water.result == {"watered": True}


def test_list_holds_several_runs() -> None:
    """Each object is a run; without an attack its id ends with the task."""
    benign = {**SAMPLE, "attack_type": None, "injection_task_id": None}
    assert [run.id for run in runs("agentdojo", [SAMPLE, benign])] == [
        "garden/sample-pipeline/user_task_3/direct/injection_task_1",
        "garden/sample-pipeline/user_task_3",
    ]


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"utility": True}, "success"),
        ({"utility": False}, "failed"),
        ({"utility": None}, "unknown"),
        ({"utility": True, "error": "boom"}, "failed"),
        ({"utility": True, "security": True}, "success"),
    ],
)
def test_outcome(facts: dict[str, Any], outcome: str) -> None:
    """An error decides, then the utility; security is not about the task."""
    assert one_run("agentdojo", {**SAMPLE, **facts}).outcome == outcome


def test_place_inside_a_list() -> None:
    """The place names the run's index too."""
    broken = {**SAMPLE, "messages": [{"role": "assistant", "tool_calls": [{"args": {}}]}]}
    with pytest.raises(MalformedTrace, match=r"file\.json: \[1\]\.messages\[0\]\.tool_calls\[0\]\.function: expected"):
        runs("agentdojo", [SAMPLE, broken])

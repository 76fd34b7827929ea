"""tau2-bench simulations and tau-bench trajectories."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Usage
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, runs

SAMPLE = SAMPLES["tau2.json"]


def test_sample_values() -> None:
    """The user's calls have the actor user; only the agent's usage counts; results in one message are paired."""
    run, other = runs("tau2", SAMPLE)
    assert [call.actor for call in run.calls] == ["agent", "agent", "user"]
    assert run.usage == Usage(input_tokens=100, output_tokens=15, cost_usd=0.25)
    assert (run.model, run.agent) == ("model-sample", "llm_agent")
    assert run.system_text == "Ask before you change a plan."
    assert run.started_at == datetime(2025, 6, 1, 12, 0, 1, 500_000, tzinfo=timezone.utc)
    assert [turn.user_text for turn in run.turns] == ["My phone has no signal.", "It works."]
    assert run.calls[0].result == {"line": "LN-1"}
    assert run.calls[1].error == "Error: no plan"
    assert other.usage is None


@pytest.mark.parametrize(
    ("reward_info", "outcome"),
    [
        ({"reward": 1}, "success"),
        ({"reward": 0.5}, "failed"),
        (None, "unknown"),
        ({"reward": None}, "unknown"),
        ({"reward": True}, "unknown"),
    ],
)
def test_outcome(reward_info: Any, outcome: str) -> None:
    """The full reward is success, a lower one is failure, and none is unknown."""
    simulation = {"id": "s", "messages": [], "reward_info": reward_info}
    assert one_run("tau2", {"tasks": [], "simulations": [simulation]}).outcome == outcome


def test_older_trajectories() -> None:
    """A tau-bench list has OpenAI messages under ``traj``."""
    call = {"id": "a", "type": "function", "function": {"name": "find", "arguments": '{"id": "1"}'}}
    messages = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "name": "find", "content": "Error: not found"},
    ]
    document = [{"task_id": 4, "reward": 1.0, "traj": messages, "trial": 2}]
    assert adapter("tau2").accepts(document)
    run = one_run("tau2", document)
    assert (run.id, run.title, run.outcome) == ("task-4/trial-2", "task 4", "success")
    assert (run.calls[0].outcome, run.calls[0].failed_by_result) == ("failed", True)  # the format has no mark


def test_bad_shape_names_its_place() -> None:
    """A simulation without messages is malformed."""
    with pytest.raises(MalformedTrace, match=r"file\.json: simulations\[0\]\.messages: expected a list, found nothing"):
        runs("tau2", {"tasks": [], "simulations": [{"id": "s"}]})

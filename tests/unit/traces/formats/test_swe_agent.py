"""SWE-agent trajectories."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Usage
from airflow_provider_vai.traces.formats import read
from tests.recordings import listed, recording
from tests.unit.traces.formats.support import SAMPLES, one_run

SAMPLE = SAMPLES["swe_agent.json"]


def test_sample_values() -> None:
    """The trajectory decides; tool calls have names, ids and arguments, shell text stays as is; no demonstrations."""
    run = one_run("swe_agent", SAMPLE)
    assert [(call.id, call.arguments) for call in run.calls] == [
        ("o1", {"path": "oven.py"}),
        ("o1#2", '{"line": 1'),  # unparsable: kept as text
        ("call-1", {"command": "python oven.py --hot"}),
        ("call-2", {"command": "python oven.py"}),
        ("o3", {}),
    ]
    assert [call.result for call in run.calls][3] == "200"
    assert [turn.user_text for turn in run.turns] == ["The oven is too cold."]
    assert (run.system_text, run.title) == ("You mend ovens.", "bakery")
    assert run.usage == Usage(input_tokens=900, output_tokens=80, cost_usd=0.5)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("submitted", "success"), ("exit_cost", "failed"), ("submitted (exit_cost)", "unknown"), (None, "unknown")],
)
def test_only_the_runs_own_submission_is_a_success(status: Any, outcome: str) -> None:
    """A run that was cut short may have submitted what it had: its outcome is not success."""
    assert one_run("swe_agent", {**SAMPLE, "info": {"exit_status": status}}).outcome == outcome


def test_history_that_differs() -> None:
    """Without a matching message, or with several calls for one action, the action is kept as shell text."""
    document = copy.deepcopy(SAMPLE)
    document["history"][4]["tool_calls"] *= 2
    document["history"][6]["action"] = "something else"
    run = one_run("swe_agent", document)
    assert [call.tool for call in run.calls] == ["bash", "bash", "bash", "bash", "submit"]
    assert run.notes == ["trajectory[0]: 2 tool calls led to this one action, which is kept as shell text"]


def test_step_without_an_action_is_malformed() -> None:
    """The place is named."""
    with pytest.raises(MalformedTrace, match=r"trajectory\[0\]\.action: expected text"):
        one_run("swe_agent", {"trajectory": [{}], "history": []})


def test_recordings() -> None:
    """As many calls as the manifest counted, with hand-checked names and arguments."""
    recording("swe-agent")
    entries = listed("swe-agent")
    assert len(entries) == 3
    tools = {}
    for entry in entries:
        (run,) = read(recording(entry["path"]))[1]
        assert (run.format, len(run.calls), run.outcome) == ("swe_agent", entry["tool_calls"], "success")
        tools[entry["bytes"]] = run.calls
    katy, replaced = tools[65291], tools[100547]
    assert {call.tool for call in katy} == {"bash"}
    assert katy[0].arguments == {"command": "file release"}
    assert katy[-1].arguments == {"command": "submit '125379498'"}
    assert [call.tool for call in replaced] == (
        ["create", "insert", "bash", "bash", "find_file", "open", "edit", "edit", "bash", "bash", "submit"]
    )
    assert replaced[4].arguments == {"file_name": "fields.py", "dir": "src"}

"""Another distribution can add an action kind with an entry point, without changes in this package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

MODULE = """
from airflow_provider_vai.traces.reading.trace import Adapter
from airflow_provider_vai.model.kind_arguments import Arguments
from airflow_provider_vai.model.kinds import Kind


class Message(Arguments):
    channel: str
    text: str


SLACK = Kind(
    name="slack_post", operator="acme_vai.operators.SlackPostOperator", summary="a message", arguments=Message,
    effect="write",
)
TAKEN = Kind(name="web_search", operator="acme_vai.operators.Search", summary="", arguments=Message, effect="read")
WRONG = "acme"
"""
RUN = {
    "agentRun": {"id": "r1", "status": "completed", "input": {"prompt": "Tell sales"}},
    "actionRuns": [
        {
            "id": "c1",
            "kind": "slack_post",
            "status": "completed",
            "definition": {"channel": "sales", "text": "Tell sales"},
            "result": "ok",
        }
    ],
}


@pytest.fixture
def vai(tmp_path: Path):
    """Return a function that runs `vai` in an environment with a distribution that has these entry points."""

    def run(entry_points: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        info = tmp_path / "site/acme_vai-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-vai\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(entry_points)
        (tmp_path / "site/acme_vai.py").write_text(MODULE)
        (tmp_path / "run.json").write_text(json.dumps(RUN))
        path = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])
        command = [sys.executable, "-m", "airflow_provider_vai.cli.main", *arguments]
        environment = {**os.environ, "PYTHONPATH": path}
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)

    return run


def test_a_kind_is_rendered(vai, tmp_path: Path) -> None:
    """A call of the new kind becomes a task of its operator, with its arguments in order, guarded like any write."""
    done = vai(
        "[airflow_provider_vai.kinds]\nslack = acme_vai:SLACK\n",
        *("crystallize", "run.json", "--out", "dags", "--dag-id", "tell"),
    )

    assert done.returncode == 0, done.stderr
    text = (tmp_path / "dags/tell.py").read_text()
    assert "from acme_vai.operators import SlackPostOperator" in text
    assert 'slack_post = SlackPostOperator(\n        task_id="slack_post",\n        channel="sales",\n' in text
    assert "gate=approve_slack_post" in text


def test_its_arguments_are_checked(vai, tmp_path: Path) -> None:
    """The kind's own argument model refuses wrong arguments."""
    RUN["actionRuns"][0]["definition"] = {"channel": 7}
    try:
        done = vai("[airflow_provider_vai.kinds]\nslack = acme_vai:SLACK\n", "crystallize", "run.json", "--out", "dags")
    finally:
        RUN["actionRuns"][0]["definition"] = {"channel": "sales", "text": "Tell sales"}

    assert done.returncode == 1
    assert "no text; channel: Input should be a valid string" in done.stderr or "channel" in done.stderr
    assert not (tmp_path / "dags").exists()


def test_it_is_listed(vai) -> None:
    """`vai kinds` lists it after the built-in kinds."""
    done = vai("[airflow_provider_vai.kinds]\nslack = acme_vai:SLACK\n", "kinds", "--json")

    assert json.loads(done.stdout)[-1]["operator"] == "acme_vai.operators.SlackPostOperator"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("acme_vai:TAKEN", "two action kinds are called 'web_search'"),
        ("acme_vai:WRONG", "it refers to a str"),
        ("acme_vai:GONE", "GONE"),
    ],
)
def test_one_that_cannot_be_used_is_refused(vai, value: str, said: str) -> None:
    """A duplicate name, an object that is not a kind, or a missing one is refused without a traceback."""
    done = vai(f"[airflow_provider_vai.kinds]\nbad = {value}\n", "crystallize", "run.json", "--out", "dags")

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr

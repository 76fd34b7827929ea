"""A sample of every format becomes a DAG file with the command that a user would run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_provider_vai.cli.main import main
from airflow_provider_vai.traces.format_table import BUILT_IN
from tests.paths import TRACES
from tests.unit.support import executed

SAMPLES = sorted(path for path in TRACES.iterdir() if path.suffix in (".json", ".jsonl", ".yaml"))
RULE = '[[tools]]\nmatch = "*"\nkind = "mcp_tool"\nconn_id = "tools"\n'


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_a_sample_is_crystallized(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each run becomes a file that runs as Python, with one task for each successful call and no others."""
    (tmp_path / "tools.toml").write_text(RULE)
    options = ["--tools", str(tmp_path / "tools.toml"), "--allow-unsuccessful", "--all", "--json"]
    assert main(["inspect", str(sample), "--all", "--json"]) == 0
    recorded = {run["id"]: run for run in json.loads(capsys.readouterr().out)}
    code = main(["crystallize", str(sample), "--out", str(tmp_path / "dags"), *options])
    output = capsys.readouterr()
    if code:
        assert "can become a step" in output.err or "contains no tool calls" in output.err
        return

    for made in json.loads(output.out):
        sidecar = json.loads(Path(made["sidecar"]).read_text())
        run = recorded[sidecar["source"]["id"]]
        succeeded = {call["id"] for call in run["calls"] if call["outcome"] == "success"}
        taken = {call_id for step in sidecar["steps"] if step["kind"] == "mcp_tool" for call_id in step["call_ids"]}
        assert taken <= succeeded
        assert taken | {entry["call_id"] for entry in sidecar["not_crystallized"]} == {c["id"] for c in run["calls"]}
        operators = [task.name for task in executed(Path(made["dag"]).read_text())]
        assert operators.count("McpToolOperator") == len(taken)


def test_every_format_has_a_sample(capsys: pytest.CaptureFixture[str]) -> None:
    """A format without a sample would not be tested."""
    found = set()
    for sample in SAMPLES:
        assert main(["inspect", str(sample), "--all", "--json"]) == 0
        found |= {run["format"] for run in json.loads(capsys.readouterr().out)}

    assert found == set(BUILT_IN)

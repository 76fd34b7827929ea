"""`vai init` writes a tools file that `vai crystallize` takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_provider_vai.cli.main import main
from airflow_provider_vai.model.tools_file import read_tools
from tests.paths import TRACES


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A trace whose tools no rule maps."""
    path = tmp_path / "run.json"
    path.write_bytes((TRACES / "agentdojo.json").read_bytes())
    return path


def test_the_file_is_written_beside_the_trace(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Afterwards `vai crystallize` finds a rule for each tool."""
    assert main(["init", str(trace)]) == 0
    shown = capsys.readouterr().out
    assert f"written: {trace.parent}/vai-tools.toml" in shown
    assert "Next: correct " in shown
    assert [rule.match for rule in read_tools(None, trace).tools] == ["read_sensor", "water"]
    assert main(["crystallize", str(trace), "--out", str(trace.parent / "out")]) == 0


def test_a_file_is_not_overwritten(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The user's corrections are kept, unless --force is given."""
    file = trace.parent / "vai-tools.toml"
    file.write_text("# mine")
    assert main(["init", str(trace)]) == 1
    assert "already exists" in capsys.readouterr().err
    assert file.read_text() == "# mine"
    assert main(["init", str(trace), "--force"]) == 0
    assert "read_sensor" in file.read_text()


def test_the_terminal(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--out -` writes no file."""
    assert main(["init", str(trace), "--out", "-"]) == 0
    assert 'match = "water"' in capsys.readouterr().out
    assert not (trace.parent / "vai-tools.toml").exists()


def test_json(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The proposals are data for other programs."""
    assert main(["init", str(trace), "--out", str(trace.parent / "t.toml"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["file"] == str(trace.parent / "t.toml")
    assert [(tool["tool"], tool["effect"]) for tool in found["tools"]] == [("read_sensor", "read"), ("water", "write")]


def test_whoever_looks_at_a_trace_is_told_of_init(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`vai inspect` names it first if a tool has no action kind and there is no tools file; else it does not."""
    assert main(["inspect", str(trace)]) == 0
    assert f"Next: vai init {trace}" in capsys.readouterr().out
    assert main(["init", str(trace), "--quiet"]) == 0
    assert main(["inspect", str(trace), "--all"]) == 0
    assert f"Next: vai crystallize {trace}" in capsys.readouterr().out
    (trace.parent / "vai-tools.toml").write_text("not TOML")
    assert main(["inspect", str(trace)]) == 0
    assert f"Next: vai crystallize {trace}" in capsys.readouterr().out

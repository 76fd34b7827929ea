"""`vai derive` lists what gives a recorded value, and writes what is accepted; a refusal writes nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.authoring import stored_recordings
from airflow_provider_vai.cli.main import main
from airflow_provider_vai.store.sidecar_files import read_sidecar
from tests.paths import ROOT

RUN = ROOT / "dev/example/run.json"
SUMMARY = ("http_request", "json.summary")


@pytest.fixture
def dag(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the DAG file of the example's recording, in a folder of its own, with the trace beside it."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "home"))
    for name in ("run.json", "vai-tools.toml"):
        shutil.copy(ROOT / "dev/example" / name, tmp_path)
    assert main(["crystallize", str(tmp_path / "run.json"), "--out", str(tmp_path), "--dag-id", "sales"]) == 0
    capsys.readouterr()
    return tmp_path / "sales.py"


def derived(dag: Path, *more: str) -> int:
    """Run the command for the summary of the report."""
    return main(["derive", str(dag), *SUMMARY, "--trace", str(dag.with_name("run.json")), *more])


def test_list(dag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each proposal has its words, its expression, and the recorded value of each part."""
    before = dag.read_bytes()
    assert derived(dag) == 0
    out = capsys.readouterr().out
    assert 'step http_request: json.summary: recorded "' in out
    assert "1. text with " in out
    assert "stays as recorded: 4,050" in out
    assert "--accept N" in out
    assert derived(dag, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["place"] == ["json", "summary"]
    assert found["proposals"][0]["derive"]["function"] == "text"
    assert dag.read_bytes() == before


def test_accept(dag: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The proposal is written as a new version, whose summary names the argument; a dry run writes nothing."""
    assert derived(dag, "--accept", "1", "--dry-run") == 0
    assert "nothing was written" in capsys.readouterr().out
    assert derived(dag, "--accept", "1", "--say", "total of orders") == 0
    sidecar = read_sidecar(dag.with_suffix(".vai.json"))
    assert sidecar.version == 2
    assert [wire.at for wire in sidecar.steps[-1].arguments["json"].wires] == [["summary"]]
    assert 'total(wired(generate_query_2, "rows"), "orders")' in dag.read_text()
    assert main(["versions", str(dag), "--wide"]) == 0
    assert "derived json.summary of http_request" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (("--say", "banana"), "no word of 'banana' is known"),
        (("--accept", "7"), "there is no proposal 7"),
        (("--expected-version", "4"), "at version 1"),
    ],
)
def test_refusals(dag: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], problem: str) -> None:
    """The message says what is wrong, and nothing is written."""
    before = dag.read_bytes()
    assert derived(dag, *more) == 1
    assert problem in capsys.readouterr().err
    assert dag.read_bytes() == before


def test_the_stored_recording(dag: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Without --trace, the recording is found below [vai] runs_path; the message names the folder if it is not."""
    words: list[Any] = ["derive", str(dag), *SUMMARY]
    assert main(words) == 1
    assert "is not stored in" in capsys.readouterr().err
    folder = tmp_path / "home/vai/artifacts/runs"
    stored_recordings.store(folder, RUN.read_bytes(), None, ".json", "ada")
    assert main(words) == 0
    assert "1. text with " in capsys.readouterr().out

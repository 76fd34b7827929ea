"""`vai verify` without `--replay` reports differences from what was reviewed, and runs nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.cli.main import main

RUN = {
    "agentRun": {"id": "r1", "status": "completed", "input": {"prompt": "Pay Ada"}},
    "actionRuns": [
        {"id": "c1", "kind": "pay", "status": "completed", "definition": {"to": "Ada"}, "result": {"paid": True}}
    ],
}
RULE = '[[tools]]\nmatch = "pay"\nkind = "python_tool"\ncallable = "bank:pay"\n'


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with a crystallized DAG that calls a function in the same folder."""
    (tmp_path / "run.json").write_text(json.dumps(RUN))
    (tmp_path / "vai-tools.toml").write_text(RULE)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags/bank.py").write_text("def pay(to):\n    return {'paid': True}\n")
    command = ["crystallize", str(tmp_path / "run.json"), "--out", str(tmp_path / "dags"), "--dag-id", "pay"]
    assert main(command) == 0
    capsys.readouterr()
    return tmp_path / "dags"


def verified(folder: Path, capsys: pytest.CaptureFixture[str], file: str = "pay.py") -> tuple[int, Any]:
    """Return the exit code and the findings of `vai verify --json`."""
    code = main(["verify", str(folder / file), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("file", ["pay.py", "pay.vai.json"])
def test_nothing_changed(folder: Path, capsys: pytest.CaptureFixture[str], file: str) -> None:
    """A DAG that is as it was rendered has no findings, whether you name its file or its sidecar."""
    assert verified(folder, capsys, file) == (0, [])
    assert main(["verify", str(folder / file)]) == 0
    assert "unchanged" in capsys.readouterr().out


def changed_function(folder: Path) -> None:
    """Change the function."""
    (folder / "bank.py").write_text("def pay(to):\n    return {'paid': 'twice'}\n")


def changed_spec(folder: Path) -> None:
    """Edit the sidecar's spec."""
    path = folder / "pay.vai.json"
    path.write_text(path.read_text().replace('"Ada"', '"Bob"'))


def changed_file(folder: Path) -> None:
    """Edit the DAG file."""
    with (folder / "pay.py").open("a") as file:
        file.write("# mine\n")


def gone(name: str) -> Callable[[Path], None]:
    """Return a function that deletes a file."""
    return lambda folder: (folder / name).unlink()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (changed_function, "bank:pay changed since it was reviewed"),
        (gone("bank.py"), "the source of bank:pay was not found"),
        (changed_spec, "the spec was edited but not rendered"),
        (changed_file, "the DAG file was edited by hand"),
        (gone("pay.py"), "there is no DAG file"),
    ],
    ids=["function", "no function", "spec", "file", "no file"],
)
def test_a_change_is_reported(
    folder: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Path], None], problem: str
) -> None:
    """Each difference is a finding with its remedy, and the exit code is 1."""
    change(folder)

    code, findings = verified(folder, capsys)

    assert code == 1
    assert [problem in finding["problem"] for finding in findings] == [True]
    assert findings[0]["where"]
    assert findings[0]["remedy"]


def test_what_is_no_dag_of_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A DAG file without a sidecar is refused, and the message names the missing sidecar."""
    assert main(["verify", str(tmp_path / "other.py")]) == 1
    assert "other.vai.json" in capsys.readouterr().err

"""`vai approvals` lists the decisions at an automation's gates, newest first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.cli.main import main
from airflow_provider_vai.model.approvals_record import write


def decided(root: Path, number: int, **more: Any) -> None:
    """Write a decision."""
    record = {
        "id": f"id{number}",
        "at": f"2026-03-0{number}T08:00:00+00:00",
        "dag_id": "sales",
        "run_id": f"run {number}",
        "task_id": "gate",
        "map_index": -1,
        "decision": "approve",
        "by": {"id": "ada", "name": "Ada"},
        "automatic": False,
        "rests_on": None,
        "timed_out": False,
        "note": None,
        "steps": {"send": {"kind": "mcp_tool", "arguments_sha256": "0" * 64, "edits": {}}},
        **more,
    }
    write(root, record)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An artifacts folder in Airflow's default place, with each sort of decision."""
    monkeypatch.delenv("AIRFLOW__VAI__ARTIFACTS_PATH", raising=False)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    folder = tmp_path / "vai/artifacts"
    decided(folder, 1, steps={"send": {"edits": {"arguments.to": {"from": "a", "to": "b"}}}}, note="other address")
    decided(folder, 2, automatic=True, by=None, rests_on="id1")
    decided(folder, 3, decision="reject", by=None, timed_out=True, task_id="second", map_index=4)
    return folder


@pytest.mark.parametrize("named", ["default", "option", "environment", "url"])
def test_the_record_is_found(
    root: Path, named: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The artifacts folder is Airflow's default, its setting, or the given path or URL."""
    options: list[str] = []
    if named != "default":
        monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "elsewhere"))
    if named == "environment":
        monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", f"file://{root}")
    if named in ("option", "url"):
        options = ["--artifacts", str(root) if named == "option" else f"file://{root}"]

    assert main(["approvals", "sales", "--json", *options]) == 0
    assert [record["id"] for record in json.loads(capsys.readouterr().out)] == ["id3", "id2", "id1"]


def test_people_see_who_decided_what(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names, edits and notes are shown; so are the decision that an automatic one repeats, and timeouts."""
    assert main(["approvals", "sales", "--wide"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "2026-03" in line]

    assert [word for word in ("second[4]", "reject", "the timeout") if word not in lines[0]] == []
    assert "automatic, repeats id1" in lines[1]
    assert [word for word in ("Ada", "arguments.to", "other address") if word not in lines[2]] == []


def test_one_gate(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--gate` leaves out the decisions at other gates."""
    assert main(["approvals", "sales", "--gate", "second", "--json"]) == 0
    assert [record["id"] for record in json.loads(capsys.readouterr().out)] == ["id3"]


def test_a_broken_record_is_reported(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A record that cannot be read is named, and the others are still shown."""
    (root / "@approvals/sales/gate/9.json").write_text("{")

    assert main(["approvals", "sales"]) == 0
    printed = capsys.readouterr()
    assert "9.json" in printed.err
    assert "Ada" in printed.out

"""What an automation needs is read from the few parts that decide it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_provider_vai.analysis.doctor import needs
from airflow_provider_vai.analysis.lint import subjects
from airflow_provider_vai.model.sidecar import parse_sidecar

SIDECARS = sorted((Path(__file__).parents[3] / "golden").rglob("*.vai.json"))


@pytest.mark.parametrize("path", SIDECARS, ids=lambda path: path.name)
def test_an_automation_needs_what_its_file_needs(path: Path) -> None:
    """The automation in memory gives the same as its sidecar."""
    automation = parse_sidecar(path.read_bytes(), str(path)).automation
    in_memory, in_file = needs.of_automation(automation), needs.of_paths([path])

    assert in_memory.extras == in_file.extras
    assert in_memory.connections == in_file.connections
    assert in_memory.names == in_file.names


def test_dag_files_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To parse DAG files would take longer than everything else."""
    monkeypatch.setattr(subjects, "read_dag_file", lambda path: pytest.fail("read a DAG file"))
    for suffix in ("*.vai.json", "*.py"):
        for path in SIDECARS[0].parent.glob(suffix):
            (tmp_path / path.name).write_bytes(path.read_bytes())

    assert needs.of_paths([tmp_path]).connections == needs.of_paths([SIDECARS[0]]).connections
    assert json.loads(SIDECARS[0].read_text())["connections"] == sorted(needs.of_paths([tmp_path]).connections)

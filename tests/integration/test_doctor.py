"""The doctor asks a real Airflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_vai.analysis.doctor import Diagnosis, examine
from airflow_provider_vai.store.publisher import publish
from tests.unit.support import call, crystallized, run

pytestmark = pytest.mark.integration


def automation(folder: Path, function: str, dag_id: str) -> None:
    """Write an automation that calls a function, and a tool of an MCP server."""
    rules = (
        {"match": "own", "kind": "python_tool", "callable": function, "effect": "read"},
        {"match": "look", "kind": "mcp_tool", "conn_id": f"{dag_id}_mcp", "effect": "read"},
    )
    publish(crystallized(run(call("own", {"q": 1}, "a"), call("look", {"q": 2}, "b")), *rules, dag_id=dag_id), folder)


def test_what_airflow_knows_is_reported(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plugin, provider, database, connections, functions and DAG files, each as Airflow and Python see it."""
    (tmp_path / "doctor_tools.py").write_text("def send(q):\n    return q\nLIMIT = 1\n")
    (tmp_path / "doctor_broken.py").write_text("print('noise')\nimport nosuch_library\n")
    automation(tmp_path, "doctor_tools:send", "good")
    automation(tmp_path, "doctor_broken:send", "bad")
    automation(tmp_path, "doctor_nowhere:send", "gone")
    monkeypatch.setenv("AIRFLOW_CONN_GOOD_MCP", "http://localhost")
    found: dict[tuple[str, str], Diagnosis] = {(one.code, one.subject): one for one in examine(tmp_path)}

    for code, subject in [("DOC602", "provider"), ("DOC603", "plugin"), ("DOC604", "database")]:
        assert found[code, subject].level == "ok", found[code, subject]
    assert found["DOC206", "DAG bundles"].level == "error"
    assert found["DOC401", "connection good_mcp"].level == "ok"
    assert found["DOC401", "connection bad_mcp"].level == "error"
    assert "needed by bad" in found["DOC401", "connection bad_mcp"].message
    assert found["DOC501", "function doctor_tools:send"].level == "ok"
    assert "nosuch_library" in found["DOC501", "function doctor_broken:send"].message
    assert "install what it imports" in found["DOC501", "function doctor_broken:send"].remedy
    assert "dags or plugins folder" in found["DOC501", "function doctor_nowhere:send"].remedy
    assert found["DOC605", "automation good"].level == "warning"

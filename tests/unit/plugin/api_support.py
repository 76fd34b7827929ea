"""What the tests of the API share: a small automation, and a recorded run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.paths import ROOT

SEED = ROOT / "dev/example/seed.json"
SPEC = {
    "dagId": "nightly",
    "description": "Nightly figures",
    "steps": [
        {"key": "look", "kind": "generate_query", "arguments": {"conn_id": "warehouse", "sql": "SELECT 1 AS a"}},
        {
            "key": "look_again",
            "kind": "generate_query",
            "arguments": {"conn_id": "warehouse", "sql": "SELECT 2 AS b"},
        },
    ],
}
"""A small automation in the short form, spelt as on the wire."""


def made(client: Any, **fields: Any) -> Any:
    """Make an automation and return it as the API shows it."""
    answer = client.post("/api/v1/automations", json={**SPEC, **fields})
    assert answer.status_code == 201, answer.text
    return answer


def seed() -> bytes:
    """Return the recorded run of the example."""
    return SEED.read_bytes()


def run_id() -> str:
    """Return the id of the recorded run."""
    return str(json.loads(seed())["agentRun"]["id"])


def ran(client: Any, read_by_airflow: Any, dag_id: str = "nightly") -> str:
    """Activate an automation and start a run of it in Airflow's database; return the run's id."""
    read_by_airflow(dag_id)
    address = f"/api/v1/automations/{dag_id}"
    answer = client.post(f"{address}/activate", json={"reviewed": "all"}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    started = client.post(f"{address}/runs")
    assert started.status_code == 201, started.text
    return str(started.json()["runId"])


def has_result(dag_id: str, run_id: str, task_id: str, value: Any, key: str = "return_value") -> None:
    """Store a result of a task instance in Airflow's database."""
    from airflow.utils.session import create_session

    from tests.airflow_names import store_result

    with create_session() as session:
        store_result(session, value, key, dag_id=dag_id, task_id=task_id, run_id=run_id)


def has_artifact(dag_id: str, run_id: str, task_id: str, content: bytes, form: str = "json", **fields: Any) -> Path:
    """Store an artifact as the task writes it, with its result in Airflow's database; return its file."""
    from airflow_provider_vai.operators.runtime import results

    path = results.path_of(dag_id, run_id, task_id, -1, form)
    results.write(path, content)
    facts = {"path": str(path), "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    if form == "html":
        facts |= {"title": "Board", "charts": 1, "broken": 0, "rows": {}}
    else:
        facts |= {"artifact": form, "rows": None, "columns": None, "preview": None}
    has_result(dag_id, run_id, task_id, {**facts, **fields})
    return Path(str(path).removeprefix("file://"))

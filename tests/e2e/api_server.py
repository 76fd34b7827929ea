"""An Airflow whose API is tested: its users, its folders, and clients of both APIs."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.paths import ROOT

USERS = {"admin": "admin", "olga": "op", "ursula": "user", "victor": "viewer"}
ALL = ("api-server", "scheduler", "dag-processor")
SEED = ROOT / "dev/example/seed.json"
RUN_ID = "c0ffee00-0000-4000-8000-000000000001"
API = "/vai/api/v1"
TWO_STEPS = {
    "description": "Two questions",
    "steps": [
        {"key": "one", "kind": "generate_query", "arguments": {"conn_id": "warehouse", "sql": "SELECT 1 AS a"}},
        {"key": "two", "kind": "generate_query", "arguments": {"conn_id": "warehouse", "sql": "SELECT 2 AS b"}},
    ],
}


@contextlib.contextmanager
def serving(
    home: Path, components: tuple[str, ...] = ALL, host: str = "127.0.0.1", prefix: str = "", **settings: str
) -> Iterator[Any]:
    """Run an Airflow with the example's warehouse; ``airflow.folder`` is the folder of the automations.

    :param host: the name by which browsers know it. :param prefix: the path below which it is.
    """
    from airflow_process import SeparateAirflow

    python = Path(os.environ.get("VAI_AIRFLOW_PYTHON", sys.executable))
    # by the interpreter that reads it: an older DuckDB does not know a newer one's files
    build = [str(python), str(ROOT / "dev/example/warehouse.py"), str(home / "warehouse.duckdb")]
    subprocess.run(build, check=True)
    (home / "dags").mkdir()
    environment = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__VAI__ARTIFACTS_PATH": f"file://{home / 'artifacts'}",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "3",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3",
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "duckdb", "host": str(home / "warehouse.duckdb")}),
        "PYTHONPATH": str(ROOT),
        **settings,
    }
    place = {"host": host, "prefix": prefix}
    with SeparateAirflow(home / "airflow", python, environment, USERS, components=components, **place) as running:
        running.folder = home / "dags/vai"
        running.wait_healthy()
        yield running


def client(airflow: Any, user: str | None, url: str | None = None) -> httpx.Client:
    """Return a client of the plugin's API: of a user by token, or of nobody."""
    headers = {}
    if user is not None:
        headers["Authorization"] = f"Bearer {token(airflow, user)}"
    return httpx.Client(base_url=(url or airflow.url) + API, headers=headers, trust_env=False, timeout=120)


def token(airflow: Any, user: str) -> str:
    """Return a user's token, as Airflow's login gives it."""
    answer = httpx.post(
        f"{airflow.url}/auth/token",
        json={"username": user, "password": airflow.passwords[user]},
        trust_env=False,
        timeout=60,
    )
    return str(answer.json()["access_token"])


def wait_read(airflow: Any, api: httpx.Client, dag_id: str) -> dict[str, Any]:
    """Wait until Airflow has read an automation's file; return the automation."""

    def there() -> dict[str, Any] | None:
        shown: dict[str, Any] = api.get(f"/automations/{dag_id}").raise_for_status().json()
        return shown if shown["isPaused"] is not None or shown["error"] else None

    found: dict[str, Any] = airflow.wait(f"Airflow to read {dag_id}", there, 180)
    return found

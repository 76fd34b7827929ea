"""The README's example with a plain installation: no extra, Airflow's own defaults, a DAG processor."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest

from tests.paths import ROOT

sys.path[:0] = [str(ROOT / "dev")]

pytestmark = pytest.mark.e2e

DAG_ID = "monthly_revenue_dashboard"
SEED = "dev/example/seed.json"
EXTRAS = ("duckdb", "dlt", "vl_convert_python", "trafilatura", "graphviz", "apache_airflow_providers_common_ai")
MISSING = {"flashboard", "sql"}
"""What the example's steps need besides."""
KNOWN_LIMIT = 150.0
"""Half of the time after which Airflow looks for new files by itself."""


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An Airflow in an environment with the base installation, which has begun to read its empty dags folder."""
    import environment
    from airflow_process import SeparateAirflow

    home = tmp_path_factory.mktemp("base") / "airflow"
    (home / "dags").mkdir(parents=True)
    settings = {"VAI_POSTGRESQL": ""}  # a plain installation has no driver for it
    components = ("api-server", "dag-processor")
    with SeparateAirflow(home, environment.base(), settings, components=components) as running:
        running.wait_healthy()
        running.wait("Airflow to look for DAG files", lambda: "Refreshing bundle" in running.log.read_text(), 120)
        yield running


def vai(airflow: Any, *arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run ``vai`` as its user does, check its exit code, and return what it printed."""
    command = [str(airflow.python.with_name("vai")), *map(str, arguments)]
    environment = {**airflow.environment(), "VAI_AUTHOR": "reader"}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stdout + done.stderr
    return done


def sidecar(airflow: Any, dag_id: str = DAG_ID) -> dict[str, Any]:
    """Return an automation's sidecar in the folder that the HTTP API serves by default."""
    content: dict[str, Any] = json.loads((airflow.home / f"dags/vai/{dag_id}.vai.json").read_text())
    return content


def missing_extras(linted: subprocess.CompletedProcess[str]) -> set[str]:
    """Return the extras that lint names; it has no other finding."""
    findings = json.loads(linted.stdout)
    assert {finding["code"] for finding in findings} <= {"VAI111"}, linted.stdout
    return {found[1] for finding in findings if (found := re.search(r"airflow-provider-vai\[(\w+)\]", str(finding)))}


def is_paused(airflow: Any, dag_id: str = DAG_ID) -> bool:
    """Return Airflow's own switch."""
    return bool(airflow.client.call("GET", f"/dags/{dag_id}")["is_paused"])


def wait_known(airflow: Any, dag_id: str) -> None:
    """Wait until Airflow has read a DAG, for less time than it takes to look for new files by itself."""
    from dag_run import DagRun

    DagRun(airflow, dag_id, print).wait_known(KNOWN_LIMIT)


def test_no_extra_is_installed(airflow: Any) -> None:
    """The environment has none of the packages that the extras bring."""
    (site,) = airflow.python.parents[1].glob("lib/python*/site-packages")
    names = {str(one.metadata["Name"]).lower().replace("-", "_") for one in distributions(path=[str(site)])}

    assert "airflow_provider_vai" in names
    assert not names & set(EXTRAS)


def test_the_readme_example_from_file_to_pause(airflow: Any) -> None:
    """Each command of the example ends as documented, and records the state that Airflow has, too."""
    written = vai(airflow, "crystallize", SEED, "--dag-id", DAG_ID)
    dag = airflow.home / f"dags/vai/{DAG_ID}.py"
    assert f"created: {dag}" in written.stdout
    assert written.stderr == ""
    wait_known(airflow, DAG_ID)
    assert airflow.client.call("GET", "/importErrors")["total_entries"] == 0
    assert (sidecar(airflow)["status"], is_paused(airflow)) == ("draft", True)

    assert missing_extras(vai(airflow, "lint", dag, "--json")) == MISSING

    refused = vai(airflow, "activate", dag, code=1)
    assert "--reviewed" in refused.stderr
    assert (sidecar(airflow)["status"], is_paused(airflow)) == ("draft", True)

    activated = vai(airflow, "activate", dag, "--reviewed", "all")
    said = f"{DAG_ID}: active (version 1)\nNext: airflow dags trigger {DAG_ID}\n"
    assert (activated.stdout, activated.stderr) == (said, "")
    assert (sidecar(airflow)["status"], is_paused(airflow)) == ("active", False)
    assert [review["by"] for review in sidecar(airflow)["reviews"]] == ["reader"]

    paused = vai(airflow, "pause", dag, "--json")
    assert json.loads(paused.stdout) == {"dag_id": DAG_ID, "status": "paused", "version": 1}
    assert (sidecar(airflow)["status"], is_paused(airflow)) == ("paused", True)
    vai(airflow, "pause", dag)

    listed = json.loads(vai(airflow, "versions", dag, "--json").stdout)
    assert {entry["change"] for entry in listed} >= {"version", "activated", "paused"}
    approvals = vai(airflow, "approvals", DAG_ID, "--json")
    assert json.loads(approvals.stdout) == []
    assert "sql: frozen" in vai(airflow, "explain", f"{dag}:generate_query").stdout


def test_it_can_be_activated_as_soon_as_it_is_written(airflow: Any) -> None:
    """`vai activate` waits until Airflow has read a file that was written just now."""
    dag = airflow.home / "dags/vai/at_once.py"
    vai(airflow, "crystallize", SEED, "--dag-id", "at_once")

    vai(airflow, "activate", dag, "--reviewed", "all")

    assert (sidecar(airflow, "at_once")["status"], is_paused(airflow, "at_once")) == ("active", False)


def test_elsewhere_it_warns(airflow: Any, tmp_path: Path) -> None:
    """A file outside of the served folder is reported, with that folder; Airflow does not know its DAG."""
    vai(airflow, "crystallize", SEED, "--dag-id", "elsewhere", "--out", tmp_path)

    linted = vai(airflow, "lint", tmp_path, "--json")
    assert missing_extras(linted) == MISSING
    assert f"serve, which is {airflow.home / 'dags/vai'}" in linted.stderr
    refused = vai(airflow, "activate", tmp_path / "elsewhere.py", "--reviewed", "all", code=1)
    assert "Airflow does not know the DAG 'elsewhere'" in refused.stderr


def test_the_readme_block_for_the_http_api(airflow: Any) -> None:
    """The README's lines run as they are, and serve what the command line wrote as well."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- run: api -->\n```bash\n")[2]
    block = text.partition("```")[0]
    api = f"{airflow.url}/vai/api/v1/automations"
    token = json.loads(_curl(f"{airflow.url}/auth/token", "-d", json.dumps(_login(airflow))))["access_token"]
    environment = {**os.environ, "AIRFLOW": airflow.url, "TOKEN": token, "NO_PROXY": "127.0.0.1"}

    done = subprocess.run(
        ["bash", "-e", "-c", block], cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert is_paused(airflow, "monthly_revenue") is False
    served = json.loads(_curl(api, "-H", f"Authorization: Bearer {token}"))["items"]
    assert {"at_once", "monthly_revenue", DAG_ID} <= {item["dagId"] for item in served}


def _login(airflow: Any) -> dict[str, str]:
    (user,) = airflow.roles
    return {"username": user, "password": airflow.passwords[user]}


def _curl(url: str, *arguments: str) -> str:
    command = ["curl", "-sS", "--noproxy", "*", "-H", "Content-Type: application/json", *arguments, url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout

"""Calls of other automations, with the scheduler and the triggerer that a wait needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.paths import ROOT

pytestmark = pytest.mark.e2e

DAGS = """
from airflow.sdk import DAG
from airflow_provider_vai.operators.arguments import wired
from airflow_provider_vai.operators.call_automation import CallAutomationOperator
from airflow_provider_vai.operators.python_tool import PythonToolOperator

with DAG("caller", schedule=None):
    call = CallAutomationOperator(task_id="call", trigger_dag_id="called", conf={"region": "north"}, wait=True)
    call >> PythonToolOperator(task_id="after", python_callable="copy:copy", arguments={"x": wired(call)})

with DAG("called", schedule=None):
    PythonToolOperator(task_id="done", python_callable="copy:copy", arguments={"x": 1})

with DAG("caller_of_failing", schedule=None):
    CallAutomationOperator(task_id="call", trigger_dag_id="failing", wait=True)

with DAG("failing", schedule=None):
    PythonToolOperator(task_id="fails", python_callable="no_such_module:f", arguments={})
"""


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """A healthy Airflow with DAGs that call others."""
    from airflow_process import Airflow

    home = tmp_path_factory.mktemp("callers")
    (home / "dags").mkdir()
    (home / "dags/callers.py").write_text(DAGS, encoding="utf-8")
    settings = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "PYTHONPATH": str(ROOT),
    }
    with Airflow(home / "airflow", Path(sys.executable), settings) as running:
        running.wait_healthy()
        yield running


def started(airflow, dag_id: str):
    """Return a new run of a DAG; the DAGs that it calls are unpaused."""
    from dag_run import DagRun

    run = DagRun(airflow, dag_id, print)
    run.wait_known()
    for called in ("called", "failing"):
        airflow.client.call("PATCH", f"/dags/{called}", {"is_paused": False})
    run.start()
    return run


def result(airflow, run, task: str):
    """Return what a task of a run left in XCom."""
    path = f"{run._path()}/taskInstances/{task}/xcomEntries/return_value"
    return airflow.client.call("GET", path)["value"]


def test_a_call_waits_and_takes_place_once(callers):
    """The step ends when the called run has; cleared, it takes that run over and starts no second one."""
    run = started(callers, "caller")
    assert run.follow(240, lambda gate: None) == "success"
    (child,) = callers.client.call("GET", "/dags/called/dagRuns")["dag_runs"]
    expected = {"dag_id": "called", "run_id": child["dag_run_id"], "state": "success"}
    assert result(callers, run, "call") == result(callers, run, "after") == expected
    assert child["conf"] == {"region": "north"}
    assert child["state"] == "success"

    cleared = {"dry_run": False, "only_failed": False, "dag_run_id": run.run_id, "reset_dag_runs": True}
    callers.client.call("POST", "/dags/caller/clearTaskInstances", cleared)
    assert run.follow(240, lambda gate: None) == "success"
    again = callers.client.call("GET", "/dags/called/dagRuns")["dag_runs"]
    assert [other["dag_run_id"] for other in again] == [child["dag_run_id"]]
    assert result(callers, run, "call") == expected
    tries = callers.client.call("GET", f"{run._path()}/taskInstances/call")["try_number"]
    assert tries == 2
    log = callers.client.call("GET", f"{run._path()}/taskInstances/call/logs/2?full_content=true")
    assert "using that run" in str(log)


def test_a_failed_run_fails_the_call(callers):
    """A step that waits fails with the called run, and names it."""
    run = started(callers, "caller_of_failing")

    assert run.follow(240, lambda gate: None) == "failed"
    (child,) = callers.client.call("GET", "/dags/failing/dagRuns")["dag_runs"]
    assert (
        f"the run {quote(child['dag_run_id'], safe='')} of failing ended in the state failed"
        in run.failures(200)["call"]
    )

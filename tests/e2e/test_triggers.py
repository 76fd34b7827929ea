"""Triggers in a real scheduler: what each of them starts, and how often."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.model.argument import Argument
from airflow_provider_vai.model.automation import Automation, Step
from airflow_provider_vai.model.kinds import by_name
from airflow_provider_vai.model.step_approval import StepApproval
from airflow_provider_vai.renderer.render import render
from tests.paths import ROOT

pytestmark = pytest.mark.e2e

LANDED = "vai://actions/duckdb_transform/lands/land"
OUTSIDE = "s3://partner/orders.csv"


def step(task_id: str, kind: str, **arguments: Any) -> Step:
    """Return a step with frozen arguments."""
    return Step(
        key=task_id,
        task_id=task_id,
        kind=kind,
        operator=by_name()[kind].operator,
        approval=StepApproval(recorded="not_required", reason="reads"),
        arguments={name: Argument.frozen(value) for name, value in arguments.items()},
    )


def note(task_id: str = "note") -> Step:
    """Return a step that succeeds."""
    return step(task_id, "python_tool", python_callable="json:dumps", arguments={"obj": 1}, effect="read")


def automation(dag_id: str, *steps: Step, **triggers: dict[str, Any]) -> Automation:
    """Return an automation of these steps, or of one that succeeds."""
    return Automation(
        dag_id=dag_id, source_type="MANUAL", steps=list(steps or [note()]), triggers=list(triggers.values())
    )


def event(name: str, **filters: str) -> dict[str, Any]:
    """Return an event trigger."""
    return {"type": "event", "event": name, "filters": filters}


def asset(uri: str) -> dict[str, Any]:
    """Return a trigger by an asset."""
    return {"type": "event", "uri": uri}


def clock(schedule: str) -> dict[str, Any]:
    """Return a schedule in a time zone."""
    return {"type": "schedule", "schedule": schedule, "timezone": "Europe/Berlin"}


LAND = step("land", "duckdb_transform", sql="SELECT 1 AS a", conn_id="warehouse", table="t")
BREAK = step("break", "python_tool", python_callable="json:loads", arguments={"s": "no JSON"}, effect="read")
SOURCES = [automation("lands", LAND), automation("breaks", BREAK)]
LISTENERS = [
    automation("on_step", one=asset(LANDED)),
    automation("on_automation", one=asset("vai://automations/lands")),
    automation("on_kind", one=event("action.completed", action_kind="duckdb_transform")),
    automation("on_data", one=event("connection.data_available", connection="warehouse")),
    automation("on_action_failed", one=event("action.failed", automation="breaks")),
    automation("on_automation_failed", one=event("automation.failed", automation="breaks")),
    automation("on_outside", one=asset(OUTSIDE)),
]
SILENT = [
    automation("on_other_kind", one=event("action.completed", action_kind="file_sync")),
    automation("on_other_failed", one=event("automation.failed", automation="lands")),
    automation("on_other_data", one=event("connection.data_available", connection="lake")),
]
PAUSED = [
    automation("paused_event", one=event("action.failed")),
    automation("paused_clock", one=clock("* * * * *")),
]
EITHER = [automation("on_either", one=clock("0 0 1 1 *"), two=asset(OUTSIDE), three=asset(OUTSIDE))]
EVERYTHING = [
    automation("on_everything", one=event("automation.completed")),
    automation("on_everything_too", one=event("automation.completed")),
]
CLOCK = [automation("on_clock", one=clock("* * * * *"))]


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A healthy Airflow that knows all of them, every one but the paused ones active."""
    from airflow_process import Airflow
    from dag_run import DagRun

    home = tmp_path_factory.mktemp("triggers")
    (home / "dags").mkdir()
    everyone = [*SOURCES, *LISTENERS, *SILENT, *PAUSED, *EITHER, *EVERYTHING, *CLOCK]
    for one in everyone:
        (home / f"dags/{one.dag_id}.py").write_text(render(one), encoding="utf-8")
    settings = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "PYTHONPATH": str(ROOT),
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "duckdb", "host": str(home / "warehouse.duckdb")}),
    }
    python = Path(os.environ.get("VAI_AIRFLOW_PYTHON", sys.executable))
    with Airflow(home / "airflow", python, settings) as running:
        running.wait_healthy()
        for one in everyone:
            DagRun(running, one.dag_id, print).wait_known()
        activate(running, *SOURCES, *LISTENERS, *SILENT, *EITHER)
        yield running


def activate(airflow: Any, *automations: Automation, paused: bool = False) -> None:
    """Unpause, or pause."""
    for one in automations:
        airflow.client.call("PATCH", f"/dags/{one.dag_id}", {"is_paused": paused})


def runs(airflow: Any, dag_id: str) -> list[dict[str, Any]]:
    """Return the runs of a DAG."""
    return airflow.client.call("GET", f"/dags/{dag_id}/dagRuns?limit=100")["dag_runs"]


def ended(airflow: Any, dag_id: str, number: int = 1) -> list[dict[str, Any]]:
    """Wait until a DAG has that many runs that ended; return all of its runs."""

    def there() -> list[dict[str, Any]] | None:
        found = runs(airflow, dag_id)
        return found if sum(run["state"] in ("success", "failed") for run in found) >= number else None

    return airflow.wait(f"{number} runs of {dag_id} to end", there, 300)


def start(airflow: Any, dag_id: str) -> str:
    """Start a run by hand and wait for its end; return its state."""
    body = {"logical_date": None, "conf": {}}
    run_id = airflow.client.call("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"]

    def there() -> str | None:
        states = {run["dag_run_id"]: run["state"] for run in runs(airflow, dag_id)}
        return states[run_id] if states[run_id] in ("success", "failed") else None

    return airflow.wait(f"the run of {dag_id} to end", there, 300)


def why(airflow: Any, dag_id: str) -> list[dict[str, Any]]:
    """Return the events that started the first run of a DAG."""
    (first, *_) = runs(airflow, dag_id)
    path = f"/dags/{dag_id}/dagRuns/{first['dag_run_id'].replace('+', '%2B')}/upstreamAssetEvents"
    return airflow.client.call("GET", path)["asset_events"]


def minutes_passed(airflow: Any, number: int) -> None:
    """Wait until the clock, and with it the scheduler, has started that many further runs."""
    activate(airflow, *CLOCK)
    ended(airflow, "on_clock", len(runs(airflow, "on_clock")) + number)


def test_each_event_starts_one_run(airflow):
    """An automation that lands data, one that fails, and an event from outside start exactly who listens to them."""
    (outside,) = airflow.client.call("GET", "/assets?uri_pattern=orders.csv")["assets"]
    airflow.client.call("POST", "/assets/events", {"asset_id": outside["id"], "extra": {}})
    assert start(airflow, "lands") == "success"
    assert start(airflow, "breaks") == "failed"

    for listener in LISTENERS:
        ended(airflow, listener.dag_id)
    ended(airflow, "on_either", 2)
    minutes_passed(airflow, 1)

    assert {one.dag_id: len(runs(airflow, one.dag_id)) for one in LISTENERS} == {one.dag_id: 1 for one in LISTENERS}
    assert {run["state"] for one in LISTENERS for run in runs(airflow, one.dag_id)} == {"success"}
    assert [run for one in [*SILENT, *PAUSED] for run in runs(airflow, one.dag_id)] == []
    # Airflow makes up for the last time that a schedule names, and for no earlier one
    assert sorted(run["run_type"] for run in runs(airflow, "on_either")) == ["asset_triggered", "scheduled"]
    (failed,) = why(airflow, "on_action_failed")
    assert (failed["source_dag_id"], failed["source_task_id"]) == ("breaks", "break")
    assert (failed["extra"]["task_id"], failed["extra"]["kind"]) == ("break", "python_tool")
    (failed,) = why(airflow, "on_automation_failed")
    assert (failed["extra"]["dag_id"], failed["extra"]["task_id"]) == ("breaks", "break")
    (landed,) = why(airflow, "on_data")
    assert (landed["extra"]["dag_id"], landed["extra"]["task_id"]) == ("lands", "land")


def test_each_failed_run_starts_a_run(airflow):
    """Two failed runs, each of which is told before the next begins, are two runs of the listener."""
    before = len(runs(airflow, "on_automation_failed"))
    for number in (1, 2):
        assert start(airflow, "breaks") == "failed"
        ended(airflow, "on_automation_failed", before + number)
    minutes_passed(airflow, 1)

    assert len(runs(airflow, "on_automation_failed")) == before + 2


def test_a_cleared_run_tells_its_new_end_only(airflow):
    """A run that is cleared and fails again starts the listener again; the step that is not cleared, nobody."""
    (first, *_) = [run for run in runs(airflow, "breaks") if run["state"] == "failed"]
    before, steps = len(runs(airflow, "on_action_failed")), len(runs(airflow, "on_kind"))
    cleared = {"dry_run": False, "only_failed": True, "dag_run_id": first["dag_run_id"], "reset_dag_runs": True}
    airflow.client.call("POST", "/dags/breaks/clearTaskInstances", cleared)
    ended(airflow, "on_action_failed", before + 1)
    minutes_passed(airflow, 1)

    assert (len(runs(airflow, "on_action_failed")), len(runs(airflow, "on_kind"))) == (before + 1, steps)


def test_listeners_to_everything_do_not_start_each_other_for_ever(airflow):
    """Two automations that start at every automation's end run once for it, and come to rest."""
    activate(airflow, *CLOCK, paused=True)
    activate(airflow, *EVERYTHING)
    assert start(airflow, "on_other_kind") == "success"
    for one in EVERYTHING:
        ended(airflow, one.dag_id)
    assert start(airflow, "breaks") == "failed"  # no completed automation: time for whatever would start

    assert [len(runs(airflow, one.dag_id)) for one in EVERYTHING] == [1, 1]
    activate(airflow, *EVERYTHING, paused=True)


def test_the_clock_starts_a_run_a_minute_and_none_for_the_past(airflow):
    """The start date lies long ago; runs begin with the minute in which the automation was activated."""
    minutes_passed(airflow, 1)

    found = runs(airflow, "on_clock")
    assert len({run["run_after"] for run in found}) == len(found)
    began = min(datetime.fromisoformat(run["run_after"]) for run in found)
    assert datetime.now(timezone.utc) - began < timedelta(hours=1)
    assert {run["run_type"] for run in found} == {"scheduled"}
    assert runs(airflow, "paused_clock") == []


def test_a_run_that_a_person_marks_has_ended(airflow):
    """The API server tells it, as the scheduler does."""
    activate(airflow, *SOURCES, *SILENT)
    if not runs(airflow, "lands"):
        assert start(airflow, "lands") == "success"
    before = len(runs(airflow, "on_other_failed"))
    (newest, *_) = sorted(runs(airflow, "lands"), key=lambda run: run["run_after"], reverse=True)
    path = f"/dags/lands/dagRuns/{newest['dag_run_id'].replace('+', '%2B')}"
    airflow.client.call("PATCH", path, {"state": "failed"})

    ended(airflow, "on_other_failed", before + 1)

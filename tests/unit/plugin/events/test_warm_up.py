"""The DAG processor holds what DAG files import; nothing else does, and nothing can keep it from starting."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from airflow_provider_vai.plugin.events import listener, warm_up

SCRIPT = """
import json, sys
import airflow.jobs.job
if sys.argv[1] == "dag-processor":
    import airflow.jobs.dag_processor_job_runner
from airflow_provider_vai.plugin.events import listener
listener.on_starting(None)
ours = ["airflow_provider_vai.operators.http_request", "airflow_provider_vai.sensors.approval"]
held = [*ours, *json.loads(sys.argv[2])]
print(json.dumps([name in sys.modules for name in held]))
"""
SERIALIZING = [
    "airflow.providers.standard.operators.trigger_dagrun",
    "airflow.providers.standard.sensors.external_task",
]


def held(process: str, monkeypatch: pytest.MonkeyPatch, switch: str | None = None) -> set[bool]:
    """Return whether a new process of this sort holds the core after it started."""
    if switch is not None:
        monkeypatch.setenv("AIRFLOW__VAI__PRELOAD_IN_DAG_PROCESSOR", switch)
    command = [sys.executable, "-c", SCRIPT, process, json.dumps(SERIALIZING)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return set(json.loads(answer.splitlines()[-1]))


def test_the_dag_processor_holds_it(airflow_home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operators, the gate, and what serialization imports are there before the first fork."""
    assert held("dag-processor", monkeypatch) == {True}


def test_it_can_be_switched_off(airflow_home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``[vai] preload_in_dag_processor = False`` nothing is imported."""
    assert held("dag-processor", monkeypatch, "False") == {False}


def test_no_other_process_holds_it(airflow_home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler or triggerer starts as before."""
    assert held("scheduler", monkeypatch) == {False}


def test_what_is_missing_is_left_to_the_dag_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that cannot be imported, for whatever reason, is skipped, and the others are still imported."""
    seen = []

    def imported(name: str) -> None:
        seen.append(name)
        if name.endswith("external_task"):
            raise ImportError(name)
        if name.endswith("approval"):
            raise RuntimeError("broken")

    monkeypatch.setattr(warm_up.importlib, "import_module", imported)

    assert [name.rpartition(".")[2] for name in warm_up.import_core()] == ["approval", "external_task"]
    assert len(seen) == len(set(seen)) > 20


def test_nothing_keeps_airflow_from_starting(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """An error is logged with its traceback."""

    def fail() -> None:
        raise ValueError("no")

    monkeypatch.setattr(warm_up, "in_dag_processor", fail)

    listener.on_starting(None)

    (record,) = [record for record in caplog.records if "starts without the operators" in record.getMessage()]
    assert record.exc_info

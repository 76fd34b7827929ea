"""A migrated Airflow database, and functions that run DAG files to their end in this process."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import itertools
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HEAD = """
from __future__ import annotations
import json, sys
from datetime import timedelta
from airflow.sdk import DAG
from airflow_provider_vai.operators.arguments import template, wired
from airflow_provider_vai.operators.create_flashboard import CreateFlashboardOperator
from airflow_provider_vai.operators.generate_query import GenerateQueryOperator
from airflow_provider_vai.operators.http_request import HttpRequestOperator
from airflow_provider_vai.operators.mcp_tool import McpToolOperator
from airflow_provider_vai.operators.python_tool import PythonToolOperator
from airflow_provider_vai.operators.unmapped_tool import UnmappedToolOperator
from airflow_provider_vai.sensors.approval import ApprovalGateSensor
"""
# Import before any test starts a thread: two threads that import Airflow's models at once can deadlock.
USED_IN_THREADS = (
    "airflow.dag_processing.dagbag",
    "airflow.models.hitl",
    "airflow.models.taskinstance",
    "airflow.models.trigger",
    "airflow.models.xcom",
    "airflow.serialization.definitions.dag",
    "airflow.serialization.serialized_objects",
    "airflow.state.metastore",
    "airflow.triggers.base",
    "airflow.utils.session",
)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ran:
    """A finished DAG run: its DAG, and the states, results and log of its tasks.

    ``all_results`` has the results of all map indexes, in order.
    """

    dag_id: str
    states: dict[str, str]
    results: dict[str, Any]
    all_results: dict[str, list[Any]]
    log: str


@pytest.fixture(scope="session")
def database(airflow_home: Path) -> Path:
    """Return the Airflow home of this session, with its database migrated once."""
    (airflow_home / "dags").mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
    for module in USED_IN_THREADS:
        with contextlib.suppress(ImportError):  # the oldest supported Airflow has no task state store
            importlib.import_module(module)
    from tests.airflow_names import needs_database

    if needs_database():
        from airflow.dag_processing.bundles.manager import DagBundlesManager

        DagBundlesManager().sync_bundles_to_db()
    return airflow_home


@pytest.fixture
def run_dag(run_file: Callable[..., Ran]) -> Callable[..., Ran]:
    """Return a function that writes a DAG file with these tasks and runs it like ``airflow dags test``."""

    def run(tasks: str, *, runs: int = 1, **test_options: Any) -> Ran:
        dag_id = f"dag_{next(_numbers)}"
        body = textwrap.indent(textwrap.dedent(tasks), "    ")
        text = f"{HEAD}\nwith DAG({dag_id!r}, schedule=None) as dag:\n{body}\n"
        return run_file(dag_id, text, runs=runs, **test_options)

    return run


@pytest.fixture
def run_file(database: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Return a function that writes the text of a DAG file and runs its DAG like ``airflow dags test``.

    Gates wait, so that a test can answer them as Airflow's pages do.
    """
    monkeypatch.setenv("AIRFLOW__VAI__DAG_TEST_WAITS", "True")

    from tests.airflow_names import to_database

    def run(dag_id: str, text: str, *, runs: int = 1, **test_options: Any) -> Ran:
        path = database / "dags" / f"{dag_id}.py"
        path.write_text(text, encoding="utf-8")
        try:
            spec = importlib.util.spec_from_file_location(dag_id, path)
            module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
            spec.loader.exec_module(module)  # type: ignore[union-attr]
            dag = module.dag if hasattr(module, "dag") else _dag(path, dag_id)
            to_database(path)
            for _ in range(runs):
                with contextlib.suppress(KeyboardInterrupt):
                    finished = dag.test(**test_options)
        finally:
            path.unlink()
        return _ran(finished, "".join(capfd.readouterr()))

    return run


def _dag(path: Path, dag_id: str) -> Any:
    """Return the DAG of a rendered file, in which it has no variable, the way Airflow finds it."""
    from tests.airflow_names import DagBag

    bag = DagBag(dag_folder=str(path))
    assert bag.import_errors == {}
    return bag.dags[dag_id]


def _ran(dag_run: Any, log: str) -> Ran:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(XComModel).where(XComModel.run_id == dag_run.run_id, XComModel.dag_id == dag_run.dag_id)
        rows = session.scalars(query.where(XComModel.key == "return_value")).all()
        every: dict[str, list[Any]] = {}
        for row in sorted(rows, key=lambda row: row.map_index):
            every.setdefault(row.task_id, []).append(XComModel.deserialize_value(row))
    results = {task_id: values[-1] for task_id, values in every.items()}
    states = {ti.task_id: str(getattr(ti.state, "value", ti.state)) for ti in dag_run.get_task_instances()}
    sys.stdout.write(log)  # pytest shows it if the test fails
    return Ran(dag_run.dag_id, states, results, every, log)

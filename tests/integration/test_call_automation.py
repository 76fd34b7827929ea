"""``call_automation`` in real DAG runs. Waiting and clearing need a scheduler and are tested in tests/e2e."""

from __future__ import annotations

import importlib.util
import itertools
import textwrap
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Run = Callable[..., Any]
CHILD = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator
with DAG({dag_id!r}, schedule=None, is_paused_upon_creation=False) as dag:
    EmptyOperator(task_id="done")
"""
_numbers = itertools.count(1)


def loaded(path: Path) -> Any:
    """Return the current content of a DAG file as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module.__dict__)  # never from stale bytecode
    return module


@pytest.fixture
def child(database: Path) -> Iterator[str]:
    """Return a DAG that may be called: it is in the database, unpaused, and has no schedule."""
    from tests.airflow_names import to_database

    dag_id = f"called_{next(_numbers)}"
    path = database / "dags" / f"{dag_id}.py"
    path.write_text(textwrap.dedent(CHILD.format(dag_id=dag_id)), encoding="utf-8")
    to_database(path)
    loaded(path).dag.test(logical_date=datetime(2020, 1, 1, tzinfo=timezone.utc))
    set_paused(dag_id, False)
    yield dag_id
    path.unlink()


def set_paused(dag_id: str, paused: bool) -> None:
    """Pause or unpause a DAG."""
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    with create_session() as session:
        session.get(DagModel, dag_id).is_paused = paused


def called_runs(dag_id: str) -> list[Any]:
    """Return the runs of a DAG that a step started."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        runs = session.scalars(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id.like("by%"))).all()
        return [SimpleNamespace(run_id=run.run_id, conf=run.conf, state=str(run.state)) for run in runs]


IMPORT = "from airflow_provider_vai.operators.call_automation import CallAutomationOperator\n"


def test_it_starts_one_run_with_the_named_params(run_dag: Run, child: str) -> None:
    """The called DAG gets one run with exactly these params; later steps can use its id from the result."""
    ran = run_dag(
        IMPORT
        + f"a = CallAutomationOperator(task_id='a', trigger_dag_id={child!r}, conf={{'day': '{{{{ ds }}}}', 'n': 1}})\n"
        "b = PythonToolOperator(task_id='b', python_callable='copy:copy', arguments={'x': wired(a, 'run_id')})\n"
        "a >> b\n",
        run_conf={"unrelated": True},
    )
    (started,) = called_runs(child)

    assert ran.states == {"a": "success", "b": "success"}
    assert started.conf == {"day": "{{ ds }}", "n": 1}
    assert ran.results["a"] == {"dag_id": child, "run_id": started.run_id}
    assert ran.results["b"] == started.run_id


def test_each_mapped_task_starts_its_own_run(run_dag: Run, child: str) -> None:
    """Each map index starts a run of its own."""
    ran = run_dag(
        IMPORT + f"CallAutomationOperator.partial(task_id='a', trigger_dag_id={child!r})"
        ".expand(conf=[{'n': 1}, {'n': 2}])"
    )

    assert ran.states == {"a": "success"}
    assert sorted(run.conf["n"] for run in called_runs(child)) == [1, 2]


def test_refusals(run_dag: Run, child: str) -> None:
    """A step that calls its own DAG, a missing DAG or a paused DAG fails before anything starts."""
    set_paused(child, True)
    ran = run_dag(
        IMPORT + "CallAutomationOperator(task_id='self', trigger_dag_id=dag.dag_id)\n"
        "CallAutomationOperator(task_id='missing', trigger_dag_id='no_such_dag')\n"
        f"CallAutomationOperator(task_id='paused', trigger_dag_id={child!r}, wait=True)\n"
    )

    assert set(ran.states.values()) == {"failed"}
    assert "would call itself" in ran.log
    assert "the DAG 'no_such_dag' cannot be called" in ran.log
    assert "is paused, so its run would never start" in ran.log
    assert called_runs(child) == []


def test_only_with_an_approval(run_dag: Run, child: str) -> None:
    """A guarded call starts nothing without an approval."""
    ran = run_dag(
        IMPORT + "gate = ApprovalGateSensor(task_id='gate', subject='Go?')\n"
        f"gate >> CallAutomationOperator(task_id='a', trigger_dag_id={child!r}, gate=gate)\n",
        mark_success_pattern="gate",
    )

    assert ran.states["a"] == "failed"
    assert "has no approval" in ran.log
    assert called_runs(child) == []

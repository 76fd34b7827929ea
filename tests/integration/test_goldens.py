"""The golden DAG files in a real Airflow: loaded and serialized, and the seed case run against a warehouse."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.languages.derivation.source import written as source_text
from airflow_provider_vai.model.sidecar import Sidecar
from airflow_provider_vai.model.step_effects import DECLARING
from airflow_provider_vai.renderer.frame import framed
from airflow_provider_vai.store.sidecar_files import read_sidecar
from tests.golden.regenerate import CASES, Case

pytestmark = pytest.mark.integration

UNMAPPED = [case for case in CASES if "--loops" not in case.options]
"""Cases without a mapped step, which Airflow keeps in another form; ``test_serialization.py`` looks at that one."""

ORDERS = """
CREATE TABLE orders (order_id INTEGER, region VARCHAR, ordered_on DATE, amount DECIMAL(10, 2), status VARCHAR);
INSERT INTO orders VALUES
    (1, 'North', '2025-01-10', 100.50, 'completed'), (2, 'North', '2025-01-20', 80, 'completed'),
    (3, 'East', '2025-02-02', 140, 'completed'), (4, 'South', '2025-02-09', 100, 'completed'),
    (5, 'South', '2025-02-11', 999, 'refunded');
"""


def sidecar_of(case: Case) -> Sidecar:
    """Return the expected sidecar."""
    return read_sidecar(next(case.expected.glob("*.vai.json")))


@pytest.fixture(scope="module")
def loaded(database: Path) -> Callable[[Case], Any]:
    """Return a function that loads a case's folder as the DAG processor does, and returns its only DAG."""
    from tests.airflow_names import DagBag

    def load(case: Case) -> Any:
        bag = DagBag(dag_folder=str(case.expected), safe_mode=True)
        assert bag.import_errors == {}
        (dag,) = bag.dags.values()
        return dag

    return load


@pytest.mark.parametrize("case", UNMAPPED, ids=lambda case: case.name)
def test_dag_is_what_the_sidecar_says(case: Case, loaded: Callable[[Case], Any]) -> None:
    """The DAG has no import error, and its tasks, edges, operators and settings match the sidecar."""
    dag, sidecar = loaded(case), sidecar_of(case)
    assert dag.dag_id == sidecar.dag_id
    steps = framed(sidecar).steps
    assert set(dag.task_ids) == {step.task_id for step in steps}
    keys = {step.key: step.task_id for step in steps}
    for step in steps:
        task = dag.get_task(step.task_id)
        assert task.upstream_task_ids == {keys[key] for key in step.depends_on}
        assert f"{type(task).__module__}.{type(task).__qualname__}" == step.operator
        assert getattr(task, "gate", None) == (keys[step.approval.gate] if step.approval.gate else None)
    assert (dag.is_paused_upon_creation, dag.catchup, dag.max_active_runs) == (True, False, 1)
    assert {"vai", "crystallized"} == set(dag.tags)
    assert dag.schedule == next((one.schedule for one in sidecar.triggers if one.type == "schedule"), None)


@pytest.mark.parametrize("case", UNMAPPED, ids=lambda case: case.name)
def test_arguments_survive_serialization(case: Case, loaded: Callable[[Case], Any]) -> None:
    """The serialized DAG has each frozen value, and names the source of each wire."""
    from tests.airflow_names import DagSerialization

    sidecar = sidecar_of(case)
    serialized = json.loads(json.dumps(DagSerialization.to_dict(loaded(case))))
    tasks = {task["__var"]["task_id"]: task["__var"] for task in serialized["dag"]["tasks"]}
    for step in sidecar.steps:
        for name, argument in step.arguments.items():
            if name in DECLARING:  # not template fields: they decide about retries and gates, not the work
                continue
            written = json.dumps(tasks[step.task_id][name], sort_keys=True)
            assert '"sha256"' not in written, "too long to be shown whole: not a good golden"
            for _, tree in argument.trees():
                assert json.dumps({"derived": source_text(tree)}) in written
            wires = [wire.from_ for wire in argument.wires if wire.from_]
            for source in wires + ([argument.from_] if argument.from_ else []):
                assert json.dumps({"wired": [source.step, *source.path]}) in written
            if argument.class_ == "frozen" and not argument.secrets:
                assert tasks[step.task_id][name] == argument.value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_loading_twice_gives_one_version(case: Case, loaded: Callable[[Case], Any]) -> None:
    """An unchanged file is the same DAG: Airflow makes no new version."""
    from tests.airflow_names import DagSerialization

    one, other = (json.dumps(DagSerialization.to_dict(loaded(case)), sort_keys=True) for _ in range(2))
    assert one == other


@pytest.fixture
def seed(database: Path) -> Iterator[Any]:
    """The DAG of the seed case, loaded from the DAGs folder, where Airflow can run it."""
    yield from runnable("seed", database)


@pytest.fixture
def derived(database: Path) -> Iterator[Any]:
    """The DAG of the case with derived values, as :func:`seed`."""
    yield from runnable("derived", database)


def runnable(name: str, database: Path) -> Iterator[Any]:
    """Yield the DAG of a case while its file is in the DAGs folder."""
    from tests.airflow_names import DagBag, to_database

    source = next(next(case for case in CASES if case.name == name).expected.glob("*.py"))
    file = database / "dags" / source.name
    shutil.copy(source, file)
    to_database(file)
    yield DagBag(dag_folder=str(file)).dags[source.stem]
    file.unlink()


def test_seed_shows_todays_rows(seed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The flashboard shows the current rows of the warehouse, not the recorded ones."""
    import duckdb

    warehouse, artifacts = tmp_path / "warehouse.duckdb", tmp_path / "artifacts"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "duckdb", "host": str(warehouse)}))
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", f"file://{artifacts}")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(ORDERS)

    def page() -> str:
        run = seed.test()
        states = {ti.task_id: str(getattr(ti.state, "value", ti.state)) for ti in run.get_task_instances()}
        assert states == dict.fromkeys(("generate_query", "generate_query_2", "create_flashboard"), "success")
        return max(artifacts.rglob("*.html"), key=lambda path: path.stat().st_mtime_ns).read_text()

    first = page()
    for shown in ("Monthly revenue", "2025-01-01", "180.5", "2025-02-01", "240", "North", "South"):
        assert shown in first
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("INSERT INTO orders VALUES (6, 'West', '2025-03-01', 321.25, 'completed')")
    second = page()
    for new in ("2025-03-01", "321.25", "West"):
        assert new in second
        assert new not in first


def test_derived_values_follow_the_data(derived: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The texts have today's figures; with a tie for the strongest month the task fails and writes no page."""
    import duckdb

    warehouse, artifacts = tmp_path / "warehouse.duckdb", tmp_path / "artifacts"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "duckdb", "host": str(warehouse)}))
    monkeypatch.setenv("AIRFLOW__VAI__ARTIFACTS_PATH", f"file://{artifacts}")

    def ran(change: str) -> tuple[str, str]:
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(change)
        run = derived.test()
        states = {ti.task_id: str(getattr(ti.state, "value", ti.state)) for ti in run.get_task_instances()}
        pages = sorted(artifacts.rglob("*.html"), key=lambda path: path.stat().st_mtime_ns)
        return states["create_flashboard"], pages[-1].read_text()

    state, page = ran(ORDERS + "UPDATE orders SET status = 'open' WHERE order_id = 5")
    assert state == "success"
    shown = "EUR 420.50 in all. February 2025 was the strongest month with EUR 240.00, 57% of it."
    assert f"{shown} 1 orders are open, worth EUR 999.00." in page
    state, page = ran("INSERT INTO orders VALUES (6, 'West', '2025-03-01', 1321.25, 'completed')")
    assert (state, "March 2025 was the strongest month with EUR 1,321.25, 76% of it." in page) == ("success", True)
    state, after = ran("INSERT INTO orders VALUES (7, 'West', '2025-04-01', 1321.25, 'completed')")
    assert (state, after) == ("failed", page)

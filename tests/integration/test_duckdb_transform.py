"""SQL into tables and Parquet files, in real DAG runs with real DuckDB files."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration
duckdb = pytest.importorskip("duckdb")

Run = Callable[..., Any]
IMPORT = "from airflow_provider_vai.operators.duckdb_transform import DuckdbTransformOperator\n"


@pytest.fixture(autouse=True)
def warehouse(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A database with one table, a normal connection to it and a read-only one."""
    path = tmp_path / "wh.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("create table t as select range as n, 'x' || range as s from range(10)")
    connection = {"conn_type": "duckdb", "host": str(path)}
    monkeypatch.setenv("AIRFLOW_CONN_WH", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW_CONN_LOCKED", json.dumps({**connection, "extra": {"read_only": True}}))
    return path


def transform(task_id: str, sql: str, **arguments: Any) -> str:
    """Return the source of a task."""
    given = {"conn_id": "wh", "retries": 0, **arguments}
    return f"{task_id} = DuckdbTransformOperator(task_id={task_id!r}, sql={sql!r}, **{given!r})\n"


def rows(path: Path, sql: str) -> list[Any]:
    """Return the rows of a query on the database."""
    with duckdb.connect(str(path), read_only=True) as database:
        return database.execute(sql).fetchall()


def test_table_is_replaced(run_dag: Run, warehouse: Path) -> None:
    """A second run replaces the table; quotes and schemas in its name work."""
    name = 'gold.day "1"'
    for limit in (3, 5):
        ran = run_dag(IMPORT + transform("a", f"select n, s from t where n < {limit};", table=name))

    assert ran.results["a"] == {"table": name, "rows": 5, "columns": ["n", "s"]}
    assert rows(warehouse, 'select count(*) from gold."day ""1"""') == [(5,)]


def test_rows_are_appended_by_name(run_dag: Run, warehouse: Path) -> None:
    """Appending creates the table, and later adds rows to it by column name, in any order of columns."""
    ran = run_dag(
        IMPORT
        + transform("a", "select n, s from t where n = 1", table="u", mode="append")
        + transform("b", "select s, n from t where n > 7", table="u", mode="append")
        + "a >> b\n"
    )

    assert ran.results["a"]["rows"] == 1
    assert ran.results["b"] == {"table": "u", "rows": 2, "columns": ["n", "s", "_vai_run"]}
    assert rows(warehouse, "select n, s from u order by n") == [(1, "x1"), (8, "x8"), (9, "x9")]


def test_rerun_replaces_what_the_run_appended(run_dag: Run, warehouse: Path) -> None:
    """A retry after a commit leaves each row once, and does not change the rows of other writers."""
    with duckdb.connect(str(warehouse)) as database:
        database.execute("create table u as select 'mine' as s, -1 as n")
    fail_once = (
        "def fail_once(context, result):\n    if context['ti'].try_number == 1: raise RuntimeError('too late')\n"
    )
    task = transform("a", "select n, s from t where n > 7", table="u", mode="append", retries=1)
    task = task.replace("task_id='a'", "task_id='a', retry_delay=timedelta(0), post_execute=fail_once")
    for _ in range(2):
        ran = run_dag(IMPORT + fail_once + task)
        assert ran.results["a"]["rows"] == 2
        assert "too late" in ran.log

    assert rows(warehouse, "select n, count(*) from u group by n order by n") == [(-1, 1), (8, 2), (9, 2)]
    assert rows(warehouse, "select _vai_run from u where n = -1") == [(None,)]
    (runs,) = rows(warehouse, "select count(distinct _vai_run) from u")
    assert runs == (2,)


def test_append_from_the_table_itself(run_dag: Run, warehouse: Path) -> None:
    """The column that marks the run is not copied when a table is read and appended to itself."""
    ran = run_dag(
        IMPORT
        + transform("a", "select 1 as n", table="u", mode="append")
        + transform("b", "select * from u", table="u", mode="append")
        + "a >> b\n"
    )

    assert ran.states == {"a": "success", "b": "success"}
    assert [run.rpartition(" ")[0].rpartition(" ")[2] for (run,) in rows(warehouse, "select _vai_run from u")] == [
        "a",
        "b",
    ]


def test_failure_before_the_commit_is_no_unknown_outcome(run_dag: Run, warehouse: Path) -> None:
    """If the step counts as a write and the database was busy in the first try, the second try runs."""
    script = f"import duckdb, sys; c = duckdb.connect({str(warehouse)!r}); print('held', flush=True); sys.stdin.read()"
    busy_once = f"""
import subprocess
holders = []

def busy_once(context):
    if context["ti"].try_number > 1:
        holders.pop().communicate()
        return
    command = [sys.executable, "-c", {script!r}]
    holders.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    holders[0].stdout.readline()

"""
    task = transform("a", "select 1 as n", table="u", mode="append", effect="write", retries=1)
    task = task.replace("task_id='a'", "task_id='a', retry_delay=timedelta(0), pre_execute=busy_once")
    ran = run_dag(IMPORT + textwrap.dedent(busy_once) + task)

    assert ran.states["a"] == "success"
    assert "NothingSentYet" in ran.log
    assert rows(warehouse, "select n from u") == [(1,)]


@pytest.mark.parametrize("mode", ["replace", "append"])
def test_failure_leaves_the_table(run_dag: Run, warehouse: Path, mode: str) -> None:
    """An error in the middle of the rows rolls everything back, including a new schema."""
    bad = "select cast(s as integer) as n from t"
    ran = run_dag(
        IMPORT + transform("a", bad, table="t", mode=mode) + transform("b", bad, table="new.t", mode=mode, retries=3)
    )

    assert ran.states == {"a": "failed", "b": "failed"}
    assert "DuckDB refused the statement" in ran.log
    assert rows(warehouse, "select count(*), max(s) from t") == [(10, "x9")]
    assert rows(warehouse, "select * from information_schema.schemata where schema_name = 'new'") == []


def test_parquet_file_is_replaced(run_dag: Run, warehouse: Path, tmp_path: Path) -> None:
    """A retry or a later run replaces the file, and no temporary file remains. A read-only connection is enough."""
    target = tmp_path / "out folder" / "it's.parquet"
    for limit in (3, 5):
        sql = f"select n, s from t where n < {limit}"
        ran = run_dag(IMPORT + transform("a", sql, path=f"file://{target}", conn_id="locked"))

    assert ran.results["a"] == {"path": f"file://{target}", "rows": 5, "columns": ["n", "s"]}
    assert [entry.name for entry in target.parent.iterdir()] == [target.name]
    assert duckdb.read_parquet(str(target)).fetchall() == [(n, f"x{n}") for n in range(5)]


def test_locked_connection_takes_no_table(run_dag: Run, warehouse: Path) -> None:
    """A read-only connection is not opened for writing."""
    ran = run_dag(IMPORT + transform("a", "select 1 as n", table="u", conn_id="locked"))

    assert ran.states["a"] == "failed"
    assert "read-only" in ran.log


@pytest.mark.parametrize("target", ["table", "path"])
@pytest.mark.parametrize("source", ["read_text('{0}')", "'{0}'", "read_csv('{0}')", "glob('/etc/*')"])
def test_other_files_stay_closed(run_dag: Run, tmp_path: Path, target: str, source: str) -> None:
    """A database that is open for writing still cannot access other files."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a\nhush-hush\n")
    to = {"table": "u"} if target == "table" else {"path": f"file://{tmp_path}/u.parquet"}
    ran = run_dag(IMPORT + transform("a", f"select * from {source.format(secret)}", **to))

    assert ran.states["a"] == "failed"
    assert "hush-hush" not in ran.log
    assert not (tmp_path / "u.parquet").exists()


def test_busy_database_is_tried_again(run_dag: Run, warehouse: Path) -> None:
    """A database that another process has locked is a temporary failure."""
    import subprocess
    import sys

    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, str(warehouse)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        ran = run_dag(IMPORT + transform("a", "select 1 as n", table="u"))

    assert ran.states["a"] == "failed"
    assert "DuckDB could not run the statement this time" in ran.log

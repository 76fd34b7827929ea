"""SQL into tables and Parquet files, in real DAG runs against real DuckDB files."""

from __future__ import annotations

import json
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
    """A database with one table, behind a connection for use and one that only reads."""
    path = tmp_path / "wh.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("create table t as select range as n, 'x' || range as s from range(10)")
    connection = {"conn_type": "duckdb", "host": str(path)}
    monkeypatch.setenv("AIRFLOW_CONN_WH", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW_CONN_LOCKED", json.dumps({**connection, "extra": {"read_only": True}}))
    return path


def transform(task_id: str, sql: str, **arguments: Any) -> str:
    """Return a task's source."""
    given = {"conn_id": "wh", "retries": 0, **arguments}
    return f"{task_id} = DuckdbTransformOperator(task_id={task_id!r}, sql={sql!r}, **{given!r})\n"


def rows(path: Path, sql: str) -> list[Any]:
    """Return what the database holds."""
    with duckdb.connect(str(path), read_only=True) as database:
        return database.execute(sql).fetchall()


def test_table_is_replaced(run_dag: Run, warehouse: Path) -> None:
    """A second run replaces the table, whatever it held; quotes and schemas in its name are kept."""
    name = 'gold.day "1"'
    for limit in (3, 5):
        ran = run_dag(IMPORT + transform("a", f"select n, s from t where n < {limit};", table=name))

    assert ran.results["a"] == {"table": name, "rows": 5, "columns": ["n", "s"]}
    assert rows(warehouse, 'select count(*) from gold."day ""1"""') == [(5,)]


def test_rows_are_appended_by_name(run_dag: Run, warehouse: Path) -> None:
    """Appending makes the table, then adds to it, in whatever order the columns come."""
    ran = run_dag(
        IMPORT
        + transform("a", "select n, s from t where n = 1", table="u", mode="append")
        + transform("b", "select s, n from t where n > 7", table="u", mode="append")
        + "a >> b\n"
    )

    assert ran.results["a"]["rows"] == 1
    assert ran.results["b"] == {"table": "u", "rows": 2, "columns": ["n", "s"]}
    assert rows(warehouse, "from u order by n") == [(1, "x1"), (8, "x8"), (9, "x9")]


@pytest.mark.parametrize("mode", ["replace", "append"])
def test_failure_leaves_the_table(run_dag: Run, warehouse: Path, mode: str) -> None:
    """An error in the middle of the rows takes everything back, the new schema too."""
    bad = "select cast(s as integer) as n from t"
    ran = run_dag(
        IMPORT + transform("a", bad, table="t", mode=mode) + transform("b", bad, table="new.t", mode=mode, retries=3)
    )

    assert ran.states == {"a": "failed", "b": "failed"}
    assert "DuckDB refused the statement" in ran.log
    assert rows(warehouse, "select count(*), max(s) from t") == [(10, "x9")]
    assert rows(warehouse, "select * from information_schema.schemata where schema_name = 'new'") == []


def test_parquet_file_is_replaced(run_dag: Run, warehouse: Path, tmp_path: Path) -> None:
    """A retry or a later run replaces its own file; nothing else stays in the folder. A locked database will do."""
    target = tmp_path / "out folder" / "it's.parquet"
    for limit in (3, 5):
        sql = f"select n, s from t where n < {limit}"
        ran = run_dag(IMPORT + transform("a", sql, path=f"file://{target}", conn_id="locked"))

    assert ran.results["a"] == {"path": f"file://{target}", "rows": 5, "columns": ["n", "s"]}
    assert [entry.name for entry in target.parent.iterdir()] == [target.name]
    assert duckdb.read_parquet(str(target)).fetchall() == [(n, f"x{n}") for n in range(5)]


def test_locked_connection_takes_no_table(run_dag: Run, warehouse: Path) -> None:
    """A connection that says it only reads is not opened for writing."""
    ran = run_dag(IMPORT + transform("a", "select 1 as n", table="u", conn_id="locked"))

    assert ran.states["a"] == "failed"
    assert "read-only" in ran.log


@pytest.mark.parametrize("target", ["table", "path"])
@pytest.mark.parametrize("source", ["read_text('{0}')", "'{0}'", "read_csv('{0}')", "glob('/etc/*')"])
def test_other_files_stay_closed(run_dag: Run, tmp_path: Path, target: str, source: str) -> None:
    """Opened for writing, the database still reads no other file."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a\nhush-hush\n")
    to = {"table": "u"} if target == "table" else {"path": f"file://{tmp_path}/u.parquet"}
    ran = run_dag(IMPORT + transform("a", f"select * from {source.format(secret)}", **to))

    assert ran.states["a"] == "failed"
    assert "hush-hush" not in ran.log
    assert not (tmp_path / "u.parquet").exists()


def test_busy_database_is_tried_again(run_dag: Run, warehouse: Path) -> None:
    """A database that another process holds is a passing failure."""
    import subprocess
    import sys

    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, str(warehouse)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        ran = run_dag(IMPORT + transform("a", "select 1 as n", table="u"))

    assert ran.states["a"] == "failed"
    assert "DuckDB could not run it now" in ran.log

"""``explain_schema`` in a real DAG run, with DuckDB and SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Run = Callable[..., Any]
IMPORT = "from airflow_provider_vai.operators.explain_schema import ExplainSchemaOperator\n"


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A DuckDB file, a SQLite file with a DB-API hook, and a connection that is not a database."""
    duckdb = pytest.importorskip("duckdb")
    from airflow.providers.common.sql.hooks.sql import DbApiHook
    from airflow.sdk import Connection

    with duckdb.connect(str(tmp_path / "wh.duckdb")) as database:
        database.execute("create table orders (id integer primary key, total decimal(9, 2) not null)")
    with sqlite3.connect(tmp_path / "db.sqlite") as lite:
        lite.execute("create table t (n integer primary key, s text)")

    class Lite(DbApiHook):
        conn_name_attr = "lite_conn_id"

        def get_uri(self) -> str:
            return f"sqlite:///{self.get_connection(self.get_conn_id()).host}"

    def get_hook(self: Any, **_: Any) -> Any:
        return Lite(lite_conn_id=self.conn_id) if self.conn_type == "sqlite" else object()

    monkeypatch.setattr(Connection, "get_hook", get_hook)
    for name, connection in {
        "WH": {"conn_type": "duckdb", "host": str(tmp_path / "wh.duckdb")},
        "LITE": {"conn_type": "sqlite", "host": str(tmp_path / "db.sqlite")},
        "MAIL": {"conn_type": "smtp", "host": "127.0.0.1"},
    }.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(connection))


def test_schemas_reach_the_next_step(run_dag: Run) -> None:
    """Both databases are read, and a part of a schema can be wired."""
    ran = run_dag(
        IMPORT
        + "a = ExplainSchemaOperator(task_id='a', conn_id='wh', question='What is there?')\n"
        + "b = ExplainSchemaOperator(task_id='b', conn_id='lite', tables=['t'], schema='main')\n"
        + "c = PythonToolOperator(task_id='c', python_callable='copy:copy', arguments={'x': wired(a, 'tables', 0, "
        + "'columns', 1)})\na >> c\n"
    )

    assert set(ran.states.values()) == {"success"}
    assert ran.results["a"]["tables"][0]["primary_key"] == ["id"]
    assert ran.results["c"] == {"name": "total", "type": "DECIMAL(9,2)", "nullable": False}
    assert [column["name"] for column in ran.results["b"]["tables"][0]["columns"]] == ["n", "s"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("conn_id='wh', tables=['order']", "there is no table 'order': similar names are"),
        ("conn_id='lite', schema='sales'", "there is no schema 'sales': the existing names are main"),
        ("conn_id='mail'", "has no DbApiHook"),
        ("conn_id='wh', tables='orders'", "tables must be a list of names, not a str"),
    ],
)
def test_failures(arguments: str, message: str, run_dag: Run) -> None:
    """An unknown name is reported with the existing names, and the step is not retried."""
    ran = run_dag(f"{IMPORT}ExplainSchemaOperator(task_id='a', retries=3, {arguments})")

    assert ran.states["a"] == "failed"
    assert message in ran.log

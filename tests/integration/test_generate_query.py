"""The limits of queries on real databases, and queries that a model writes in the DAG run."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.integration.chat_model import ChatModel, serving
from tests.postgres import server

pytestmark = pytest.mark.integration

Run = Callable[..., Any]
ENDLESS = {
    "wh": "select count(*) from range(10000000) a, range(10000000) b where hash(a.range) % 7 = hash(b.range) % 11",
    "lite": "with recursive r(n) as (select 1 union all select n + 1 from r) select max(n) from r",
}


class Model(ChatModel):
    """A model that answers with the next SQL of a script."""

    script: ClassVar[list[str]] = []
    seen: ClassVar[list[dict[str, Any]]] = []

    def reply(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the next answer."""
        self.seen.append(body)
        return {"role": "assistant", "content": self.script.pop(0)}


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A DuckDB file, a SQLite file with a DB-API hook, and a connection that is not a database."""
    pytest.importorskip("airflow.providers.common.sql")
    duckdb = pytest.importorskip("duckdb")
    from airflow.providers.common.sql.hooks.sql import DbApiHook
    from airflow.sdk import Connection

    with duckdb.connect(str(tmp_path / "wh.duckdb")) as database:
        database.execute("create table orders as select range as id, range * 10 as total from range(3)")
        database.execute("create table salaries as select 'ann' as name, 1 as amount")
    with sqlite3.connect(tmp_path / "db.sqlite") as lite:
        lite.execute("create table orders (id integer, total integer)")
        lite.execute("insert into orders values (1, 10)")

    class Lite(DbApiHook):
        conn_name_attr = "lite_conn_id"

        def get_conn(self) -> sqlite3.Connection:
            return sqlite3.connect(self.get_connection(self.get_conn_id()).host)

        def get_uri(self) -> str:
            return f"sqlite:///{self.get_connection(self.get_conn_id()).host}"

    airflows_own = Connection.get_hook

    def get_hook(self: Any, **options: Any) -> Any:
        return Lite(lite_conn_id=self.conn_id) if self.conn_type == "sqlite" else airflows_own(self, **options)

    monkeypatch.setattr(Connection, "get_hook", get_hook)
    for name, connection in {
        "WH": {"conn_type": "duckdb", "host": str(tmp_path / "wh.duckdb")},
        "LITE": {"conn_type": "sqlite", "host": str(tmp_path / "db.sqlite")},
        "MAIL": {"conn_type": "smtp", "host": "127.0.0.1"},
    }.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(connection))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Model]]:
    """The scripted model's server and the default connection to it."""
    pytest.importorskip("openai")
    pytest.importorskip("airflow.providers.common.ai")
    Model.seen.clear()
    Model.script.clear()
    with serving(Model) as llm:
        monkeypatch.setenv("AIRFLOW_CONN_PYDANTICAI_DEFAULT", json.dumps(llm))
        yield Model


# --- tables and time ----------------------------------------------------------------------------------------


def test_listed_tables_are_read(run_dag: Run) -> None:
    """A statement that reads only listed tables runs, also with tables that it defines itself."""
    ran = run_dag(
        "GenerateQueryOperator(task_id='q', conn_id='wh', tables=['ORDERS'], rows_as='arrays',"
        " sql='with o as (select sum(total) as s from orders) select s from o, range(1)')"
    )

    assert ran.results["q"] == {"columns": ["s"], "rows": [[30]], "row_count": 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("conn_id='wh', sql='select * from salaries'", "the statement reads salaries, but it may read only orders"),
        ("conn_id='wh', sql='from orders, \"x.parquet\"'", 'reads "x.parquet", but it may'),
        ("conn_id='wh', sql=\"from read_csv('/etc/passwd')\"", "reads read_csv(), but it may"),
        ("conn_id='lite', sql='select 1 where 1 in salaries'", "the statement reads salaries, but it may"),
        ("conn_id='wh'", "neither sql nor question is set"),
        ("conn_id='wh', sql=1", "sql must be a text, not 1"),
        ("conn_id='wh', sql='select 1', rows_as='x'", "rows_as must be 'records' or 'arrays'"),
        ("conn_id='mail', sql='select 1'", "has no DbApiHook and cannot run SQL"),
    ],
)
def test_refusals(arguments: str, message: str, run_dag: Run) -> None:
    """A table that is not listed is named, and nothing runs. A step without a statement says what is missing."""
    ran = run_dag(f"GenerateQueryOperator(task_id='q', tables=['orders'], retries=2, {arguments})")

    assert ran.states["q"] == "failed"
    assert message in ran.log


@pytest.mark.parametrize("conn_id", ["wh", "lite"])
def test_a_statement_is_stopped_when_its_time_is_over(conn_id: str, run_dag: Run) -> None:
    """DuckDB and SQLite are interrupted, so the statement does not continue in the background."""
    ran = run_dag(f"GenerateQueryOperator(task_id='q', conn_id={conn_id!r}, sql={ENDLESS[conn_id]!r}, max_seconds=0.5)")

    assert ran.states["q"] == "failed"
    assert "the query was stopped: it took longer than 0.5 seconds; raise max_seconds" in ran.log
    assert "is abandoned" not in ran.log


@pytest.fixture
def postgres() -> Iterator[Path]:
    """A PostgreSQL server for one test; the result is the folder of its socket."""
    with server() as folder:
        yield folder


def test_postgres_cancels_the_statement(postgres: Path) -> None:
    """The server itself stops running the statement."""
    import psycopg
    from airflow.providers.common.sql.hooks.sql import DbApiHook

    from airflow_provider_vai.model import time_limit
    from airflow_provider_vai.operators.sql import rows as sql_rows

    def connect() -> Any:
        return psycopg.connect(host=str(postgres), user="postgres")

    class Hook(DbApiHook):
        conn_name_attr = "pg_conn_id"

        def get_conn(self) -> Any:
            return connect()

    limits = {"max_rows": 10, "max_seconds": 0.5}
    assert sql_rows.fetched(Hook(), "select %s::int as n", [7], **limits) == (["n"], [(7,)])
    with pytest.raises(time_limit.TookTooLong):
        sql_rows.fetched(Hook(), "select pg_sleep(600)", None, **limits)
    with connect() as watching:
        active = "select count(*) from pg_stat_activity where state = 'active' and query like 'select pg_sleep%'"
        assert watching.execute(active).fetchone() == (0,)


# --- written at run time ------------------------------------------------------------------------------------


@pytest.mark.parametrize("conn_id", ["wh", "lite"])
def test_a_model_writes_what_no_run_holds(conn_id: str, run_dag: Run, model: type[Model]) -> None:
    """The model sees the columns of the listed tables, but no rows; its SQL is logged, stored and run."""
    sql = "select max(total) as best from main.orders"
    model.script.append(f"```sql\n{sql}\n```")
    ran = run_dag(
        f"GenerateQueryOperator(task_id='q', conn_id={conn_id!r}, question='The best {{{{ ds }}}}?',"
        " tables=['main.\"orders\"', 'f()'])"
    )
    (request,) = model.seen
    told = " ".join(message["content"] for message in request["messages"])

    assert ran.results["q"] == {
        "columns": ["best"],
        "rows": [{"best": {"wh": 20, "lite": 10}[conn_id]}],
        "row_count": 1,
        "sql": sql,
    }
    assert sql in ran.log
    assert "The best {{ ds }}?" in told
    assert "orders" in told
    assert "total" in told
    assert "salaries" not in told
    assert {"wh": "duckdb", "lite": "sqlite"}[conn_id] in told
    assert "k3y-of-the-test" not in ran.log


def test_without_a_list_the_model_is_shown_every_table(run_dag: Run, model: type[Model]) -> None:
    """Another model and another connection can be set."""
    model.script.append("select 1 as n")
    ran = run_dag(
        "GenerateQueryOperator(task_id='q', conn_id='wh', question='?', model_id='openai-chat:other',"
        " llm_conn_id='pydanticai_default')"
    )
    (request,) = model.seen

    assert ran.results["q"]["rows"] == [{"n": 1}]
    assert "salaries" in json.dumps(request)
    assert request["model"] == "other"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("DROP TABLE orders", "only reads are allowed"),
        ("select 1; select 2", "2 statements"),
        ("select * from salaries", "the statement reads salaries, but it may read only orders"),
        ("I cannot answer that.", "the query was not run"),
        ("select * from orders", "more rows than max_rows allows (2)"),
        (ENDLESS["wh"], "the query was stopped"),
    ],
)
def test_what_a_model_writes_is_guarded(
    written: str, message: str, run_dag: Run, model: type[Model], tmp_path: Path
) -> None:
    """A model's statement passes the same checks and limits as a recorded one, and is not run if it is refused."""
    import duckdb

    model.script.append(written)
    ran = run_dag(
        "GenerateQueryOperator(task_id='q', conn_id='wh', question='?', tables=['orders'], max_rows=2, max_seconds=2.0)"
    )

    assert ran.states["q"] == "failed"
    assert message in ran.log
    with duckdb.connect(str(tmp_path / "wh.duckdb")) as database:
        assert database.execute("select count(*) from orders").fetchone() == (3,)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("tables=['order']", "no model was asked: there is no table 'order': similar names are"),
        ("sql=wired(p, 'sql')", "sql must be a text, not None"),
    ],
)
def test_no_model_is_asked(arguments: str, message: str, run_dag: Run, model: type[Model]) -> None:
    """No model is asked about missing tables, or in place of a wired statement that is missing."""
    ran = run_dag(
        "p = PythonToolOperator(task_id='p', python_callable='copy:copy', arguments={'x': {'sql': None}})\n"
        f"p >> GenerateQueryOperator(task_id='q', conn_id='wh', question='?', {arguments})"
    )

    assert ran.states["q"] == "failed"
    assert message in ran.log
    assert model.seen == []


def test_a_given_statement_asks_no_model(run_dag: Run, model: type[Model]) -> None:
    """With a statement, the question is only shown, and the result has no ``sql``."""
    ran = run_dag("GenerateQueryOperator(task_id='q', conn_id='wh', sql='select 1 as n', question='How many?')")

    assert ran.results["q"] == {"columns": ["n"], "rows": [{"n": 1}], "row_count": 1}
    assert model.seen == []

"""dlt pipelines in real DAG runs: a database, files and an HTTP server are loaded into DuckDB."""

from __future__ import annotations

import base64
import http.server
import itertools
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration
pytest.importorskip("dlt")
duckdb = pytest.importorskip("duckdb")

Run = Callable[..., Any]
IMPORT = "from airflow_provider_vai.operators.dlt_extract import DltExtractOperator\n"
OWN = """
import dlt

@dlt.resource(name="numbers", primary_key="n", write_disposition="merge")
def numbers(upto):
    yield [{"n": n} for n in range(upto)]

@dlt.source
def both(upto):
    return [numbers(upto), dlt.resource([{"s": "x"}], name="words")]

def plain(upto):
    raise AssertionError("called")
"""


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A source database, a warehouse that does not exist yet, and user-defined sources on the path."""
    with sqlite3.connect(tmp_path / "db.sqlite") as lite:
        lite.execute("create table orders (id integer primary key, day timestamp, s text)")
        lite.execute("create table logs (n integer, s text)")
        lite.execute("insert into orders values (1, '2024-01-01 00:00:00', 'a'), (2, '2024-02-01 00:00:00', 'b')")
        lite.execute("insert into logs values (1, 'a'), (2, 'b')")
    (tmp_path / "vai_own_sources.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, connection in {
        "WH": {"conn_type": "duckdb", "host": str(tmp_path / "wh.duckdb")},
        "LITE": {"conn_type": "sqlite", "host": str(tmp_path / "db.sqlite")},
        "OUT": {"conn_type": "sqlite", "host": str(tmp_path / "out.sqlite")},
        "FTP": {"conn_type": "ftp", "host": "localhost", "password": "hush-hush"},
    }.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(connection))
    return tmp_path


def extract(**arguments: Any) -> str:
    """Return the source of a task."""
    given = {"destination_conn_id": "wh", "dataset": "raw", "retries": 0, **arguments}
    return f"{IMPORT}DltExtractOperator(task_id='a', **{given!r})\n"


def rows(places: Path, sql: str) -> list[Any]:
    """Return the rows of a query on the warehouse."""
    with duckdb.connect(str(places / "wh.duckdb"), read_only=True) as database:
        return database.execute(sql).fetchall()


def test_database_is_replaced(run_dag: Run, places: Path) -> None:
    """Without ``incremental``, each run replaces the tables with the current rows; only the named tables are loaded."""
    task = extract(source="sql_database", conn_id="lite", resource_names=["orders"])
    run_dag(task)
    with sqlite3.connect(places / "db.sqlite") as lite:
        lite.execute("delete from orders where id = 1")
    ran = run_dag(task)

    result = ran.results["a"]
    assert result["dataset"] == "raw"
    assert result["tables"] == {"orders": 1}
    assert len(result["load_ids"]) == 1
    assert rows(places, "select id, s from raw.orders") == [(2, "b")]
    assert rows(places, "select 1 from information_schema.tables where table_name = 'logs'") == []


def test_no_telemetry(run_dag: Run, places: Path) -> None:
    """dlt sends no telemetry, and the process's environment does not change."""
    from dlt.common.runtime import anon_tracker

    ran = run_dag(extract(source="vai_own_sources:numbers", source_config={"upto": 1}))

    assert ran.states["a"] == "success"
    assert anon_tracker._ANON_TRACKER_ENDPOINT is None
    assert "RUNTIME__DLTHUB_TELEMETRY" not in os.environ


_runs = itertools.count(1)


def perform(dag_id: str = "shop", run_id: str | None = None, **arguments: Any) -> dict[str, Any]:
    """Run the operator as a task of always the same DAG; without a run id, in a new DAG run."""
    from types import SimpleNamespace

    from airflow_provider_vai.operators.arguments import as_argument
    from airflow_provider_vai.operators.dlt_extract import DltExtractOperator

    operator = DltExtractOperator(task_id="load", **{"destination_conn_id": "wh", **arguments})
    for name in operator.template_fields:
        setattr(operator, name, as_argument(getattr(operator, name)).value)
    run_id = run_id or f"run {next(_runs)}"
    ti = SimpleNamespace(dag_id=dag_id, task_id="load", run_id=run_id, map_index=-1)
    return operator.perform({"ti": ti})  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("table", "cursor", "start", "new"),
    [
        ("orders", "id", "2", "(3, '2024-03-01 00:00:00', 'c')"),
        ("orders", "day", "2024-01-15", "(3, '2024-03-01 00:00:00', 'c')"),
        ("logs", "n", "2", "(3, 'c')"),
    ],
)
def test_second_run_loads_only_what_is_new(places: Path, table: str, cursor: str, start: str, new: str) -> None:
    """The state is restored from the destination: a run without new rows adds nothing; new rows are added once."""
    arguments = {"source": "sql_database", "conn_id": "lite", "resource_names": [table]}
    arguments |= {"incremental": True, "initial_value": start, "source_config": {"cursor_path": cursor}}
    first = perform(**arguments)
    again = perform(**arguments)
    with sqlite3.connect(places / "db.sqlite") as lite:
        lite.execute(f"insert into {table} values {new}")
    third = perform(**arguments)

    assert first["dataset"] == "shop"
    assert first["tables"] == {table: 1}
    assert again["tables"].get(table, 0) == 0
    assert third["tables"] == {table: 1}
    assert rows(places, f"select s from shop.{table} order by 1") == [("b",), ("c",)]


def test_files(places: Path) -> None:
    """The file extension selects the reader, and each run replaces the table."""
    (places / "in").mkdir()
    (places / "in" / "a.jsonl").write_text('{"n": 1}\n{"n": 2}\n')
    config = {"bucket_url": f"file://{places}/in", "file_glob": "*.jsonl", "table_name": "events"}
    for _ in range(2):
        result = perform(source="filesystem", source_config=config)

    assert result["tables"] == {"events": 2}
    assert rows(places, "select n from shop.events order by n") == [(1,), (2,)]


class Api(http.server.BaseHTTPRequestHandler):
    """A server with two pages of items and a log of variable length; requests need the password."""

    length = 0

    def do_GET(self) -> None:
        """Respond with one page."""
        basic = "Basic " + base64.b64encode(b"me:hush-hush").decode()
        if self.headers.get("Authorization") != basic:
            self.send_error(401)
            return
        if self.path.startswith("/log"):
            self.answer({"data": [{"id": number} for number in range(1, self.length + 1)]})
            return
        page = int(self.path.partition("page=")[2] or 1)
        url = f"http://127.0.0.1:{self.server.server_address[1]}/items?page=2"
        self.answer({"data": [{"id": page}], "next": url if page == 1 else None})

    def answer(self, value: Any) -> None:
        """Send JSON."""
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Log nothing."""


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The connection ``api`` to the server, and the connection ``locked`` with the wrong password."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connection = {"conn_type": "http", "host": "127.0.0.1", "port": server.server_address[1], "login": "me"}
        monkeypatch.setenv("AIRFLOW_CONN_API", json.dumps({**connection, "password": "hush-hush"}))
        monkeypatch.setenv("AIRFLOW_CONN_LOCKED", json.dumps({**connection, "password": "wrong-one"}))
        yield
        server.shutdown()


def test_rest_api(run_dag: Run, places: Path, api: None) -> None:
    """Server and credentials come from the connection, all pages are loaded, and the log has no password."""
    paginator = {"type": "json_link", "next_url_path": "next"}
    config = {"client": {"paginator": paginator}, "resources": ["items"]}
    config["resources"] = [{"name": "items", "endpoint": {"path": "items", "data_selector": "data"}}]
    ran = run_dag(extract(source="rest_api", conn_id="api", source_config=config, incremental=False))
    refused = run_dag(extract(source="rest_api", conn_id="locked", source_config=config))

    assert ran.results["a"]["tables"] == {"items": 2}
    assert rows(places, "select id from raw.items order by id") == [(1,), (2,)]
    assert refused.states["a"] == "failed"
    assert "401" in refused.log
    assert not any(secret in ran.log + refused.log for secret in ("hush-hush", "wrong-one"))


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str | None]]]:
    """Another server, and the credentials that were sent to it."""
    seen: list[str | None] = []

    class Other(Api):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            self.answer({"data": [{"id": 7}]})

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
        server.shutdown()


@pytest.mark.parametrize("way", ["base_url", "absolute path", "next link", "redirect", "out of the path"])
def test_credentials_stay_on_their_server(
    way: str, run_dag: Run, api: None, elsewhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a source names another server in any way, the password is not sent there, and nothing is loaded."""
    other, seen = elsewhere
    own: dict[str, Any] = json.loads(os.environ["AIRFLOW_CONN_API"])
    items: dict[str, Any] = {"path": "items", "data_selector": "data"}
    client: dict[str, Any] = {"paginator": {"type": "json_link", "next_url_path": "next"}}
    if way == "base_url":
        client["base_url"] = other
    elif way == "absolute path":
        items["path"] = f"{other}/items"
    elif way == "out of the path":
        own["host"] = f"http://127.0.0.1:{own.pop('port')}/public/"
        items["path"] = "../items"
    else:
        monkeypatch.setattr(Api, "do_GET", _leading_away(way, other))
    monkeypatch.setenv("AIRFLOW_CONN_API", json.dumps(own))
    config = {"client": client, "resources": [{"name": "items", "endpoint": items}]}
    ran = run_dag(extract(source="rest_api", conn_id="api", source_config=config, incremental=False))

    assert [sent for sent in seen if sent] == []
    assert ran.states["a"] == ("success" if way == "redirect" else "failed")
    assert "hush-hush" not in ran.log


def _leading_away(way: str, other: str) -> Callable[[Any], None]:
    def redirect(handler: Any) -> None:
        handler.send_response(302)
        handler.send_header("Location", f"{other}/items")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return redirect if way == "redirect" else lambda handler: handler.answer({"data": [], "next": f"{other}/items"})


def test_source_of_ones_own(places: Path) -> None:
    """A decorated source or resource is called with its arguments, and its own merge settings apply."""
    for upto in (2, 3):
        result = perform(source="vai_own_sources.numbers", source_config={"upto": upto})
    assert result["tables"] == {"numbers": 3}
    assert rows(places, "select count(*) from shop.numbers") == [(3,)]
    chosen = perform("x y", source="vai_own_sources:both", source_config={"upto": 1}, resource_names=["words"])
    assert chosen["tables"] == {"words": 1}
    assert chosen["dataset"].startswith("x_y_")


def test_another_destination(places: Path) -> None:
    """Connections of other simple types can be destinations, too; a rerun replaces the rows that it loaded there."""
    pytest.importorskip("dlt.destinations.impl.sqlalchemy.sqlalchemy_job_client")
    arguments = {"source": "sql_database", "conn_id": "lite", "resource_names": ["logs"], "incremental": True}
    for _ in range(2):
        result = perform(run_id="one", source_config={"cursor_path": "n"}, destination_conn_id="out", **arguments)

    assert result["tables"] == {"logs": 2}
    (file,) = places.glob("out*shop*")
    with sqlite3.connect(file) as lite:
        assert lite.execute("select n from logs order by n").fetchall() == [(1,), (2,)]


def add(places: Path, table: str, *values: str) -> None:
    """Add rows to the source database."""
    with sqlite3.connect(places / "db.sqlite") as lite:
        for row in values:
            lite.execute(f"insert into {table} values {row}")


@pytest.mark.parametrize(
    ("table", "cursor", "new"),
    [
        ("orders", "day", ("(3, '2024-03-01 00:00:00', 'c')", "(4, '2024-04-01 00:00:00', 'd')")),
        ("logs", "n", ("(3, 'c')", "(4, 'd')")),
    ],
)
def test_rerun_loads_the_same_slice(places: Path, table: str, cursor: str, new: tuple[str, str]) -> None:
    """A rerun loads no newer rows and duplicates none; the next run continues after the latest slice."""
    arguments = {"source": "sql_database", "conn_id": "lite", "resource_names": [table]}
    arguments |= {"incremental": True, "source_config": {"cursor_path": cursor}}
    perform(run_id="one", **arguments)
    add(places, table, new[0])
    second = perform(run_id="two", **arguments)
    add(places, table, new[1])
    again = perform(run_id="two", **arguments)
    held = rows(places, f"select s from shop.{table} order by 1")
    third = perform(run_id="three", **arguments)
    late = [perform(run_id=run, **arguments)["tables"] for run in ("two", "one", "one")]
    fourth = perform(run_id="four", **arguments)

    assert second["tables"] == again["tables"] == third["tables"] == {table: 1}
    assert held == [("a",), ("b",), ("c",)]
    assert late == [{table: 1}, {table: 2}, {table: 2}]
    assert fourth["tables"].get(table, 0) == 0
    assert rows(places, f"select s from shop.{table} order by 1") == [("a",), ("b",), ("c",), ("d",)]


def test_rerun_replaces_what_is_nested(places: Path) -> None:
    """Nested rows are replaced together with their parents; other runs' rows stay."""
    (places / "vai_nested.py").write_text(
        "import dlt\n\n"
        "@dlt.resource(write_disposition='append')\n"
        "def carts(n):\n"
        "    yield {'n': n, 'lines': [{'item': 'a', 'tags': ['x', 'y']}, {'item': 'b', 'tags': []}]}\n"
    )
    for run, number in (("one", 1), ("two", 2), ("two", 3)):
        perform(run_id=run, source="vai_nested:carts", source_config={"n": number})

    assert rows(places, "select n from shop.carts order by n") == [(1,), (3,)]
    counts = "select (select count(*) from shop.carts__lines), (select count(*) from shop.carts__lines__tags)"
    assert rows(places, counts) == [(4, 4)]


@pytest.mark.parametrize("run", ["one", "two"])
def test_half_a_load_does_not_double(places: Path, run: str) -> None:
    """After a load that reached only one of two tables, a retry or the next run leaves each row once."""
    (places / "vai_pair.py").write_text(
        "import dlt\n\n@dlt.source\ndef pair():\n"
        "    return [dlt.resource([{'n': 1}], name=name) for name in ('good', 'bad')]\n"
    )
    with duckdb.connect(str(places / "wh.duckdb")) as database:
        database.execute("create schema shop")
        database.execute("create table shop.bad (n bigint check (n < 0), _dlt_load_id varchar, _dlt_id varchar)")
    with pytest.raises(Exception, match="CHECK constraint"):
        perform(run_id="one", source="vai_pair:pair")
    assert rows(places, "select n from shop.good") == [(1,)]
    with duckdb.connect(str(places / "wh.duckdb")) as database:
        database.execute("create or replace table shop.bad (n bigint, _dlt_load_id varchar, _dlt_id varchar)")
    perform(run_id=run, source="vai_pair:pair")

    assert rows(places, "select n from shop.good") == rows(places, "select n from shop.bad") == [(1,)]


def test_rerun_of_files(places: Path) -> None:
    """A file that was added after a run is not loaded by its rerun, but by the next run."""
    folder = places / "in"
    folder.mkdir()
    config = {"bucket_url": f"file://{folder}", "file_glob": "*.jsonl", "table_name": "events"}
    seen = []
    for number, run in ((1, "one"), (2, "two"), (3, "two"), (None, "three")):
        if number:
            (folder / f"{number}.jsonl").write_text(f'{{"n": {number}}}\n')
            os.utime(folder / f"{number}.jsonl", (1_700_000_000 + number, 1_700_000_000 + number))
        perform(run_id=run, source="filesystem", source_config=config, incremental=True)
        seen.append([n for (n,) in rows(places, "select n from shop.events order by n")])

    assert seen == [[1], [1, 2], [1, 2], [1, 2, 3]]


def test_rerun_of_an_api(places: Path, api: None) -> None:
    """A rerun loads the items of the run again, without items that were added to the server since then."""
    endpoint = {"path": "log", "data_selector": "data", "incremental": {"cursor_path": "id", "initial_value": 0}}
    config = {
        "client": {"paginator": {"type": "single_page"}},
        "resources": [{"name": "log", "endpoint": endpoint, "write_disposition": "append"}],
    }
    seen = []
    for length, run in ((1, "one"), (3, "two"), (4, "two"), (4, "three")):
        Api.length = length
        perform(run_id=run, source="rest_api", conn_id="api", source_config=config)
        seen.append([n for (n,) in rows(places, "select id from shop.log order by id")])

    assert seen == [[1], [1, 2, 3], [1, 2, 3], [1, 2, 3, 4]]


def test_retry_of_a_task(run_dag: Run, places: Path) -> None:
    """If a task is retried after its load finished, the retry replaces the rows that it loaded."""
    run = "def fail_once(context, result):\n    if context['ti'].try_number == 1: raise RuntimeError('too late')\n"
    given = {"conn_id": "lite", "resource_names": ["logs"], "source_config": {"cursor_path": "n"}, "retries": 1}
    task = extract(source="sql_database", incremental=True, **given)
    task = task.replace("task_id='a'", "task_id='a', retry_delay=timedelta(0), post_execute=fail_once")
    ran = run_dag(run + task)

    assert ran.states["a"] == "success"
    assert ran.results["a"]["tables"] == {"logs": 2}
    assert "loading the same slice again" in ran.log
    assert rows(places, "select n from raw.logs order by n") == [(1,), (2,)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "shopify"}, "must be sql_database, filesystem, rest_api or package.module:function"),
        ({"source": "os:system", "source_config": {"command": "true"}}, "not a dlt source"),
        ({"source": "vai_own_sources:plain", "source_config": {"upto": 1}}, "not a dlt source"),
        ({"source": "vai_own_sources:missing"}, "cannot be imported"),
        ({"source": "vai_own_sources:numbers", "conn_id": "lite"}, "leave conn_id out"),
        ({"source": "vai_own_sources:both", "source_config": {"upto": 1}, "resource_names": ["x"]}, "no resource 'x'"),
        ({"source": "sql_database"}, "conn_id"),
        ({"source": "sql_database", "conn_id": "lite", "incremental": True}, "cursor_path"),
        (
            {"source": "vai_own_sources:numbers", "source_config": {"upto": 1}, "destination_conn_id": "ftp"},
            "type 'ftp'",
        ),
    ],
)
def test_mistakes_are_final(arguments: dict[str, Any], message: str) -> None:
    """An error that a retry cannot fix fails the step at once, and its message has the remedy."""
    from airflow_provider_vai.operators.runtime.compat import AirflowFailException

    with pytest.raises(AirflowFailException, match=message):
        perform(**arguments)

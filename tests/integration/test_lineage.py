"""Lineage of finished DAG runs, as Airflow's OpenLineage provider emits it."""

from __future__ import annotations

import functools
import http.server
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration
duckdb = pytest.importorskip("duckdb")

SQL = "with r as (select * from sales.regions) select o.id from orders o join r using (id)"
DAG_FILE = """
from airflow.sdk import DAG
from airflow.sdk.bases.operator import chain
from airflow_provider_vai.operators.dlt_extract import DltExtractOperator
from airflow_provider_vai.operators.duckdb_transform import DuckdbTransformOperator
from airflow_provider_vai.operators.file_sync import FileSyncOperator
from airflow_provider_vai.operators.generate_query import GenerateQueryOperator

SQL = {sql!r}
FILES = {{"bucket_url": "file://{place}/in", "file_glob": "*.jsonl", "table_name": "events"}}
CLIENT = {{"paginator": {{"type": "single_page"}}}}
RAW = {{"destination_conn_id": "wh", "dataset": "raw"}}

with DAG("lineage", schedule=None) as dag:
    chain(
        GenerateQueryOperator(task_id="query", sql=SQL, conn_id="wh"),
        DuckdbTransformOperator(task_id="to_table", sql=SQL, conn_id="wh", table="gold.ids"),
        DuckdbTransformOperator(task_id="to_file", sql="from orders", conn_id="wh", path="file://{place}/o.parquet"),
        FileSyncOperator(task_id="copy", source="file://{place}/in", destination="file://{place}/out"),
        DltExtractOperator(
            task_id="tables", source="sql_database", conn_id="shop", resource_names=["customers"], **RAW
        ),
        DltExtractOperator(task_id="files", source="filesystem", source_config=FILES, **RAW),
        DltExtractOperator(
            task_id="api",
            source="rest_api",
            conn_id="api",
            source_config={{"client": CLIENT, "resources": ["items.json"]}},
            **RAW,
        ),
    )

if __name__ == "__main__":
    dag.test()
"""

Told = dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]]]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse, a source database, and a folder of files."""
    place = tmp_path_factory.mktemp("lineage")
    with duckdb.connect(str(place / "wh.duckdb")) as database:
        database.execute("create table orders as select 1 as id, 9 as amount")
        database.execute("create schema sales")
        database.execute("create table sales.regions as select 1 as id, 'north' as name")
    with sqlite3.connect(place / "shop.sqlite") as lite:
        lite.execute("create table customers (id integer primary key)")
        lite.execute("insert into customers values (1)")
    (place / "in").mkdir()
    (place / "in" / "a.jsonl").write_text('{"n": 1}\n')
    (place / "in" / "items.json").write_text('[{"n": 1}]')
    return place


@pytest.fixture(scope="module")
def api(place: Path) -> Iterator[int]:
    """The port of a server for the folder's files."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(place / "in"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def told(database: Path, place: Path, api: int) -> Told:
    """The inputs and outputs of each task in the COMPLETE events of a DAG run.

    The run has its own process, because the provider decides at its first import whether it listens.
    """
    pytest.importorskip("airflow.providers.openlineage")
    connections = {
        "WH": {"conn_type": "duckdb", "host": str(place / "wh.duckdb")},
        "SHOP": {"conn_type": "sqlite", "host": str(place / "shop.sqlite")},
        "API": {"conn_type": "http", "host": "127.0.0.1", "port": api, "login": "me", "password": "hush-hush"},
    }
    events = place / "events.jsonl"
    transport = {"type": "file", "log_file_path": str(events), "append": True}
    settings = {f"AIRFLOW_CONN_{name}": json.dumps(connection) for name, connection in connections.items()}
    settings["AIRFLOW__OPENLINEAGE__TRANSPORT"] = json.dumps(transport)
    path = database / "dags" / "lineage.py"
    path.write_text(DAG_FILE.format(sql=SQL, place=place))
    try:
        ran = subprocess.run(
            [sys.executable, str(path)], env={**os.environ, **settings}, capture_output=True, text=True, check=False
        )
    finally:
        path.unlink()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "hush-hush" not in events.read_text()
    return {
        event["job"]["name"].rpartition(".")[2]: (_names(event["inputs"]), _names(event["outputs"]))
        for event in map(json.loads, events.read_text().splitlines())
        if event["eventType"] == "COMPLETE"
    }


def _names(datasets: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((dataset["namespace"], dataset["name"]) for dataset in datasets)


def test_sql(told: Told, place: Path) -> None:
    """A query reads its tables, and a transform writes a table or a file. Names without a schema are completed."""
    warehouse = f"duckdb://{place}/wh.duckdb"
    orders, regions = (warehouse, "wh.main.orders"), (warehouse, "wh.sales.regions")

    assert told["query"] == ([orders, regions], [])
    assert told["to_table"] == ([orders, regions], [(warehouse, "wh.gold.ids")])
    assert told["to_file"] == ([orders], [("file", f"{place}/o.parquet")])


def test_loads(told: Told, place: Path, api: int) -> None:
    """A copy leads from folder to folder, a load from the source's tables to the destination's."""
    warehouse = f"duckdb://{place}/wh.duckdb"
    assert told["copy"] == ([("file", f"{place}/in")], [("file", f"{place}/out")])
    assert told["tables"] == ([(f"sqlite://{place}/shop.sqlite", "main.customers")], [(warehouse, "wh.raw.customers")])
    assert told["files"] == ([("file", f"{place}/in")], [(warehouse, "wh.raw.events")])
    assert told["api"] == ([(f"http://127.0.0.1:{api}", "items.json")], [(warehouse, "wh.raw.items_json")])


@pytest.mark.parametrize(
    ("conn_id", "table"),
    [
        ("pg", ("postgres://db.example:5432", "shop.public.t")),
        ("my", ("mysql://db.example:3306", "shop.t")),
        ("else", ("generic://db.example:1", "t")),
    ],
)
def test_databases(monkeypatch: pytest.MonkeyPatch, conn_id: str, table: tuple[str, str]) -> None:
    """A database has its OpenLineage name, without the credentials of its connection."""
    for name, connection in {
        "PG": {"conn_type": "postgres", "host": "db.example", "login": "me", "password": "hush", "schema": "shop"},
        "MY": {"conn_type": "mysql", "host": "db.example", "schema": "shop"},
        "ELSE": {"conn_type": "generic", "host": "db.example", "port": 1},
    }.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(connection))
    from airflow_provider_vai.operators import lineage

    assert lineage.database(conn_id).table("t") == table


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("s3://lake/raw/a.csv", ("s3://lake", "raw/a.csv")),
        ("s3a://my_conn@lake/raw/", ("s3://lake", "raw")),
        ("gs://lake", ("gs://lake", "/")),
        ("/data/a.csv", ("file", "/data/a.csv")),
    ],
)
def test_file_names(url: str, name: tuple[str, str]) -> None:
    """A bucket is a namespace, and a connection id in a URL is not part of it."""
    from airflow_provider_vai.operators import lineage

    assert lineage.file(url) == name

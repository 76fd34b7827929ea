"""The DuckDB hook opens one file and nothing else, unless the connection allows more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("airflow.providers.common.sql")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return the path of a database file with one table."""
    path = tmp_path / "wh.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table t as select 1 as n")
    return path


def hook(monkeypatch: pytest.MonkeyPatch, **connection: object):  # type: ignore[no-untyped-def]
    """Return a hook for a connection with these fields."""
    from airflow_provider_vai.hooks.duckdb import DuckDBHook

    monkeypatch.setenv("AIRFLOW_CONN_WH", json.dumps({"conn_type": "duckdb", **connection}))
    return DuckDBHook(duckdb_conn_id="wh")


def test_reads(monkeypatch: pytest.MonkeyPatch, database: Path) -> None:
    """Tables can be read; the file may be given as host or as schema."""
    assert hook(monkeypatch, host=str(database)).get_records("select n from t") == [(1,)]
    assert hook(monkeypatch, schema=str(database)).get_first("select n from t") == (1,)


@pytest.mark.parametrize(
    "sql",
    [
        "create table u as select 1",
        "insert into t values (2)",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from '/etc/passwd'",
        "copy t to '/tmp/vai_hostile.csv'",
        "attach '/tmp/vai_hostile.db'",
        "install httpfs",
        "set enable_external_access = true",
    ],
)
def test_nothing_else(monkeypatch: pytest.MonkeyPatch, database: Path, sql: str) -> None:
    """DuckDB itself refuses writes, access to other files, and changing the settings that forbid them."""
    with pytest.raises(duckdb.Error):
        hook(monkeypatch, host=str(database)).run(sql)


def test_the_connection_may_open_more(monkeypatch: pytest.MonkeyPatch, database: Path, tmp_path: Path) -> None:
    """The connection's extra can allow writes and access to other files."""
    extra = {"read_only": False, "config": {"enable_external_access": True}}
    opened = hook(monkeypatch, host=str(database), extra=extra)
    opened.run("insert into t values (2)")
    opened.run(f"copy t to '{tmp_path}/t.csv'")

    assert (tmp_path / "t.csv").exists()


def test_missing_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A missing database file is an error; no empty database is created."""
    with pytest.raises(duckdb.Error, match=r"nothing\.duckdb"):
        hook(monkeypatch, host=str(tmp_path / "nothing.duckdb")).get_conn()
    with pytest.raises(ValueError, match="has no file"):
        hook(monkeypatch).get_conn()

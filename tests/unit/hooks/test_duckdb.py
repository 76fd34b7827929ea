"""A DuckDB connection reads one file, and nothing else unless it says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("airflow.providers.common.sql")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database file with one table."""
    path = tmp_path / "wh.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table t as select 1 as n")
    return path


def hook(monkeypatch: pytest.MonkeyPatch, **connection: object):  # type: ignore[no-untyped-def]
    """Return a hook on a connection."""
    from airflow_provider_vai.hooks.duckdb import DuckDBHook

    monkeypatch.setenv("AIRFLOW_CONN_WH", json.dumps({"conn_type": "duckdb", **connection}))
    return DuckDBHook(duckdb_conn_id="wh")


def test_reads(monkeypatch: pytest.MonkeyPatch, database: Path) -> None:
    """The file's tables can be read, by host or by schema."""
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
    """Writing, other files, and switching that off again are refused by the database itself."""
    with pytest.raises(duckdb.Error):
        hook(monkeypatch, host=str(database)).run(sql)


def test_the_connection_may_open_more(monkeypatch: pytest.MonkeyPatch, database: Path, tmp_path: Path) -> None:
    """Writing and other files are for the connection's extra to allow."""
    extra = {"read_only": False, "config": {"enable_external_access": True}}
    opened = hook(monkeypatch, host=str(database), extra=extra)
    opened.run("insert into t values (2)")
    opened.run(f"copy t to '{tmp_path}/t.csv'")

    assert (tmp_path / "t.csv").exists()


def test_missing_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A database that is not there is an error, not an empty database."""
    with pytest.raises(duckdb.Error, match=r"nothing\.duckdb"):
        hook(monkeypatch, host=str(tmp_path / "nothing.duckdb")).get_conn()
    with pytest.raises(ValueError, match="names no file"):
        hook(monkeypatch).get_conn()

"""Only a single read-only statement passes."""

from __future__ import annotations

import sys

import pytest

from airflow_provider_vai.operators.sql.guard import NotReadOnly, UnlistedTable, check_read_only, check_tables

pytest.importorskip("sqlglot")


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        (None, "select 1"),
        (None, "select 1;"),
        (None, "-- a comment\nselect ';' as s -- drop table t"),
        ("duckdb", "select 1; -- the end"),
        ("duckdb", "with a as (select 1 as n) select * from a union all select 2"),
        ("duckdb", "values (1), (2)"),
        ("duckdb", "from t"),
        ("duckdb", "describe t"),
        ("duckdb", "summarize t"),
        ("duckdb", "(select 1)"),
        ("postgres", "select * from t where s = 'delete from t; drop table t'"),
        ("mysql", "show tables"),
        ("postgres", "select nextval, query, currval('s') from t where s = 'setval(1)'"),
        ("bigquery", "select * from `p.d.t`"),
    ],
)
def test_reading_passes(dialect: str | None, sql: str) -> None:
    """Read-only statements pass."""
    check_read_only(sql, dialect)


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        (None, ""),
        (None, "-- nothing"),
        (None, "select 1; select 2"),
        (None, "select '"),
        (None, "selec 1"),
        (None, "delete from t"),
        (None, "insert into t select 1"),
        (None, "update t set a = 1"),
        (None, "create table t as select 1"),
        (None, "drop table t"),
        (None, "truncate table t"),
        (None, "merge into t using s on t.a = s.a when matched then delete"),
        ("postgres", "with d as (delete from t returning *) select * from d"),
        ("postgres", "select nextval('s')"),
        ("postgres", "select pg_catalog.setval('s', 1)"),
        ("postgres", "select * from dblink('db', 'delete from t') as d(a int)"),
        ("postgres", "select lo_export(1, '/etc/passwd')"),
        ("oracle", "select s.nextval from dual"),
        ("oracle", "select utl_http.request('http://x') from dual"),
        ("tsql", "select next value for s"),
        ("duckdb", "select * from postgres_execute('db', 'drop table t')"),
        ("duckdb", "select http_post('http://x', '{}')"),
        ("duckdb", "attach 'x.db' as y"),
        ("duckdb", "copy (select 1) to '/etc/x'"),
        ("sqlite", "select writefile('a', 'b')"),
        ("mysql", "select get_lock('a', 1)"),
        ("postgres", "with d as (insert into t values (1) returning *) select * from d"),
        ("postgres", "select * into x from t"),
        ("postgres", "select * from t for update"),
        ("postgres", "select * from (select * from t for share) s"),
        ("postgres", "explain analyze delete from t"),
        ("postgres", "copy t to program 'sh'"),
        ("postgres", "do $$ begin end $$"),
        ("postgres", "set role admin"),
        ("postgres", "call f()"),
        ("postgres", "vacuum"),
        ("postgres", "begin"),
        ("postgres", "listen x"),
        ("duckdb", "copy t to 'x.csv'"),
        ("duckdb", "attach 'x.db'"),
        ("duckdb", "install httpfs"),
        ("duckdb", "load httpfs"),
        ("duckdb", "pragma version"),
        ("duckdb", "export database 'x'"),
        ("duckdb", "checkpoint"),
        ("duckdb", "use x"),
        ("mysql", "describe delete from t"),
        ("mysql", "select 1 into outfile '/tmp/x'"),
        ("mysql", "select 1 /*!50000 into outfile '/tmp/x' */"),
        ("mysql", "replace into t values (1)"),
        ("tsql", "exec sp_who"),
        ("tsql", "select * into #t from t"),
        ("oracle", "select * from t for update nowait"),
    ],
)
def test_anything_else_is_refused(dialect: str | None, sql: str) -> None:
    """A statement that writes, locks, sets, loads or cannot be parsed is refused."""
    with pytest.raises(NotReadOnly):
        check_read_only(sql, dialect)


def test_the_parsers_message_is_passed_on() -> None:
    """The message shows the author where in the statement the error is."""
    with pytest.raises(NotReadOnly, match="line 2"):
        check_read_only("select\nfrom where", "postgres")


def test_only_listed_tables_are_read() -> None:
    """The message names the tables that are not listed, those that are, and the remedy."""
    check_tables("with o as (select * from Orders) select * from o", "postgres", ["orders"])

    with pytest.raises(
        UnlistedTable,
        match=r"reads hr\.salaries, read_csv\(\), but it may read only orders: if it may be read, add the name",
    ):
        check_tables("select * from orders, hr.salaries, read_csv('/x')", "duckdb", ["orders"])
    with pytest.raises(UnlistedTable, match="but it may read no tables"):
        check_tables("select * from orders", None, [])
    with pytest.raises(UnlistedTable, match="it is unclear which tables"):
        check_tables("show tables", "mysql", ["orders"])


def test_without_sqlglot_nothing_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that cannot be made is an error, not a pass."""
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    with pytest.raises(ImportError):
        check_tables("select 1", None, ["orders"])
    with pytest.raises(ImportError):
        check_read_only("select 1", None)

"""How SQL is checked before DuckDB runs it."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_vai.operators.duckdb_transform import DuckdbTransformOperator
from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from airflow_provider_vai.operators.sql import duckdb_statements

pytest.importorskip("duckdb")
pytest.importorskip("sqlglot")


@pytest.mark.parametrize(
    ("sql", "statement"),
    [
        ("select 1", "select 1"),
        ("select 1 ;; -- the end", "select 1"),
        ("with a as (select ';' as x) select x from a;", "with a as (select ';' as x) select x from a"),
        ("-- why\nfrom t", "-- why\nfrom t"),
        ("values (1), (2)", "values (1), (2)"),
    ],
)
def test_one_select_stays_as_it_is(sql: str, statement: str) -> None:
    """Only trailing semicolons, and what follows them, are removed."""
    assert duckdb_statements.checked(sql) == statement


@pytest.mark.parametrize(
    "sql",
    [
        "select 1; select 2",
        "select 1; drop table t",
        "drop table t",
        "insert into t values (1)",
        "copy t to 'x.csv'",
        "attach 'x.db'",
        "pragma version",
        "set threads = 1",
        "install httpfs",
        "pivot t on n using sum(n)",
        "select 1) to 'x'; --",
        "",
        ";",
        "-- nothing",
    ],
)
def test_anything_else_is_refused(sql: str) -> None:
    """A write, several statements, or no statement at all is refused."""
    with pytest.raises(duckdb_statements.StatementRefused):
        duckdb_statements.checked(sql)


@pytest.mark.parametrize("name", ["a.b.c", ".a", "a.", "."])
def test_name_of_a_table(name: str) -> None:
    """A table name is ``name`` or ``schema.name``."""
    with pytest.raises(duckdb_statements.StatementRefused, match=r"schema\.name"):
        duckdb_statements.for_table(name, "select 1")


def test_quotes_in_names_are_doubled() -> None:
    """A quote in a name cannot end the quoted name."""
    name, statements = duckdb_statements.for_table('s."; drop table t --', "select 1")

    assert name == '"s"."""; drop table t --"'
    assert statements[0] == ('CREATE SCHEMA IF NOT EXISTS "s"', [])
    assert statements[1][0].startswith(f"CREATE OR REPLACE TABLE {name} AS\n")
    assert "TO '/it''s/x' " in duckdb_statements.for_file("/it's/x", "select 1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "set either table or path"),
        ({"table": "t", "path": "file:///x"}, "set either table or path"),
        ({"table": "t", "mode": "upsert"}, "'replace' or 'append'"),
        ({"path": "file:///x", "mode": "append"}, "always replaced"),
        ({"table": "t", "sql": "drop table t"}, "only reads"),
    ],
)
def test_mistakes_are_final(arguments: dict[str, Any], message: str) -> None:
    """An error that a retry cannot fix fails the step at once, and its message has the remedy."""
    operator = DuckdbTransformOperator(task_id="a", **{"sql": "select 1", "conn_id": "x", **arguments})
    for name, value in operator.resolved_arguments({}).items():  # type: ignore[typeddict-item]
        setattr(operator, name, value)

    with pytest.raises(AirflowFailException, match=message):
        operator.perform({})  # type: ignore[typeddict-item]


@pytest.mark.parametrize("mode", ["replace", "append"])
def test_every_mode_may_be_retried(mode: str) -> None:
    """A retry replaces the rows that the run wrote before."""
    with DAG("d", schedule=None, default_args={"retries": 4}):
        task = DuckdbTransformOperator(task_id="a", sql="select 1", conn_id="x", table="t", mode=mode)

    assert (task.retries, task.effect, task.idempotent) == (4, "write", True)

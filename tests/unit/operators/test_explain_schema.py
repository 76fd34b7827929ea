"""The schema of real SQLite and DuckDB databases, as the operator returns it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_vai.operators.sql.inspection import UnknownTable, of_duckdb, of_engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Any]:
    """Return the engine of a SQLite database with keys, a view and names that need quoting."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    with sqlite3.connect(tmp_path / "db.sqlite") as lite:
        lite.executescript(
            """
            create table customers (id integer primary key, name varchar(20) not null);
            create table orders (id integer primary key, customer_id integer not null references customers (id),
                total numeric(9, 2), odd geo_point, parent integer references orders (id));
            create table "order lines; --" ("order" integer, line integer, primary key ("order", line));
            create view big_orders as select id, total from orders where total > 100;
            """
        )
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/db.sqlite")
    yield engine
    engine.dispose()


@pytest.fixture
def hook(tmp_path: Path) -> Any:
    """Return the hook of a DuckDB database with two schemas, comments and keys."""
    duckdb = pytest.importorskip("duckdb")
    path = str(tmp_path / "wh.duckdb")
    with duckdb.connect(path) as database:
        database.execute(
            """
            create table customers (id integer primary key, name varchar not null);
            create table orders (id integer primary key, customer_id integer references customers (id),
                total decimal(9, 2), tags varchar[], parent integer references orders (id));
            create schema silver;
            create table silver.orders (id bigint);
            create view silver."big orders" as select id from silver.orders;
            comment on table orders is 'one row an order';
            comment on column orders.total is 'with tax';
            """
        )
    return SimpleNamespace(get_conn=lambda: duckdb.connect(path, read_only=True))


def names(tables: list[dict[str, Any]]) -> list[str]:
    """Return the tables' full names."""
    return [f"{table['schema']}.{table['name']}" for table in tables]


def key(column: str, table: str) -> dict[str, Any]:
    """Return a foreign key to the id of a table in the schema ``main``."""
    return {"columns": [column], "referred_schema": "main", "referred_table": table, "referred_columns": ["id"]}


def by_column(keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return foreign keys in a fixed order."""
    return sorted(keys, key=lambda one: one["columns"])


def test_sqlite(engine: Any) -> None:
    """Columns, types, nullability and keys of tables and views are those of the database."""
    tables = of_engine(engine, None, None)
    orders = tables[3]

    assert names(tables) == ["main.big_orders", "main.customers", "main.order lines; --", "main.orders"]
    assert tables[1] == {
        "name": "customers",
        "schema": "main",
        "columns": [
            {"name": "id", "type": "INTEGER", "nullable": True},
            {"name": "name", "type": "VARCHAR(20)", "nullable": False},
        ],
        "primary_key": ["id"],
        "foreign_keys": [],
    }
    assert tables[2]["primary_key"] == ["order", "line"]
    assert orders["columns"][2] == {"name": "total", "type": "NUMERIC(9, 2)", "nullable": True}
    assert by_column(orders["foreign_keys"]) == [key("customer_id", "customers"), key("parent", "orders")]


def test_duckdb(hook: Any) -> None:
    """DuckDB's catalog has the same information, and the comments."""
    tables = of_duckdb(hook, None, None)
    orders = tables[1]

    assert names(tables) == ["main.customers", "main.orders", "silver.big orders", "silver.orders"]
    assert orders["comment"] == "one row an order"
    assert orders["primary_key"] == ["id"]
    assert orders["columns"][2:4] == [
        {"name": "total", "type": "DECIMAL(9,2)", "nullable": True, "comment": "with tax"},
        {"name": "tags", "type": "VARCHAR[]", "nullable": True},
    ]
    assert by_column(orders["foreign_keys"]) == [key("customer_id", "customers"), key("parent", "orders")]
    assert tables[0]["columns"][1] == {"name": "name", "type": "VARCHAR", "nullable": False}
    assert tables[2]["columns"] == [{"name": "id", "type": "BIGINT", "nullable": True}]


@pytest.mark.parametrize(
    ("schema", "tables", "found"),
    [
        ("silver", None, ["silver.big orders", "silver.orders"]),
        (None, ["orders"], ["main.orders", "silver.orders"]),
        (None, ["silver.orders", "customers"], ["main.customers", "silver.orders"]),
        ("silver", ["orders"], ["silver.orders"]),
        ("silver", [], []),
    ],
)
def test_filter(schema: str | None, tables: list[str] | None, found: list[str], hook: Any) -> None:
    """A schema, and table names with or without a schema, restrict the tables."""
    assert names(of_duckdb(hook, schema, tables)) == found


def test_filter_of_an_engine(engine: Any) -> None:
    """The same works with SQLAlchemy."""
    assert names(of_engine(engine, "main", ["orders", "main.customers"])) == ["main.customers", "main.orders"]


@pytest.mark.parametrize(
    ("schema", "tables", "message"),
    [
        (None, ["Ordrs"], "there is no table 'Ordrs': similar names are .*orders"),
        (None, ["orders", "zzzzzz"], "there is no table 'zzzzzz': the existing names are .*customers"),
        ("mian", None, "there is no schema 'mian': similar names are main"),
        ("main'; drop table orders; --", None, "there is no schema"),
        (None, ["gold.orders"], "there is no table 'gold.orders'"),
    ],
)
def test_unknown_names(schema: str | None, tables: list[str] | None, message: str, hook: Any, engine: Any) -> None:
    """An unknown name is an error that lists similar names."""
    with pytest.raises(UnknownTable, match=message):
        of_duckdb(hook, schema, tables)
    with pytest.raises(UnknownTable, match=message):
        of_engine(engine, schema, tables)


def test_names_in_another_case_are_close(engine: Any) -> None:
    """Lower-case names are similar to an upper-case name."""
    with pytest.raises(UnknownTable, match=r"similar names are .*customers"):
        of_engine(engine, None, ["CUSTOMERS"])

"""Reads the schema of a database with SQLAlchemy's inspector, or from DuckDB's catalog."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from airflow_provider_vai.languages.short_text import similar_names

_DUCKDB_SCHEMAS = "select schema_name from duckdb_schemas() where database_name = current_database()"
_DUCKDB_TABLES = """
select schema_name, table_name, comment from duckdb_tables()
where database_name = current_database() and not internal
union all
select schema_name, view_name, comment from duckdb_views()
where database_name = current_database() and not internal
order by 1, 2
"""
_DUCKDB_COLUMNS = """
select column_name, data_type, is_nullable, comment from duckdb_columns()
where database_name = current_database() and schema_name = ? and table_name = ? order by column_index
"""
_DUCKDB_KEYS = """
select constraint_type, constraint_column_names, referenced_table, referenced_column_names
from duckdb_constraints()
where database_name = current_database() and schema_name = ? and table_name = ?
and constraint_type in ('PRIMARY KEY', 'FOREIGN KEY') order by constraint_index
"""


class UnknownTable(LookupError):
    """A requested schema or table does not exist. The message lists similar names."""


def of_duckdb(hook: Any, schema: str | None, tables: list[str] | None) -> list[dict[str, Any]]:
    """Return the tables and views of a DuckDB database, in the form of ``ExplainSchemaOperator``'s result.

    :param hook: a ``DuckDBHook``.
    :param schema: the database schema; ``None``: all schemas.
    :param tables: names with or without their schema; ``None``: all tables.
    :raises UnknownTable: the schema or a table does not exist.
    """
    with contextlib.closing(hook.get_conn()) as connection:
        rows = connection.execute(_DUCKDB_TABLES).fetchall()
        _check_schema(schema, [row[0] for row in connection.execute(_DUCKDB_SCHEMAS).fetchall()])
        comments = {(owner, name): comment for owner, name, comment in rows if schema in (None, owner)}
        return [_duckdb_table(connection, table, comments[table]) for table in _selected(list(comments), tables)]


def _duckdb_table(connection: Any, table: tuple[str, str], comment: str | None) -> dict[str, Any]:
    columns = connection.execute(_DUCKDB_COLUMNS, table).fetchall()
    keys = connection.execute(_DUCKDB_KEYS, table).fetchall()
    return _table(
        table,
        columns=[_column(*column) for column in columns],
        primary_key=next((columns for kind, columns, *_ in keys if kind == "PRIMARY KEY"), []),
        foreign_keys=[_foreign_key(key[1], table[0], key[2], key[3]) for key in keys if key[0] == "FOREIGN KEY"],
        comment=comment,
    )


def of_engine(engine: Any, schema: str | None, tables: list[str] | None) -> list[dict[str, Any]]:
    """Return the tables and views that SQLAlchemy finds, in the form of ``ExplainSchemaOperator``'s result.

    :param engine: a SQLAlchemy engine.
    :param schema: the database schema; ``None``: the connection's default schema.
    :param tables: names with or without their schema; ``None``: all tables.
    :raises UnknownTable: the schema or a table does not exist.
    """
    import sqlalchemy

    inspector = sqlalchemy.inspect(engine)
    if schema is not None:
        _check_schema(schema, inspector.get_schema_names())
    shown_schema = schema or inspector.default_schema_name or ""
    names = {*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)}
    selected = _selected(sorted((shown_schema, name) for name in names), tables)
    return [_engine_table(inspector, name, schema, shown_schema) for _, name in selected]


def _engine_table(inspector: Any, name: str, schema: str | None, shown_schema: str) -> dict[str, Any]:
    comment = None
    with contextlib.suppress(NotImplementedError):  # this database does not support table comments
        comment = inspector.get_table_comment(name, schema=schema)["text"]
    columns = [
        _column(part["name"], _type(part["type"], inspector), part["nullable"], part.get("comment"))
        for part in inspector.get_columns(name, schema=schema)
    ]
    keys = [
        _foreign_key(
            key["constrained_columns"],
            key["referred_schema"] or shown_schema,
            key["referred_table"],
            key["referred_columns"],
        )
        for key in inspector.get_foreign_keys(name, schema=schema)
    ]
    primary_key = inspector.get_pk_constraint(name, schema=schema).get("constrained_columns") or []
    return _table((shown_schema, name), columns=columns, primary_key=primary_key, foreign_keys=keys, comment=comment)


def _type(kind: Any, inspector: Any) -> str:
    from sqlalchemy.exc import CompileError

    try:
        return str(kind.compile(dialect=inspector.dialect))
    except CompileError:  # SQLAlchemy does not know the type
        return str(kind)


def _table(
    table: tuple[str, str], *, columns: list[Any], primary_key: list[str], foreign_keys: list[Any], comment: str | None
) -> dict[str, Any]:
    schema, name = table
    keys = {"primary_key": list(primary_key), "foreign_keys": foreign_keys}
    return {"name": name, "schema": schema, "columns": columns, **keys, **({"comment": comment} if comment else {})}


def _column(name: str, kind: str, nullable: bool, comment: str | None) -> dict[str, Any]:
    return {"name": name, "type": kind, "nullable": nullable, **({"comment": comment} if comment else {})}


def _foreign_key(columns: Iterable[str], schema: str, table: str, referred: Iterable[str]) -> dict[str, Any]:
    return {
        "columns": list(columns),
        "referred_schema": schema,
        "referred_table": table,
        "referred_columns": list(referred),
    }


def _check_schema(schema: str | None, known: Iterable[str]) -> None:
    if schema is not None and schema not in known:
        raise UnknownTable(f"there is no schema {schema!r}: {_similar(schema, known)}")


def _selected(tables: list[tuple[str, str]], names: list[str] | None) -> list[tuple[str, str]]:
    """Return the tables that ``names`` lists, in the order of ``tables``.

    :param tables: schema and name of each table.
    """
    if names is None:
        return tables
    full_names = {table: f"{table[0]}.{table[1]}" for table in tables}
    for name in names:
        if name not in full_names.values() and all(name != bare for _, bare in tables):
            known = {*full_names.values(), *(bare for _, bare in tables)}
            raise UnknownTable(f"there is no table {name!r}: {_similar(name, known)}")
    return [table for table in tables if table[1] in names or full_names[table] in names]


def _similar(name: str, known: Iterable[str]) -> str:
    known = sorted(set(known))
    if similar := similar_names(name, known, most=5):
        return f"similar names are {', '.join(similar)}"
    return f"the existing names are {', '.join(known[:20])}" if known else "the database has none"

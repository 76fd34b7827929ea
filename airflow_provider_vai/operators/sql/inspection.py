"""Reads the tables of a database: through SQLAlchemy's inspector, or from DuckDB's own catalog."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable
from typing import Any

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


class Unknown(LookupError):
    """A schema or table that was asked for does not exist; the message lists close names."""


def of_duckdb(hook: Any, schema: str | None, tables: list[str] | None) -> list[dict[str, Any]]:
    """Return the tables of a DuckDB file.

    :param hook: a ``DuckDBHook``.
    :param schema: the database schema; ``None``: all of them.
    :param tables: names, with or without their schema; ``None``: all tables.
    :raises Unknown: there is no such schema or table.
    """
    with contextlib.closing(hook.get_conn()) as connection:
        found = connection.execute(_DUCKDB_TABLES).fetchall()
        _check_schema(schema, [row[0] for row in connection.execute(_DUCKDB_SCHEMAS).fetchall()])
        comments = {(place, name): comment for place, name, comment in found if schema in (None, place)}
        return [_duckdb_table(connection, table, comments[table]) for table in _picked(list(comments), tables)]


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
    """Return the tables that SQLAlchemy finds.

    :param engine: an SQLAlchemy engine.
    :param schema: the database schema; ``None``: the default one of the connection.
    :param tables: names, with or without their schema; ``None``: all tables.
    :raises Unknown: there is no such schema or table.
    """
    import sqlalchemy

    inspector = sqlalchemy.inspect(engine)
    if schema is not None:
        _check_schema(schema, inspector.get_schema_names())
    place = schema or inspector.default_schema_name or ""
    names = {*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)}
    picked = _picked(sorted((place, name) for name in names), tables)
    return [_engine_table(inspector, name, schema, place) for _, name in picked]


def _engine_table(inspector: Any, name: str, schema: str | None, place: str) -> dict[str, Any]:
    comment = None
    with contextlib.suppress(NotImplementedError):  # the database has no comments on tables
        comment = inspector.get_table_comment(name, schema=schema)["text"]
    columns = [
        _column(part["name"], _type(part["type"], inspector), part["nullable"], part.get("comment"))
        for part in inspector.get_columns(name, schema=schema)
    ]
    keys = [
        _foreign_key(
            key["constrained_columns"], key["referred_schema"] or place, key["referred_table"], key["referred_columns"]
        )
        for key in inspector.get_foreign_keys(name, schema=schema)
    ]
    primary_key = inspector.get_pk_constraint(name, schema=schema).get("constrained_columns") or []
    return _table((place, name), columns=columns, primary_key=primary_key, foreign_keys=keys, comment=comment)


def _type(kind: Any, inspector: Any) -> str:
    from sqlalchemy.exc import CompileError

    try:
        return str(kind.compile(dialect=inspector.dialect))
    except CompileError:  # a type that SQLAlchemy does not know
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
        raise Unknown(f"there is no schema {schema!r}: {_close(schema, known)}")


def _picked(found: list[tuple[str, str]], names: list[str] | None) -> list[tuple[str, str]]:
    """Return the tables that ``names`` picks, in the order in which they were found."""
    if names is None:
        return found
    known = {name: f"{name[0]}.{name[1]}" for name in found}
    for name in names:
        if name not in known.values() and all(name != bare for _, bare in found):
            raise Unknown(
                f"there is no table {name!r}: {_close(name, {*known.values(), *(bare for _, bare in found)})}"
            )
    return [table for table in found if table[1] in names or known[table] in names]


def _close(name: str, known: Iterable[str]) -> str:
    known = sorted(set(known))
    lower = {other.lower(): other for other in known}
    close = [lower[other] for other in difflib.get_close_matches(name.lower(), lower, n=5)]
    if close:
        return f"close names are {', '.join(close)}"
    return f"the names are {', '.join(known[:20])}" if known else "the database has none at all"

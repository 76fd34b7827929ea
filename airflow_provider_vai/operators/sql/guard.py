"""Refuses SQL that is not one read-only statement, or reads what it may not.

A guard in the parser stops mistakes and plain injection. It is not a permission: a function of the database
may still write when it is called from ``SELECT``, so the connection's role is the boundary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_vai.languages import sql_tables

DIALECTS = {
    "athena": "athena",
    "clickhouse": "clickhouse",
    "databricks": "databricks",
    "duckdb": "duckdb",
    "gcpbigquery": "bigquery",
    "google_cloud_platform": "bigquery",
    "hive_cli": "hive",
    "hiveserver2": "hive",
    "mssql": "tsql",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgres": "postgres",
    "presto": "presto",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "spark_sql": "spark",
    "sqlite": "sqlite",
    "teradata": "teradata",
    "trino": "trino",
}
"""Airflow's connection type -> sqlglot's dialect; any other type is parsed as generic SQL."""

_READS = ("Query", "Values", "Describe", "Show", "Summarize", "Pivot")
_WRITES = (
    "DML",
    "DDL",
    "Into",
    "Lock",
    "Command",
    "Copy",
    "Set",
    "Use",
    "Drop",
    "Alter",
    "Execute",
    "LoadData",
)


class SqlRefused(ValueError):
    """The SQL must not run; the message says why and what to do."""


class NotReadOnly(SqlRefused):
    """The SQL is not exactly one statement that only reads."""


class UnlistedTable(SqlRefused):
    """The SQL reads a table, a file or a table function that is not on its list."""


def check_read_only(sql: str, dialect: str | None) -> None:
    """Return only if ``sql`` is one statement, and reads.

    :param dialect: sqlglot's name of the database's SQL; see :data:`DIALECTS`.
    :raises NotReadOnly: it is not, or the parser does not understand it.
    :raises ImportError: sqlglot is not installed.
    """
    import sqlglot
    from sqlglot import exp

    if "/*!" in sql or "/*M!" in sql:
        raise NotReadOnly("the SQL holds a comment that MySQL executes (/*! ... */)")
    try:
        parsed = sqlglot.parse(sql, dialect=dialect)
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise NotReadOnly(f"the SQL cannot be parsed: {_reason(error)}") from None
    statements: list[Any] = [part for part in parsed if part is not None and not isinstance(part, exp.Semicolon)]
    if len(statements) != 1:
        raise NotReadOnly(f"the SQL holds {len(statements)} statements: exactly one is allowed")
    if not _is_one_of(statements[0], exp, _READS):
        raise NotReadOnly(f"the statement is {_name(statements[0])}: only reading is allowed (SELECT, WITH, VALUES)")
    writing = next((part for part in statements[0].walk() if _is_one_of(part, exp, _WRITES)), None)
    if writing is not None:
        raise NotReadOnly(f"the statement holds {_name(writing)}: only reading is allowed")


def check_tables(sql: str, dialect: str | None, tables: Sequence[str]) -> None:
    """Return only if ``sql`` reads nothing but ``tables``, named as in :mod:`languages.sql_tables`.

    :raises UnlistedTable: it reads something else, or it cannot be told what it reads.
    """
    others = sql_tables.unlisted(sql, dialect, tables)
    if others is None:
        raise UnlistedTable("it cannot be told which tables the statement reads: write it as a SELECT")
    if others:
        raise UnlistedTable(
            f"the statement reads {', '.join(others)}; it may read only {', '.join(tables) or 'nothing at all'}:"
            " add the name to `tables` as it stands here if it may be read"
        )


def _is_one_of(part: Any, exp: Any, names: tuple[str, ...]) -> bool:
    # No version of sqlglot has every class; what has no class of its own is a Command, which is refused.
    return isinstance(part, tuple(getattr(exp, name) for name in names if hasattr(exp, name)))


def _name(statement: Any) -> str:
    words = statement.sql().split()
    return f"{type(statement).__name__.upper()} ({' '.join(words)[:60]})"


def _reason(error: Exception) -> str:
    details = getattr(error, "errors", None)
    if not details:
        return str(error)[:300] or type(error).__name__
    first = details[0]
    return f"{first.get('description')} at line {first.get('line')}, column {first.get('col')}"

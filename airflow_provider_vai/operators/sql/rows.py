"""Runs one SQL statement through a connection's hook and converts its rows."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from airflow_provider_vai.model import time_limit
from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from airflow_provider_vai.operators.runtime.errors import MissingExtra
from airflow_provider_vai.operators.sql import guard as sql_guard


def hook_and_dialect(conn_id: str) -> tuple[Any, str | None]:
    """Return the ``DbApiHook`` of a connection and its sqlglot dialect (``None``: generic SQL).

    :raises MissingExtra: a library that the connection type needs is not installed.
    :raises AirflowFailException: the connection is not a database connection.
    """
    from airflow.sdk import BaseHook

    connection = BaseHook.get_connection(conn_id)
    dialect = sql_guard.DIALECTS.get(connection.conn_type)
    try:
        import sqlglot  # noqa: F401 - report a missing sqlglot before a model is asked
        from airflow.providers.common.sql.hooks.sql import DbApiHook

        if dialect == "duckdb":
            import duckdb  # noqa: F401 - report a missing duckdb before the hook is used

            from airflow_provider_vai.hooks.duckdb import DuckDBHook

            return DuckDBHook(duckdb_conn_id=conn_id), dialect
        hook = connection.get_hook()
    except ImportError as error:
        extra = "duckdb" if dialect == "duckdb" else "sql"
        raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[{extra}]'") from error
    if not isinstance(hook, DbApiHook):
        raise AirflowFailException(
            f"the connection {conn_id!r} has the type {connection.conn_type!r}, which has no DbApiHook and cannot run"
            " SQL: use a database connection"
        )
    return hook, dialect


def fetched(hook: Any, sql: str, parameters: Any, *, max_rows: int, max_seconds: float) -> tuple[list[str], list[Any]]:
    """Return the columns and the first ``max_rows + 1`` rows of a statement. Nothing is committed.

    The time limit covers connecting, running and fetching. When it is exceeded, the statement is interrupted (DuckDB,
    SQLite) or cancelled (PostgreSQL, and any driver with ``cancel`` on its cursor or connection), so the database stops
    working on it. With other drivers, such as MySQL's, the connection is closed. The step then also ends soon, but the
    database may continue until it notices.

    :param hook: a ``DbApiHook``.
    :param parameters: bind parameters, or ``None``.
    :param max_seconds: the time limit.
    :raises time_limit.TookTooLong: the statement took longer.
    """
    opened: list[Any] = []

    def work() -> tuple[list[str], list[Any]]:
        with closing(hook.get_conn()) as connection, closing(connection.cursor()) as cursor:
            opened.extend((cursor, connection))
            cursor.execute(sql, *([parameters] if parameters else []))
            rows = list(cursor.fetchmany(max_rows + 1))
            return [column[0] for column in cursor.description or ()], rows

    return time_limit.within(max_seconds, work, lambda: _stop(opened))


def shaped(columns: list[str], rows: list[Any], rows_as: str) -> list[Any]:
    """Return each row as an object (``"records"``) or as a list (``"arrays"``).

    :raises AirflowFailException: two columns have the same name, which an object cannot represent, or ``rows_as`` is
        neither of the two.
    """
    if rows_as == "arrays":
        return [list(row) for row in rows]
    if rows_as != "records":
        raise AirflowFailException(f"rows_as must be 'records' or 'arrays', not {rows_as!r}")
    if duplicates := sorted({name for name in columns if columns.count(name) > 1}):
        raise AirflowFailException(
            f"the query returns the column {duplicates[0]!r} more than once: rename it with AS, or set rows_as='arrays'"
        )
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _stop(opened: list[Any]) -> None:
    # DuckDB's cursor is a connection itself and must be interrupted. For SQLite and PostgreSQL the connection must.
    stops = [getattr(part, name) for part in opened for name in ("interrupt", "cancel") if hasattr(part, name)]
    for stop in stops or [part.close for part in opened[-1:]]:
        stop()

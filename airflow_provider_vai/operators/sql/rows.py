"""Runs one statement through the hook of a connection and shapes its rows."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from airflow_provider_vai.operators.runtime import time_limit
from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from airflow_provider_vai.operators.runtime.errors import MissingExtra
from airflow_provider_vai.operators.sql import guard as sql_guard


def hook_and_dialect(conn_id: str) -> tuple[Any, str | None]:
    """Return the ``DbApiHook`` of a connection, and sqlglot's name of its SQL (``None``: generic SQL).

    :raises MissingExtra: a library that the connection's type needs is not installed.
    :raises AirflowFailException: the connection is to no database.
    """
    from airflow.sdk import BaseHook

    connection = BaseHook.get_connection(conn_id)
    dialect = sql_guard.DIALECTS.get(connection.conn_type)
    try:
        import sqlglot  # noqa: F401 - so that its absence is told before a model is asked
        from airflow.providers.common.sql.hooks.sql import DbApiHook

        if dialect == "duckdb":
            import duckdb  # noqa: F401 - so that its absence is told before the hook is asked

            from airflow_provider_vai.hooks.duckdb import DuckDBHook

            return DuckDBHook(duckdb_conn_id=conn_id), dialect
        hook = connection.get_hook()
    except ImportError as error:
        extra = "duckdb" if dialect == "duckdb" else "sql"
        raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[{extra}]'") from error
    if not isinstance(hook, DbApiHook):
        raise AirflowFailException(f"the hook of {conn_id!r} ({connection.conn_type}) is no DbApiHook: it runs no SQL")
    return hook, dialect


def fetched(hook: Any, sql: str, parameters: Any, *, max_rows: int, max_seconds: float) -> tuple[list[str], list[Any]]:
    """Return the columns and the first ``max_rows + 1`` rows of a statement; nothing is committed.

    The time covers connecting, running and fetching. When it is over, the statement is interrupted (DuckDB, SQLite) or
    cancelled (PostgreSQL, and every driver whose cursor or connection has ``cancel``), and the database stops its work.
    With another driver (MySQL's, for one) the connection is closed: the step ends soon after its time all the same, but
    the database may go on until it notices.

    :param hook: a ``DbApiHook``.
    :param parameters: bind parameters, or nothing.
    :param max_seconds: how long it may take.
    :raises time_limit.TookTooLong: it took longer.
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

    :raises AirflowFailException: an object would lose one of two columns of the same name, or ``rows_as`` is neither.
    """
    if rows_as == "arrays":
        return [list(row) for row in rows]
    if rows_as != "records":
        raise AirflowFailException(f"rows_as is 'records' or 'arrays', not {rows_as!r}")
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise AirflowFailException(f"the query returns the column {twice[0]!r} twice: name it with AS")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _stop(opened: list[Any]) -> None:
    # DuckDB's cursor is a connection of its own, and is the one to interrupt; SQLite's and PostgreSQL's is not.
    stops = [getattr(part, name) for part in opened for name in ("interrupt", "cancel") if hasattr(part, name)]
    for stop in stops or [part.close for part in opened[-1:]]:
        stop()

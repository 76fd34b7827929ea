"""The DuckDB statements that write the rows of a checked ``SELECT``."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.operators.runtime.compat import AirflowException
from airflow_provider_vai.operators.sql import guard as sql_guard

RUN_COLUMN = "_vai_run"
"""The column that records which DAG run, task and map index appended a row."""

Statement = tuple[str, list[str]]
"""SQL and the values of its placeholders."""


class StatementRefused(ValueError):
    """The SQL is not one read-only statement, or the table's name is not valid."""


def checked(sql: str) -> str:
    """Return ``sql`` without trailing semicolons if it is one read-only statement.

    DuckDB's own parser must also read it as one ``SELECT``. A statement that two parsers read differently is refused.

    :raises StatementRefused: it is not one read-only statement.
    :raises ImportError: sqlglot or duckdb is not installed.
    """
    import duckdb
    import sqlglot
    from sqlglot.tokens import TokenType

    try:
        sql_guard.check_read_only(sql, "duckdb")
    except sql_guard.NotReadOnly as error:
        raise StatementRefused(str(error)) from None
    tokens = sqlglot.tokenize(sql, dialect="duckdb")
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    statement = sql[: tokens[-1].end + 1]
    try:
        kinds = [part.type for part in duckdb.extract_statements(statement)]
    except duckdb.Error as error:
        raise StatementRefused(f"DuckDB cannot parse it: {error}") from None
    if kinds != [duckdb.StatementType.SELECT]:
        raise StatementRefused(
            f"DuckDB reads it as {', '.join(kind.name for kind in kinds)} instead of one SELECT; if it has a PIVOT,"
            " list the values with IN (...)"
        )
    return statement


def for_table(table: str, sql: str) -> tuple[str, list[Statement]]:
    """Return the table's quoted name and the statements that replace the table. The last one returns the row count.

    :param table: ``name`` or ``schema.name``.
    :param sql: a checked statement.
    :raises StatementRefused: the table's name is not valid.
    """
    name, schema = _named(table)
    return name, [*schema, (f"CREATE OR REPLACE TABLE {name} AS\n{sql}\n", [])]


def appending(table: str, sql: str, names: list[str], run: str) -> tuple[str, list[Statement]]:
    """Return the table's quoted name and the statements that append to the table. The last one returns the row count.

    Rows that this run appended before are deleted first, so a rerun does not duplicate them.

    :param table: ``name`` or ``schema.name``.
    :param sql: a checked statement.
    :param names: the columns that ``sql`` returns.
    :param run: the value of :data:`RUN_COLUMN` in the new rows.
    :raises StatementRefused: the table's name is not valid.
    """
    name, schema = _named(table)
    selected = ", ".join(_quoted(column) for column in names if column != RUN_COLUMN)
    return name, [
        *schema,
        (f"CREATE TABLE IF NOT EXISTS {name} AS SELECT {selected} FROM (\n{sql}\n) LIMIT 0", []),  # noqa: S608
        (f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS {RUN_COLUMN} VARCHAR", []),
        (f"DELETE FROM {name} WHERE {RUN_COLUMN} = ?", [run]),  # noqa: S608
        (f"INSERT INTO {name} BY NAME SELECT {selected}, ? AS {RUN_COLUMN} FROM (\n{sql}\n)", [run]),  # noqa: S608
    ]


def for_file(file: str, sql: str) -> str:
    """Return the statement that writes the rows of a checked ``sql`` to a Parquet file; it returns the row count."""
    literal = file.replace("'", "''")
    return f"COPY (\n{sql}\n) TO '{literal}' (FORMAT parquet)"


def columns(database: Any, source: str) -> list[str]:
    """Return the column names of a query or table."""
    return [row[0] for row in database.execute(f"DESCRIBE {source}").fetchall()]


def commit(database: Any) -> None:
    """Commit the transaction.

    :raises AirflowException: DuckDB reported an error, so it is unknown whether the transaction was committed.
    """
    import duckdb

    try:
        database.execute("COMMIT")
    except duckdb.Error as error:
        raise AirflowException(f"DuckDB did not confirm that the table was written: {error}") from error


def _named(table: str) -> tuple[str, list[Statement]]:
    parts = table.split(".")
    if len(parts) > 2 or not all(parts):
        raise StatementRefused(f"the table name {table!r} is not valid: write name or schema.name")
    schema: list[Statement] = [(f"CREATE SCHEMA IF NOT EXISTS {_quoted(parts[0])}", [])] if len(parts) == 2 else []
    return ".".join(_quoted(part) for part in parts), schema


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

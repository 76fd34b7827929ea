"""The statements that keep the rows of a checked ``SELECT``."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.operators.runtime.compat import AirflowException
from airflow_provider_vai.operators.sql import guard as sql_guard

RUN_COLUMN = "_vai_run"
"""Tells which DAG run, task and map index appended a row."""

Statement = tuple[str, list[str]]
"""SQL, and the values of its placeholders."""


class StatementRefused(ValueError):
    """The SQL or the table's name is not one that is run."""


def checked(sql: str) -> str:
    """Return ``sql`` without a closing semicolon, if it is one statement that only reads.

    DuckDB's own parser has the last word: what two parsers read in two ways is not run.

    :raises Refused: it is not.
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
            "DuckDB does not read it as one SELECT; a PIVOT needs its values (IN (...))"
            f" (found: {', '.join(kind.name for kind in kinds)})"
        )
    return statement


def for_table(table: str, sql: str) -> tuple[str, list[Statement]]:
    """Return the quoted name, and the statements that replace the table; the last one says how many rows."""
    name, schema = _named(table)
    return name, [*schema, (f"CREATE OR REPLACE TABLE {name} AS\n{sql}\n", [])]


def appending(table: str, sql: str, names: list[str], run: str) -> tuple[str, list[Statement]]:
    """Return the same for appending: what the run appended before is deleted, so a rerun does not double it.

    :param names: the columns that ``sql`` returns.
    :param run: stands in the column :data:`RUN_COLUMN` of every row.
    """
    name, schema = _named(table)
    chosen = ", ".join(_quoted(column) for column in names if column != RUN_COLUMN)
    return name, [
        *schema,
        (f"CREATE TABLE IF NOT EXISTS {name} AS SELECT {chosen} FROM (\n{sql}\n) LIMIT 0", []),  # noqa: S608 - checked
        (f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS {RUN_COLUMN} VARCHAR", []),
        (f"DELETE FROM {name} WHERE {RUN_COLUMN} = ?", [run]),  # noqa: S608
        (f"INSERT INTO {name} BY NAME SELECT {chosen}, ? AS {RUN_COLUMN} FROM (\n{sql}\n)", [run]),  # noqa: S608
    ]


def for_file(file: str, sql: str) -> str:
    """Return the statement that writes the rows to a Parquet file."""
    literal = file.replace("'", "''")
    return f"COPY (\n{sql}\n) TO '{literal}' (FORMAT parquet)"


def columns(database: Any, source: str) -> list[str]:
    """Return the names of a query's or a table's columns."""
    return [row[0] for row in database.execute(f"DESCRIBE {source}").fetchall()]


def commit(database: Any) -> None:
    """Commit the transaction.

    :raises AirflowException: nobody knows whether it was.
    """
    import duckdb

    try:
        database.execute("COMMIT")
    except duckdb.Error as error:
        raise AirflowException(f"DuckDB did not confirm that the table was filled: {error}") from error


def _named(table: str) -> tuple[str, list[Statement]]:
    parts = table.split(".")
    if len(parts) > 2 or not all(parts):
        raise StatementRefused(f"{table!r} is not the name of a table: write name or schema.name")
    schema: list[Statement] = [(f"CREATE SCHEMA IF NOT EXISTS {_quoted(parts[0])}", [])] if len(parts) == 2 else []
    return ".".join(_quoted(part) for part in parts), schema


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

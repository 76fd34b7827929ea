"""The statements that keep the rows of a checked ``SELECT``."""

from __future__ import annotations

from airflow_provider_vai.operators import sql_guard


class Refused(ValueError):
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
        raise Refused(str(error)) from None
    tokens = sqlglot.tokenize(sql, dialect="duckdb")
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    statement = sql[: tokens[-1].end + 1]
    try:
        kinds = [part.type for part in duckdb.extract_statements(statement)]
    except duckdb.Error as error:
        raise Refused(f"DuckDB cannot parse it: {error}") from None
    if kinds != [duckdb.StatementType.SELECT]:
        raise Refused(
            "DuckDB does not read it as one SELECT; a PIVOT needs its values (IN (...))"
            f" (found: {', '.join(kind.name for kind in kinds)})"
        )
    return statement


def for_table(table: str, sql: str, *, append: bool) -> tuple[str, list[str], str]:
    """Return the quoted name, the statements that prepare the table, and the one that fills it."""
    parts = table.split(".")
    if len(parts) > 2 or not all(parts):
        raise Refused(f"{table!r} is not the name of a table: write name or schema.name")
    name = ".".join(_quoted(part) for part in parts)
    before = [f"CREATE SCHEMA IF NOT EXISTS {_quoted(parts[0])}"] if len(parts) == 2 else []
    if not append:
        return name, before, f"CREATE OR REPLACE TABLE {name} AS\n{sql}\n"
    before.append(f"CREATE TABLE IF NOT EXISTS {name} AS FROM (\n{sql}\n) LIMIT 0")
    return name, before, f"INSERT INTO {name} BY NAME SELECT * FROM (\n{sql}\n)"  # noqa: S608 - checked above


def for_file(file: str, sql: str) -> str:
    """Return the statement that writes the rows to a Parquet file."""
    literal = file.replace("'", "''")
    return f"COPY (\n{sql}\n) TO '{literal}' (FORMAT parquet)"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

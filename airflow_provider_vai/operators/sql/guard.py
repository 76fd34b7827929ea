"""Refuses SQL that is not one read-only statement, or that reads tables it may not read.

Checking the parsed SQL stops mistakes and simple injections, but does not replace database permissions: a ``SELECT``
can call a database function that writes, and only well-known ones are refused. What the connection's role may do is the
actual limit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from airflow_provider_vai.languages import sql_tables
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.languages.sql_parser import parse
from airflow_provider_vai.secrets.masking import mask

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
"""Airflow connection type -> sqlglot dialect. Any other type is parsed as generic SQL."""

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
    "NextValueFor",
)

_WRITING_FUNCTIONS = re.compile(
    r"nextval|setval|set_config|(force_)?checkpoint|(postgres|mysql|sqlite|mssql|snowflake|bigquery)_(execute|query)"
    r"|http_(post|put|patch|delete|request)(_\w+)?|http|query|lo_(creat|create|export|from_bytea|import|put|truncate\w*|unlink)|dblink\w*|pg_file_\w+|pg_notify"
    r"|pg_(terminate|cancel)_\w+|pg_(try_)?advisory_\w*lock\w*|pg_(reload_conf|rotate_logfile\w*|promote|switch_wal)"
    r"|pg_(create|drop|copy|replication)_\w+|pg_logical_emit_message|pg_stat_reset\w*|pg_import_system_collations"
    r"|get_lock|release_(all_)?locks?|sys_(exec|eval)|load_extension|writefile|edit|fts3_tokenizer"
    r"|openrowset|openquery|opendatasource|external_query|system\$\w+|xp_\w+|utl_\w+|dbms_\w+"
)
"""Known functions that write, or run a statement given as text. The list is incomplete."""


class SqlRefused(ValueError):
    """The SQL must not run. The message says why and what to do."""


class NotReadOnly(SqlRefused):
    """The SQL is not exactly one read-only statement."""


class UnlistedTable(SqlRefused):
    """The SQL reads a table, a file or a table function that the step does not list."""


def check_read_only(sql: str, dialect: str | None) -> None:
    """Check that ``sql`` is one read-only statement.

    :param dialect: the sqlglot dialect, see :data:`DIALECTS`; ``None``: generic SQL.
    :raises NotReadOnly: it is not, or it cannot be parsed.
    :raises ImportError: sqlglot is not installed.
    """
    import sqlglot
    from sqlglot import exp

    if "/*!" in sql or "/*M!" in sql:
        raise NotReadOnly("the SQL has a comment that MySQL executes (/*! ... */): remove it")
    try:
        parsed = parse(sql, dialect)
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise NotReadOnly(f"the SQL cannot be parsed: {_reason(error)}") from None
    statements: list[Any] = [part for part in parsed if part is not None and not isinstance(part, exp.Semicolon)]
    if len(statements) != 1:
        raise NotReadOnly(f"the SQL has {plural(len(statements), 'statement')}: exactly one is allowed")
    if not _is_one_of(statements[0], exp, _READS):
        raise NotReadOnly(f"the statement is {_name(statements[0])}: only reads are allowed (SELECT, WITH, VALUES)")
    write = next((part for part in statements[0].walk() if _is_one_of(part, exp, _WRITES)), None)
    if write is not None:
        raise NotReadOnly(f"the statement contains {_name(write)}: only reads are allowed")
    nodes = statements[0].find_all(exp.Func, exp.Dot, exp.Column)
    calls = (name for part in nodes for name in sql_tables.function_names(part))
    if function := next((name for name in calls if _WRITING_FUNCTIONS.fullmatch(name)), None):
        raise NotReadOnly(f"the statement calls {function}(), which can write: only reads are allowed")


def check_tables(sql: str, dialect: str | None, tables: Sequence[str]) -> None:
    """Check that ``sql`` reads only ``tables``.

    :param dialect: the sqlglot dialect; ``None``: generic SQL.
    :param tables: names in the form of :mod:`~airflow_provider_vai.languages.sql_tables`.
    :raises UnlistedTable: it reads something else, or it is unclear what it reads.
    :raises ImportError: sqlglot is not installed.
    """
    import sqlglot  # noqa: F401 - without it, the tables are unknown for another reason

    unlisted = sql_tables.unlisted(sql, dialect, tables)
    if unlisted is None:
        raise UnlistedTable("it is unclear which tables the statement reads: write it as a SELECT")
    if unlisted:
        allowed = f"only {', '.join(tables)}" if tables else "no tables"
        raise UnlistedTable(
            f"the statement reads {', '.join(unlisted)}, but it may read {allowed}: if it may be read, add the name to"
            " `tables` exactly as written here"
        )


def _is_one_of(part: Any, exp: Any, names: tuple[str, ...]) -> bool:
    # Not every version of sqlglot has all these classes. A statement without its own class is a Command and is refused.
    return isinstance(part, tuple(getattr(exp, name) for name in names if hasattr(exp, name)))


def _name(statement: Any) -> str:
    words = statement.sql().split()
    return f"{type(statement).__name__.upper()} ({' '.join(words)[:60]})"


def _reason(error: Exception) -> str:
    details = getattr(error, "errors", None)
    if not details:
        return mask(str(error))[:300] or type(error).__name__
    first = details[0]
    return f"{first.get('description')} at line {first.get('line')}, column {first.get('col')}"

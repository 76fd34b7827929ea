"""The input and output datasets of a finished step, for Airflow's OpenLineage provider.

The provider calls :meth:`.base.Lineage.get_openlineage_facets_on_complete`. If it is not installed, nothing here runs.
Names follow OpenLineage's naming conventions, so a table that another DAG writes is the same dataset.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

Dataset = tuple[str, str]
"""A namespace and a name in it."""

Flow = tuple[list[Dataset], list[Dataset]]
"""The datasets that were read, and those that were written."""

_FILE_EXTENSIONS = (".parquet", ".csv", ".tsv", ".json", ".jsonl", ".ndjson")


class Database(NamedTuple):
    """A database by its OpenLineage namespace, with the default schema of tables that name none."""

    namespace: str
    database: str | None
    schema: str | None

    def table(self, *parts: str) -> Dataset:
        """Return the dataset of a table, completed with the database and the default schema.

        :param parts: the parts of the table's name, such as ``"sales", "orders"``.
        """
        defaults = (self.database, self.schema)[: max(0, 3 - len(parts))]
        return self.namespace, ".".join([*filter(None, defaults), *parts])


def flow(step: Any) -> Flow:
    """Return the datasets that a finished step read and wrote.

    :param step: an operator of a kind in :data:`FLOWS`, after it ran.
    """
    return FLOWS[step.kind](step)


def file(url: str) -> Dataset:
    """Return the dataset of a file or folder. A connection id in its URL is not part of the name."""
    parts = urlsplit(url)
    if parts.scheme in ("", "file", "local"):
        return "file", parts.path
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme.replace('s3a', 's3')}://{host}", parts.path.strip("/") or "/"


def database(conn_id: str) -> Database:
    """Return the database of a connection: by :data:`DATABASES`, otherwise as its hook reports it."""
    from airflow.sdk import BaseHook

    connection = BaseHook.get_connection(conn_id)
    if from_connection := DATABASES.get(connection.conn_type):
        return from_connection(connection)
    return _reported_by_hook(connection) or _other(connection)


def _reported_by_hook(connection: Any) -> Database | None:
    from airflow_provider_vai.operators.runtime.compat import AirflowException

    try:
        hook = connection.get_hook()
    except (AirflowException, AttributeError, ImportError):  # a type without a hook, or its provider is not installed
        return None
    info = getattr(hook, "get_openlineage_database_info", lambda _: None)(connection)
    if info is None:
        return None
    namespace = f"{info.scheme}://{info.authority}" if info.authority else info.scheme
    return Database(namespace, info.database, hook.get_openlineage_default_schema())


def _duckdb(connection: Any) -> Database:
    path = connection.host or connection.schema or ""
    return Database(f"duckdb://{path}", PurePath(path).stem, "main")


def _sqlite(connection: Any) -> Database:
    return Database(f"sqlite://{connection.host}", None, "main")


def _mysql(connection: Any) -> Database:
    return Database(f"mysql://{connection.host}:{connection.port or 3306}", None, connection.schema or None)


def _server(scheme: str, port: int, schema: str) -> Callable[[Any], Database]:
    def of(connection: Any) -> Database:
        return Database(f"{scheme}://{connection.host}:{connection.port or port}", connection.schema or None, schema)

    return of


def _other(connection: Any) -> Database:
    host = f"{connection.host or ''}{f':{connection.port}' if connection.port else ''}"
    return Database(f"{connection.conn_type}://{host}", connection.schema or None, None)


DATABASES: dict[str, Callable[[Any], Database]] = {
    "duckdb": _duckdb,
    "mssql": _server("mssql", 1433, "dbo"),
    "mysql": _mysql,
    "postgres": _server("postgres", 5432, "public"),
    "sqlite": _sqlite,
}
"""Connection type -> naming of its databases. For other types the hook is asked, which may query the database."""


def _read_by(sql: str | None, conn_id: str) -> list[Dataset]:
    """Return the tables and files that a statement names, without those that a table function reads.

    :param sql: the statement; ``None`` (a model wrote it in this run): nothing is reported.
    """
    from airflow.sdk import BaseHook

    from airflow_provider_vai.languages import sql_tables
    from airflow_provider_vai.operators.sql.guard import DIALECTS

    dialect = DIALECTS.get(BaseHook.get_connection(conn_id).conn_type)
    tables = sql_tables.tables_of(sql or "", dialect) or []
    read_from = database(conn_id)
    return [_source(read_from, _parts(name, dialect)) for name in tables if not name.endswith("()")]


def _parts(name: str, dialect: str | None) -> list[str]:
    from sqlglot import exp

    return [part.name for part in exp.to_table(name, dialect=dialect).parts]


def _source(read_from: Database, parts: Sequence[str]) -> Dataset:
    is_file = len(parts) == 1 and ("/" in parts[0] or parts[0].lower().endswith(_FILE_EXTENSIONS))
    return file(parts[0]) if is_file else read_from.table(*parts)


def _query(step: Any) -> Flow:
    return _read_by(step.sql, step.conn_id), []


def _transform(step: Any) -> Flow:
    output = file(step.path) if step.path else database(step.conn_id).table(*step.table.split("."))
    return _read_by(step.sql, step.conn_id), [output]


def _extract(step: Any) -> Flow:
    dataset, tables, resources = step.loaded
    target = database(step.destination_conn_id)
    return _extracted_from(step, resources), [target.table(dataset, table) for table in tables]


def _extracted_from(step: Any, resources: list[str]) -> list[Dataset]:
    config = step.source_config or {}
    if step.source == "sql_database":
        schema = filter(None, [config.get("schema")])
        return [database(step.conn_id).table(*schema, resource) for resource in resources]
    if step.source == "filesystem":
        return [file(config["bucket_url"])]
    if step.source == "rest_api":
        from airflow_provider_vai.operators.dlt import parts as dlt_parts

        host = urlsplit(dlt_parts.base_url(config, step.conn_id))
        server = f"{host.scheme}://{host.netloc.rpartition('@')[2]}"
        return [(server, resource) for resource in resources]
    return []  # a user's own dlt source does not say where it reads from


def _sync(step: Any) -> Flow:
    return [file(step.source)], [file(step.destination)]


FLOWS: dict[str, Callable[[Any], Flow]] = {
    "dlt_extract": _extract,
    "duckdb_transform": _transform,
    "file_sync": _sync,
    "generate_query": _query,
}
"""Action kind -> the function that returns the lineage of its steps."""

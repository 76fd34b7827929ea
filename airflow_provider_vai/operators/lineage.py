"""What a finished step read and made, for Airflow's OpenLineage provider.

The provider calls :meth:`Lineage.get_openlineage_facets_on_complete`; where it is not installed, nobody does, and
nothing here costs anything. Names follow OpenLineage's naming, so a table that another DAG fills is the same dataset.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

Dataset = tuple[str, str]
"""A namespace, and a name in it."""

Flow = tuple[list[Dataset], list[Dataset]]
"""What was read, and what was made."""

_FILE_ENDINGS = (".parquet", ".csv", ".tsv", ".json", ".jsonl", ".ndjson")


class Lineage:
    """Makes an operator of a kind in :data:`FLOWS` tell its lineage once it succeeded."""

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """Return the provider's ``OperatorLineage``; the provider logs what is raised, and goes on without."""
        from airflow.providers.common.compat.openlineage.facet import Dataset as Reported
        from airflow.providers.openlineage.extractors import OperatorLineage

        read, made = (
            [Reported(namespace=namespace, name=name) for namespace, name in dict.fromkeys(datasets)]
            for datasets in flow(self)
        )
        return OperatorLineage(inputs=read, outputs=made)


class Database(NamedTuple):
    """A database as OpenLineage names it, and where a table without a schema lies."""

    namespace: str
    database: str | None
    schema: str | None

    def table(self, *parts: str) -> Dataset:
        """Return the table; what its name leaves out is filled in."""
        above = (self.database, self.schema)[: max(0, 3 - len(parts))]
        return self.namespace, ".".join([*filter(None, above), *parts])


def flow(step: Any) -> Flow:
    """Return what a finished step read and made."""
    return FLOWS[step.kind](step)


def file(url: str) -> Dataset:
    """Return a file or folder; a connection's id in its URL is no part of its name."""
    parts = urlsplit(url)
    if parts.scheme in ("", "file", "local"):
        return "file", parts.path
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme.replace('s3a', 's3')}://{host}", parts.path.strip("/") or "/"


def database(conn_id: str) -> Database:
    """Return the database of a connection: by :data:`DATABASES`, else as its own hook tells it."""
    from airflow.sdk import BaseHook

    connection = BaseHook.get_connection(conn_id)
    if named := DATABASES.get(connection.conn_type):
        return named(connection)
    return _told_by_hook(connection) or _other(connection)


def _told_by_hook(connection: Any) -> Database | None:
    from airflow_provider_vai.operators.runtime.compat import AirflowException

    try:
        hook = connection.get_hook()
    except (AirflowException, AttributeError, ImportError):  # a type without a hook, or its provider is not installed
        return None
    told = getattr(hook, "get_openlineage_database_info", lambda _: None)(connection)
    if told is None:
        return None
    namespace = f"{told.scheme}://{told.authority}" if told.authority else told.scheme
    return Database(namespace, told.database, hook.get_openlineage_default_schema())


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
"""Connection type -> how its databases are named; of the others the hook tells, which may ask the database."""


def _read_by(sql: str | None, conn_id: str) -> list[Dataset]:
    """Return the tables and files that a statement names; not what a table function reads, nor a model's own SQL."""
    from airflow.sdk import BaseHook

    from airflow_provider_vai.languages import sql_tables
    from airflow_provider_vai.operators.sql.guard import DIALECTS

    dialect = DIALECTS.get(BaseHook.get_connection(conn_id).conn_type)
    tables = sql_tables.tables_of(sql or "", dialect) or []
    place = database(conn_id)
    return [_source(place, _parts(name, dialect)) for name in tables if not name.endswith("()")]


def _parts(name: str, dialect: str | None) -> list[str]:
    from sqlglot import exp

    return [part.name for part in exp.to_table(name, dialect=dialect).parts]


def _source(place: Database, parts: Sequence[str]) -> Dataset:
    named_file = len(parts) == 1 and ("/" in parts[0] or parts[0].lower().endswith(_FILE_ENDINGS))
    return file(parts[0]) if named_file else place.table(*parts)


def _query(step: Any) -> Flow:
    return _read_by(step.sql, step.conn_id), []


def _transform(step: Any) -> Flow:
    made = file(step.path) if step.path else database(step.conn_id).table(*step.table.split("."))
    return _read_by(step.sql, step.conn_id), [made]


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
    return []  # a source of one's own says nothing of where it reads


def _sync(step: Any) -> Flow:
    return [file(step.source)], [file(step.destination)]


FLOWS: dict[str, Callable[[Any], Flow]] = {
    "dlt_extract": _extract,
    "duckdb_transform": _transform,
    "file_sync": _sync,
    "generate_query": _query,
}
"""Action kind -> what tells its lineage."""

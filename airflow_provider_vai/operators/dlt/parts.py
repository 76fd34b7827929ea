"""Builds the source, the destination and the names of a dlt pipeline from arguments and connections."""

from __future__ import annotations

import contextlib
import datetime
import importlib
import re
from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.operators.files.protected import check_database
from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException
from airflow_provider_vai.operators.runtime.masking import masked
from airflow_provider_vai.operators.web.guard import RequestRefused, checked_url

LONGEST_NAME = 50
_DRIVERS = {"postgres": "postgresql", "mysql": "mysql+pymysql", "mssql": "mssql+pyodbc", "redshift": "postgresql"}
_READERS = {"csv": "read_csv", "jsonl": "read_jsonl", "ndjson": "read_jsonl", "parquet": "read_parquet"}


class PipelineRefused(ValueError):
    """The arguments or a connection cannot be used for a pipeline."""


def slug(name: str) -> str:
    """Return ``name`` in a form that every destination accepts; different names have different forms."""
    plain = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")[:LONGEST_NAME]
    return plain if plain == name else f"{plain or 'x'}_{json_text.digest(name)[:8]}"


@contextlib.contextmanager
def airflow_errors() -> Iterator[None]:
    """Convert dlt's errors to Airflow's, with secrets masked.

    :raises AirflowFailException: a retry cannot help.
    :raises AirflowException: a retry may succeed.
    """
    from dlt.common.configuration.exceptions import ConfigurationException
    from dlt.common.exceptions import MissingDependencyException, TerminalException, TransientException
    from dlt.pipeline.exceptions import PipelineStepFailed

    final = (ConfigurationException, MissingDependencyException, TerminalException)
    try:
        yield
    except PipelineRefused as error:
        raise AirflowFailException(f"nothing was loaded: {error}") from None
    except PipelineStepFailed as error:
        cause = error.exception
        is_refused = isinstance(cause.__cause__, RequestRefused) or isinstance(cause, RequestRefused)
        error_class = AirflowFailException if is_refused or isinstance(cause, final) else AirflowException
        raise error_class(masked(f"dlt failed in the step {error.step}: {type(cause).__name__}: {cause}")) from None
    except final as error:
        raise AirflowFailException(masked(f"dlt refused the pipeline: {error}")) from None
    except TransientException as error:
        raise AirflowException(masked(f"dlt failed, and a retry may succeed: {error}")) from None


def disable_telemetry() -> None:
    """Disable dlt's telemetry for the rest of this process. Call it after the pipeline is created, which starts it."""
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs import RuntimeConfiguration
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
    from dlt.common.runtime.anon_tracker import disable_anon_tracker

    pluggable = Container()[PluggableRunContext]
    initialize = getattr(pluggable.context, "initialize_runtime", None) or pluggable.initialize_runtime  # dlt < 1.18
    initialize(RuntimeConfiguration(dlthub_telemetry=False))
    disable_anon_tracker()  # importing dlt may have started the tracker already


def destination(conn_id: str) -> Any:
    """Return the dlt destination of a connection.

    :raises PipelineRefused: the connection has no file, or its type is not supported.
    """
    import dlt
    from airflow.sdk import BaseHook

    connection = BaseHook.get_connection(conn_id)
    if connection.conn_type == "duckdb":
        if not (path := connection.host or connection.schema):
            raise PipelineRefused(f"the connection {conn_id!r} has no file: set its host to the path of the file")
        check_database(path)
        return dlt.destinations.duckdb(credentials=path)
    factories = {"mysql": "sqlalchemy", "postgres": "postgres", "redshift": "redshift", "sqlite": "sqlalchemy"}
    if connection.conn_type not in factories:
        known = ", ".join(["duckdb", *factories])
        raise PipelineRefused(
            f"the connection {conn_id!r} has the type {connection.conn_type!r}, but a destination must have one of the"
            f" types {known}"
        )
    if connection.conn_type == "sqlite":
        check_database(connection.host or "")
    url = _url(connection).render_as_string(hide_password=False)
    return getattr(dlt.destinations, factories[connection.conn_type])(credentials=url)


def source(
    name: str,
    config: dict[str, Any],
    *,
    resources: list[str] | None,
    conn_id: str | None,
    incremental: bool | None,
    start: str | None,
) -> Any:
    """Return the dlt source with its resources selected and configured.

    The arguments are those of :class:`~airflow_provider_vai.operators.dlt_extract.DltExtractOperator`; ``start`` is its
    ``initial_value``, and ``config`` a copy of its ``source_config``, which this function changes.

    :raises PipelineRefused: the arguments or a connection cannot be used.
    """
    from dlt.extract import DltResource

    cursor = config.pop("cursor_path", None) or config.pop("incremental_column", None)
    table = config.pop("table_name", None) if name == "filesystem" else None
    if incremental and not cursor and name == "sql_database":
        raise PipelineRefused(
            "incremental needs a cursor: set source_config['cursor_path'] to the column that shows which rows are new"
        )
    if name == "sql_database":
        result = _sql_database(config, resources, conn_id)
    elif name == "filesystem":
        result, resources = _filesystem(config, resources, conn_id, files_only=bool(incremental and not cursor))
    else:
        result = _rest_api(config, conn_id) if name == "rest_api" else _users_source(name, config, conn_id)
    result = _as_source(result, name) if isinstance(result, DltResource) else result
    if resources:
        if missing := sorted(set(resources) - set(result.resources)):
            raise PipelineRefused(
                f"the source has no resource {missing[0]!r}; it has {', '.join(sorted(result.resources))}"
            )
        result = result.with_resources(*resources)
    replaces = incremental is False or (incremental is None and name in ("sql_database", "filesystem"))
    for resource in result.selected_resources.values():
        _hint(resource, cursor if incremental else None, start, replaces=replaces, table=table)
    return result


def _sql_database(config: dict[str, Any], resources: list[str] | None, conn_id: str | None) -> Any:
    import sqlalchemy
    from airflow.sdk import BaseHook
    from dlt.sources.sql_database import sql_database

    if not conn_id or "credentials" in config:
        raise PipelineRefused(
            "sql_database takes its credentials only from a connection: set conn_id, and leave credentials out of"
            " source_config"
        )
    if resources:
        config.setdefault("table_names", resources)  # inspect only these tables
    return sql_database(sqlalchemy.create_engine(_url(BaseHook.get_connection(conn_id))), **config)


def _filesystem(
    config: dict[str, Any], resources: list[str] | None, conn_id: str | None, *, files_only: bool
) -> tuple[Any, list[str] | None]:
    import dlt
    from dlt.sources.filesystem import filesystem, readers

    if conn_id or "credentials" in config:
        raise PipelineRefused(
            "filesystem takes a store's credentials from the worker's environment: leave conn_id out, and credentials"
            " out of source_config"
        )
    if files_only:
        config["incremental"] = dlt.sources.incremental("modification_date")
    extension = str(config.get("file_glob", "")).rpartition(".")[2]
    resources = resources or ([_READERS[extension]] if extension in _READERS else None)
    return (readers(**config) if resources else filesystem(**config)), resources


def _rest_api(config: dict[str, Any], conn_id: str | None) -> Any:
    from airflow.sdk import BaseHook
    from dlt.sources.rest_api import rest_api_source

    from airflow_provider_vai.operators.dlt.deadline import session

    client = {**(config.get("client") or {}), "base_url": base_url(config, conn_id), "session": session()}
    if conn_id:
        from airflow_provider_vai.operators.dlt.own_server import OwnServerAuth

        connection = BaseHook.get_connection(conn_id)
        if _has_key(config, "auth"):
            raise PipelineRefused("rest_api takes its credentials from conn_id: leave auth out of source_config")
        client["auth"] = OwnServerAuth(_server(connection), connection.login, connection.password)
    return rest_api_source({**config, "client": client})


def _has_key(value: Any, key: str) -> bool:
    """Return whether any object in JSON data has the key, at any depth."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (isinstance(value, dict) and key in value) or any(_has_key(part, key) for part in parts)


def base_url(config: dict[str, Any], conn_id: str | None) -> str:
    """Return the base URL of ``rest_api``: the one in the configuration, otherwise the connection's.

    :raises PipelineRefused: there is none, or the configuration has another server than the connection.
    """
    from airflow.sdk import BaseHook

    configured = str((config.get("client") or {}).get("base_url") or "")
    if not conn_id:
        if not configured:
            raise PipelineRefused("rest_api needs a server: set conn_id, or source_config['client']['base_url']")
        return configured
    server = _server(BaseHook.get_connection(conn_id))
    try:
        return checked_url(server, configured) if configured else server
    except RequestRefused as error:
        raise PipelineRefused(f"source_config['client']['base_url']: {error}") from None


def _server(connection: Any) -> str:
    host = connection.host or ""
    port = f":{connection.port}" if connection.port else ""
    return host if "://" in host else f"{connection.schema or 'http'}://{host}{port}/"


def _users_source(name: str, config: dict[str, Any], conn_id: str | None) -> Any:
    from dlt.extract import DltResource, DltSource
    from dlt.extract.decorators import SourceFactory

    if conn_id:
        raise PipelineRefused(f"the source {name!r} takes its credentials from dlt's configuration: leave conn_id out")
    module, _, attribute = name.rpartition(":" if ":" in name else ".")
    if not module:
        raise PipelineRefused(
            f"source must be sql_database, filesystem, rest_api or package.module:function, not {name!r}"
        )
    try:
        factory = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise PipelineRefused(f"the source {name!r} cannot be imported: {error}. Install its package") from None
    if not isinstance(factory, (SourceFactory, DltSource, DltResource)):
        raise PipelineRefused(
            f"{name!r} is not a dlt source or resource: decorate it with @dlt.source or @dlt.resource"
        )
    return factory(**config) if config or not isinstance(factory, DltSource) else factory


def _as_source(resource: Any, name: str) -> Any:
    import dlt

    schema = dlt.Schema(slug(name.replace(":", ".").rpartition(".")[2]))
    from dlt.extract import DltSource

    return DltSource(schema, schema.name, [resource])


def _hint(resource: Any, cursor: str | None, start: str | None, *, replaces: bool, table: str | None) -> None:
    import dlt

    if table:
        resource.apply_hints(table_name=table)
    if replaces:
        resource.apply_hints(write_disposition="replace")
    if cursor:
        column = resource.columns.get(cursor, {}) if isinstance(resource.columns, dict) else {}
        keyed = any(part.get("primary_key") for part in resource.columns.values()) if column else False
        first = None if start is None else _typed(start, column)
        resource.apply_hints(
            incremental=dlt.sources.incremental(cursor, initial_value=first),
            write_disposition="merge" if keyed else "append",
        )


def _typed(start: str, column: Any) -> Any:
    """Return the initial value in the type of the cursor column."""
    kind = column.get("data_type")
    try:
        if kind == "bigint":
            return int(start)
        if kind not in ("timestamp", "date"):
            return start
        moment = datetime.datetime.fromisoformat(start.replace("Z", "+00:00"))
    except ValueError:
        raise PipelineRefused(
            f"initial_value {start!r} does not match the cursor column, which has the type {kind}"
        ) from None
    if kind == "date":
        return moment.date()
    return moment if not column.get("timezone", True) else moment.replace(tzinfo=moment.tzinfo or datetime.timezone.utc)


def _url(connection: Any) -> Any:
    import sqlalchemy

    scheme = connection.extra_dejson.get("sqlalchemy_scheme") or _DRIVERS.get(
        connection.conn_type, connection.conn_type
    )
    if connection.conn_type == "sqlite":
        return sqlalchemy.URL.create("sqlite", database=connection.host)
    return sqlalchemy.URL.create(
        scheme,
        username=connection.login or None,
        password=connection.password or None,
        host=connection.host or None,
        port=connection.port,
        database=connection.schema or None,
    )

"""The kind ``dlt_extract``: loads data with a dlt pipeline into DuckDB or another destination."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import Lineage
from airflow_provider_vai.operators.decided import DecidedOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

PROGRESS_SECONDS = 10.0


class DltExtractOperator(Lineage, DecidedOperator):
    """Runs one dlt pipeline and returns ``{"dataset", "tables": {name: rows}, "load_ids", "schema_version"}``.

    dlt keeps its state at the destination, so workers need no shared disk. If a DAG run is retried or cleared, it loads
    the same slice again: it starts at the same state and ends at the same last value, and the next DAG run continues
    after the latest slice. In tables that are appended to, it first deletes the rows of its earlier loads and of
    unfinished ones, see :mod:`~airflow_provider_vai.operators.dlt.slice`. Rows that the source has changed or deleted
    since then are no longer in the slice. Only one task at a time may load: set ``max_active_runs=1`` or use a pool.

    :param source: ``sql_database``, ``filesystem``, ``rest_api``, or your own dlt source or resource as
        ``package.module:function``. The step fails without calling it if it is anything else.
    :param resource_names: The resources (tables) to load; default: all. For ``filesystem`` the reader, such as
        ``read_jsonl``; default: chosen by the extension in ``file_glob``, otherwise only the list of files is loaded.
    :param incremental: ``True`` loads only new rows, ``False`` replaces the tables. Default: ``sql_database`` and
        ``filesystem`` replace the tables, and any other source loads as it is defined.
    :param initial_value: The cursor value at which the first incremental load starts.
    :param source_config: The source's keyword arguments, or for ``rest_api`` its configuration. Also ``cursor_path`` or
        ``incremental_column``, the column that shows which rows are new, and ``table_name`` for a reader.
    :param conn_id: Connection id of the database that the source reads, or of the server of ``rest_api``.
    :param destination_conn_id: Connection id of the destination: DuckDB, Postgres, Redshift, MySQL or SQLite.
    :param dataset: The schema at the destination that the tables are loaded into; default: derived from the DAG id.
    :param own_destination: Whether the dataset belongs to this automation alone; if not, the step is a write.
    """

    kind = "dlt_extract"
    template_fields: Sequence[str] = (
        "source",
        "resource_names",
        "incremental",
        "initial_value",
        "source_config",
        "conn_id",
        "destination_conn_id",
        "dataset",
    )

    def __init__(
        self,
        *,
        source: str,
        destination_conn_id: str,
        resource_names: list[str] | None = None,
        incremental: bool | None = None,
        initial_value: str | None = None,
        source_config: dict[str, Any] | None = None,
        conn_id: str | None = None,
        dataset: str | None = None,
        own_destination: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(given={"source_config": source_config}, own_destination=own_destination, **kwargs)
        self.source = argument(source)
        self.resource_names = argument(resource_names)
        self.incremental = argument(incremental)
        self.initial_value = argument(initial_value)
        self.source_config = argument(source_config)
        self.conn_id = argument(conn_id)
        self.destination_conn_id = argument(destination_conn_id)
        self.dataset = argument(dataset)
        self.loaded: tuple[str, list[str], list[str]] = ("", [], [])  # dataset, tables and resources, for lineage

    def perform(self, context: Context) -> dict[str, Any]:
        """Run the pipeline and return the row counts."""
        from airflow_provider_vai.operators.runtime.errors import MissingExtra

        try:
            import dlt
            from dlt.common.runtime.collector import LogCollector

            from airflow_provider_vai.operators.dlt import parts as dlt_parts, slice as dlt_slice
            from airflow_provider_vai.operators.files import storage
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[dlt]'") from error
        ti = context["ti"]
        dataset = self.dataset or dlt_parts.slug(ti.dag_id)
        with tempfile.TemporaryDirectory(prefix="vai-dlt-") as folder, dlt_parts.airflow_errors():
            pipeline = dlt.pipeline(
                dlt_parts.slug(f"{ti.dag_id}__{ti.task_id}"),
                pipelines_dir=folder,
                destination=dlt_parts.destination(self.destination_conn_id),
                dataset_name=dataset,
                progress=LogCollector(PROGRESS_SECONDS, logging.getLogger(__name__), dump_system_stats=False),
            )
            dlt_parts.disable_telemetry()
            source = dlt_parts.source(
                self.source,
                dict(self.source_config or {}),
                resources=self.resource_names,
                conn_id=self.conn_id,
                incremental=self.incremental,
                start=self.initial_value,
            )
            self.log.info("Loading %s into the dataset %s", ", ".join(source.selected_resources), dataset)
            run_slice = dlt_slice.Slice(pipeline, storage.run_token(context), ti.run_id, self.log)
            rows, load_ids = run_slice.load(source)
            tables = {name: count for name, count in rows.items() if not name.startswith("_dlt")}
            for name, count in tables.items():
                self.log.info("Loaded %s rows into %s", count, name)
            version = pipeline.default_schema.version if pipeline.default_schema_name else None
        self.loaded = (pipeline.dataset_name, list(tables), list(source.selected_resources))
        return {"dataset": pipeline.dataset_name, "tables": tables, "load_ids": load_ids, "schema_version": version}

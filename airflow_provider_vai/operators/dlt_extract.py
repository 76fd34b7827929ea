"""The kind ``dlt_extract``: a dlt pipeline into DuckDB or another destination."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.base import MissingExtra, VaiOperator, argument

if TYPE_CHECKING:
    from airflow.sdk import Context

PROGRESS_SECONDS = 10.0


class DltExtractOperator(VaiOperator):
    """Runs one dlt pipeline and returns ``{"dataset", "tables": {name: rows}, "load_ids", "schema_version"}``.

    dlt keeps its state at the destination, so workers share nothing: each run restores it, loads, and stores it. A
    rerun, of the same DAG run too, goes on where the last finished load stopped; it does not load a slice again.
    Where it fails half-way the state has not moved: rows are loaded again, which replaces them if the table is
    replaced or has a primary key, and may double them if the table is only appended to.

    :param source: ``sql_database``, ``filesystem``, ``rest_api``, or a dlt source or resource of your own as
        ``package.module:function``. Nothing else that can be imported is called.
    :param resource_names: the resources (tables) to load; left out: all. For ``filesystem`` the reader, such as
        ``read_jsonl``; left out: by the ending of ``file_glob``, else the list of the files.
    :param incremental: load only what is new. ``False``: tables are replaced; left out: ``sql_database`` and
        ``filesystem`` replace, any other source does as it says itself.
    :param initial_value: where the first incremental load begins.
    :param source_config: the source's keyword arguments (for ``rest_api`` its configuration), and besides them
        ``cursor_path`` or ``incremental_column``: the column that tells what is new; ``table_name`` for a reader.
    :param conn_id: the connection that the source reads from: a database, or the server of ``rest_api``.
    :param destination_conn_id: the connection of the destination: DuckDB, Postgres, Redshift, MySQL or SQLite.
    :param dataset: the schema of the destination that gets the tables; left out: made of the DAG's id.
    """

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
    effect = "artifact"

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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = argument(source)
        self.resource_names = argument(resource_names)
        self.incremental = argument(incremental)
        self.initial_value = argument(initial_value)
        self.source_config = argument(source_config)
        self.conn_id = argument(conn_id)
        self.destination_conn_id = argument(destination_conn_id)
        self.dataset = argument(dataset)

    def perform(self, context: Context) -> dict[str, Any]:
        """Make the source and the pipeline, run it, and count."""
        try:
            import dlt
            from dlt.common.runtime.collector import LogCollector

            from airflow_provider_vai.operators import dlt_parts
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[dlt]'") from error
        ti = context["ti"]
        dataset = self.dataset or dlt_parts.slug(ti.dag_id)
        with tempfile.TemporaryDirectory(prefix="vai-dlt-") as folder, dlt_parts.told():
            pipeline = dlt.pipeline(
                dlt_parts.slug(f"{ti.dag_id}__{ti.task_id}"),
                pipelines_dir=folder,
                destination=dlt_parts.destination(self.destination_conn_id),
                dataset_name=dataset,
                progress=LogCollector(PROGRESS_SECONDS, logging.getLogger(__name__), dump_system_stats=False),
            )
            dlt_parts.silence()
            source = dlt_parts.source(
                self.source,
                dict(self.source_config or {}),
                resources=self.resource_names,
                conn_id=self.conn_id,
                incremental=self.incremental,
                start=self.initial_value,
            )
            self.log.info("Loading %s into the dataset %s", ", ".join(source.selected_resources), dataset)
            loaded = pipeline.run(source)
            return self._counted(pipeline, loaded)

    def _counted(self, pipeline: Any, loaded: Any) -> dict[str, Any]:
        normalized = pipeline.last_trace.last_normalize_info
        counts = normalized.row_counts if normalized else {}
        tables = {name: rows for name, rows in counts.items() if not name.startswith("_dlt")}
        for name, rows in tables.items():
            self.log.info("%s rows were loaded into %s", rows, name)
        version = pipeline.default_schema.version if pipeline.default_schema_name else None
        result = {"dataset": pipeline.dataset_name, "tables": tables, "load_ids": list(loaded.loads_ids)}
        return {**result, "schema_version": version}

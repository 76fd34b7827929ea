"""The kind ``dlt_extract``: a dlt pipeline into DuckDB or another destination."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator
from airflow_provider_vai.operators.lineage import Lineage
from airflow_provider_vai.operators.runtime.errors import MissingExtra

if TYPE_CHECKING:
    from airflow.sdk import Context

PROGRESS_SECONDS = 10.0


class DltExtractOperator(Lineage, VaiOperator):
    """Runs one dlt pipeline and returns ``{"dataset", "tables": {name: rows}, "load_ids", "schema_version"}``.

    dlt keeps its state at the destination, so workers share nothing: each run restores it, loads, and stores it. A
    rerun of the same DAG run, by a retry or by clearing, loads the same slice: it begins where that run began, and
    ends at the last value that it loaded, whatever has come since; the next DAG run goes on after the latest one. Rows
    of an earlier load of this run, and of a load that did not finish, are deleted first from tables that are appended
    to, so nothing doubles; see :mod:`~airflow_provider_vai.operators.dlt.slice`. Rows that the source has changed or
    deleted since are no longer in it. One task at a time may load: Airflow's ``max_active_runs=1``, or a pool.

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
        self.loaded: tuple[str, list[str], list[str]] = ("", [], [])  # dataset, tables, resources: for the lineage

    def perform(self, context: Context) -> dict[str, Any]:
        """Make the source and the pipeline, run it, and count."""
        try:
            import dlt
            from dlt.common.runtime.collector import LogCollector

            from airflow_provider_vai.operators.dlt import parts as dlt_parts, slice as dlt_slice
            from airflow_provider_vai.operators.files import storage
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
            part = dlt_slice.Slice(pipeline, storage.run_token(context), ti.run_id, self.log)
            rows, load_ids = part.load(source)
            tables = {name: number for name, number in rows.items() if not name.startswith("_dlt")}
            for name, number in tables.items():
                self.log.info("%s rows were loaded into %s", number, name)
            version = pipeline.default_schema.version if pipeline.default_schema_name else None
        self.loaded = (pipeline.dataset_name, list(tables), list(source.selected_resources))
        return {"dataset": pipeline.dataset_name, "tables": tables, "load_ids": load_ids, "schema_version": version}

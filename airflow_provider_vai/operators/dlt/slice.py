"""The slice of a DAG run: a rerun loads the same rows that the DAG run loaded before, and no others.

The table :data:`TABLE` at the destination records the loads of each DAG run. dlt itself stores every state there, with
the load that it belongs to. Therefore the state at the start of a DAG run is the newest one before its first load, and
the state of that load shows where the slice ends. Nothing is kept on a worker or in Airflow.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator
from typing import Any

TABLE = "_vai_runs"
_LOADS, _STATES = "_dlt_loads", "_dlt_pipeline_state"
_COLUMNS = "pipeline_name varchar(128), run_token varchar(32), dag_run varchar(250), load_id varchar(64)"


class Slice:
    """The rows that one DAG run loads.

    :param pipeline: the dlt pipeline. Its state and schemas are restored from the destination.
    :param token: identifies the task in its DAG run, see :func:`storage.run_token`.
    :param dag_run: the DAG run's id, for people who read the table.
    :param log: the task's logger.
    """

    def __init__(self, pipeline: Any, token: str, dag_run: str, log: Any) -> None:
        self.pipeline, self.token, self.dag_run, self.log = pipeline, token, dag_run, log
        pipeline.sync_destination()
        finished = set(self._column("SELECT load_id FROM {_dlt_loads} WHERE status = 0"))
        all_loads = "SELECT load_id FROM {_vai_runs} WHERE pipeline_name = %s"
        own_loads = set(self._column(f"{all_loads} AND run_token = %s", pipeline.pipeline_name, token))
        self.first_load = min(own_loads & finished, default=None)
        self.replaced = own_loads | (set(self._column(all_loads, pipeline.pipeline_name)) - finished)

    def load(self, source: Any) -> tuple[dict[str, int], list[str]]:
        """Run the pipeline. Return the row count of each table, and the ids of the pipeline's loads."""
        if self.first_load is not None:
            self.log.info("This DAG run loaded its slice before; loading the same slice again to replace those rows")
            self._go_back(source)
        load_ids = list(self.pipeline.extract(source).loads_ids)
        rows = self.pipeline.normalize().row_counts
        self._record(load_ids)
        if self.replaced:
            self._delete_replaced()
        self.pipeline.load()
        return rows, load_ids

    def _go_back(self, source: Any) -> None:
        """Restore the state at the start of the DAG run, and filter out rows that came after its slice."""
        # Do not store this state as the newest one: later DAG runs may have loaded more, and the next continues there.
        self.pipeline.config.restore_from_destination = False
        with self.pipeline.managed_state() as state:
            state["sources"] = self._sources("<")
        ended = self._sources("<=").get(source.name, {}).get("resources", {})
        for resource in source.selected_resources.values():
            for pipe in _with_parents(resource._pipe):
                for cursor, stored in ended.get(pipe.name, {}).get("incremental", {}).items():
                    _append_filter(pipe, _until(cursor, stored["last_value"]))

    def _record(self, load_ids: list[str]) -> None:
        """Record that the loads belong to this DAG run, before their first row is loaded."""
        with self.pipeline.sql_client() as client:
            if not client.has_dataset():
                client.create_dataset()
            table = client.make_qualified_table_name(TABLE)
            client.execute_sql(f"CREATE TABLE IF NOT EXISTS {table} ({_COLUMNS})")
            for load_id in load_ids:
                values = (self.pipeline.pipeline_name, self.token, self.dag_run, load_id)
                client.execute_sql(f"INSERT INTO {table} VALUES (%s, %s, %s, %s)", *values)  # noqa: S608

    def _delete_replaced(self) -> None:
        """Delete the rows of this DAG run's earlier loads and of unfinished loads from tables that are appended to."""
        self.log.info("Deleting the rows that were appended by the loads %s", ", ".join(sorted(self.replaced)))
        with self.pipeline.sql_client() as client:
            for schema in self.pipeline.schemas.values():
                _delete(client, schema, sorted(self.replaced))

    def _sources(self, before: str) -> dict[str, Any]:
        """Return the state of the sources before (``<``) or after (``<=``) the DAG run's first load."""
        from dlt.common.versioned_state import decompress_state

        query = (
            "SELECT s.state FROM {_dlt_pipeline_state} s JOIN {_dlt_loads} l ON l.load_id = s._dlt_load_id"
            " WHERE l.status = 0 AND s.pipeline_name = %s AND l.load_id"
        )
        values = (self.pipeline.pipeline_name, self.first_load)
        states = self._column(f"{query} {before} %s ORDER BY l.load_id", *values)
        return decompress_state(states[-1]).get("sources", {}) if states else {}

    def _column(self, query: str, *values: Any) -> list[Any]:
        """Return the first column of a query's rows; empty if a table does not exist yet."""
        from dlt.destinations.exceptions import DatabaseUndefinedRelation

        with self.pipeline.sql_client() as client, contextlib.suppress(DatabaseUndefinedRelation):
            names = {name: client.make_qualified_table_name(name) for name in (TABLE, _LOADS, _STATES)}
            with client.execute_query(query.format(**names), *values) as cursor:
                return [row[0] for row in cursor.fetchall()]
        return []


def _delete(client: Any, schema: Any, load_ids: list[str]) -> None:
    """Delete the rows of these loads, with their nested rows, from every table that is appended to."""
    from dlt.common.schema.utils import get_nested_tables
    from dlt.destinations.exceptions import DatabaseUndefinedRelation

    marks = ", ".join(["%s"] * len(load_ids))
    for root in schema.data_tables():
        if root.get("parent") or root.get("write_disposition") != "append":
            continue
        for table in get_nested_tables(schema.tables, root["name"]):
            name = client.make_qualified_table_name(table["name"])
            if parent_name := table.get("parent"):
                parent = client.make_qualified_table_name(parent_name)
                condition, values = f"_dlt_parent_id NOT IN (SELECT _dlt_id FROM {parent})", []  # noqa: S608
            else:
                condition, values = f"_dlt_load_id IN ({marks})", load_ids
            with contextlib.suppress(DatabaseUndefinedRelation):  # nothing was loaded into this table yet
                client.execute_sql(f"DELETE FROM {name} WHERE {condition}", *values)  # noqa: S608


def _with_parents(pipe: Any) -> Iterator[Any]:
    """Yield a resource's pipe and its parents. The incremental state of a file reader is on a parent."""
    while pipe is not None:
        yield pipe
        pipe = pipe.parent


def _append_filter(pipe: Any, passes: Callable[[Any], bool]) -> None:
    from dlt.extract.items_transform import FilterItem

    pipe.append_step(FilterItem(passes))  # dlt places it before the step that advances the state


def _until(cursor: str, last: Any) -> Callable[[Any], bool]:
    """Return a filter that accepts rows up to the end of the slice, and rows without the cursor.

    :param last: the cursor's last value in the slice.
    """
    from dlt.common.jsonpath import compile_path, find_values

    path, end = compile_path(cursor), _comparable(last)

    def passes(row: Any) -> bool:
        if not isinstance(row, dict):
            raise TypeError(
                "a rerun compares single rows with the end of the slice, but the source yields a"
                f" {type(row).__name__}: yield rows instead of Arrow or pandas tables"
            )
        values = [value for value in find_values(path, row)[:1] if value is not None]
        return not values or (end is not None and _comparable(values[0]) <= end)

    return passes


def _comparable(value: Any) -> Any:
    """Return a time with a time zone: dlt stores the last value in UTC, while a database may return it without one."""
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        return value.replace(tzinfo=datetime.timezone.utc)
    return value

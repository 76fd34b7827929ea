"""The slice of a DAG run: a rerun loads the rows again that the run loaded before, and no others.

The destination's table :data:`TABLE` says which loads each DAG run made; dlt itself keeps every state there, with the
load that stored it. So the state that a run began with is the newest one from before its first load, and where its
slice ends is what that load stored. Nothing is kept on a worker, or in a version of Airflow.
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
    """What one run of a pipeline loads.

    :param pipeline: the dlt pipeline; its state and schemas are restored from the destination.
    :param token: the DAG run and task, see :func:`storage.run_token`.
    :param dag_run: the DAG run's id, for whoever looks into the table.
    :param log: is told of a rerun.
    """

    def __init__(self, pipeline: Any, token: str, dag_run: str, log: Any) -> None:
        self.pipeline, self.token, self.dag_run, self.log = pipeline, token, dag_run, log
        pipeline.sync_destination()
        finished = set(self._column("SELECT load_id FROM {_dlt_loads} WHERE status = 0"))
        known = "SELECT load_id FROM {_vai_runs} WHERE pipeline_name = %s"
        mine = set(self._column(f"{known} AND run_token = %s", pipeline.pipeline_name, token))
        self.first_load = min(mine & finished, default=None)
        self.replaced = mine | (set(self._column(known, pipeline.pipeline_name)) - finished)

    def load(self, source: Any) -> tuple[dict[str, int], list[str]]:
        """Run the pipeline and return the number of rows by table, and the ids of its loads."""
        if self.first_load is not None:
            self.log.info("This DAG run has loaded its slice before: it is loaded again, and replaces what it loaded")
            self._go_back(source)
        load_ids = list(self.pipeline.extract(source).loads_ids)
        rows = self.pipeline.normalize().row_counts
        self._note(load_ids)
        if self.replaced:
            self._delete_replaced()
        self.pipeline.load()
        return rows, load_ids

    def _go_back(self, source: Any) -> None:
        """Return to the state that the run began with, and let nothing pass that came after its slice."""
        # What a rerun ends with is no news: a later run may have gone on since, and the next one follows that.
        self.pipeline.config.restore_from_destination = False
        with self.pipeline.managed_state() as state:
            state["sources"] = self._sources("<")
        ended = self._sources("<=").get(source.name, {}).get("resources", {})
        for resource in source.selected_resources.values():
            for pipe in _line(resource._pipe):
                for cursor, held in ended.get(pipe.name, {}).get("incremental", {}).items():
                    _append_filter(pipe, _until(cursor, held["last_value"]))

    def _note(self, load_ids: list[str]) -> None:
        """Write down whose the loads are, before their first row arrives."""
        with self.pipeline.sql_client() as client:
            if not client.has_dataset():
                client.create_dataset()
            table = client.make_qualified_table_name(TABLE)
            client.execute_sql(f"CREATE TABLE IF NOT EXISTS {table} ({_COLUMNS})")
            for load_id in load_ids:
                values = (self.pipeline.pipeline_name, self.token, self.dag_run, load_id)
                client.execute_sql(f"INSERT INTO {table} VALUES (%s, %s, %s, %s)", *values)  # noqa: S608

    def _delete_replaced(self) -> None:
        """Delete the rows of earlier loads of this run, and of unfinished ones, from tables that are appended to."""
        self.log.info("Deleting what was appended by the loads %s", ", ".join(sorted(self.replaced)))
        with self.pipeline.sql_client() as client:
            for schema in self.pipeline.schemas.values():
                _delete(client, schema, sorted(self.replaced))

    def _sources(self, before: str) -> dict[str, Any]:
        """Return the state of the sources as it was before (``<``) or after (``<=``) the run's first load."""
        from dlt.common.versioned_state import decompress_state

        query = (
            "SELECT s.state FROM {_dlt_pipeline_state} s JOIN {_dlt_loads} l ON l.load_id = s._dlt_load_id"
            " WHERE l.status = 0 AND s.pipeline_name = %s AND l.load_id"
        )
        values = (self.pipeline.pipeline_name, self.first_load)
        states = self._column(f"{query} {before} %s ORDER BY l.load_id", *values)
        return decompress_state(states[-1]).get("sources", {}) if states else {}

    def _column(self, query: str, *values: Any) -> list[Any]:
        """Return the first column of a query; of a table that does not exist yet, nothing."""
        from dlt.destinations.exceptions import DatabaseUndefinedRelation

        with self.pipeline.sql_client() as client, contextlib.suppress(DatabaseUndefinedRelation):
            names = {name: client.make_qualified_table_name(name) for name in (TABLE, _LOADS, _STATES)}
            with client.execute_query(query.format(**names), *values) as cursor:
                return [row[0] for row in cursor.fetchall()]
        return []


def _delete(client: Any, schema: Any, load_ids: list[str]) -> None:
    """Delete the rows of these loads, and what is nested in them, from every table that is appended to."""
    from dlt.common.schema.utils import get_nested_tables
    from dlt.destinations.exceptions import DatabaseUndefinedRelation

    marks = ", ".join(["%s"] * len(load_ids))
    for root in schema.data_tables():
        if root.get("parent") or root.get("write_disposition") != "append":
            continue
        for table in get_nested_tables(schema.tables, root["name"]):
            name = client.make_qualified_table_name(table["name"])
            if above := table.get("parent"):
                parent = client.make_qualified_table_name(above)
                which, values = f"_dlt_parent_id NOT IN (SELECT _dlt_id FROM {parent})", []  # noqa: S608
            else:
                which, values = f"_dlt_load_id IN ({marks})", load_ids
            with contextlib.suppress(DatabaseUndefinedRelation):  # the first load of it is the one to come
                client.execute_sql(f"DELETE FROM {name} WHERE {which}", *values)  # noqa: S608


def _line(pipe: Any) -> Iterator[Any]:
    """Yield a resource's pipe and those that feed it: a reader of files has the incremental one above."""
    while pipe is not None:
        yield pipe
        pipe = pipe.parent


def _append_filter(pipe: Any, passes: Callable[[Any], bool]) -> None:
    from dlt.extract.items_transform import FilterItem

    pipe.append_step(FilterItem(passes))  # dlt puts it before the step that moves the state


def _until(cursor: str, last: Any) -> Callable[[Any], bool]:
    """Return what tells whether a row lies before the end of the slice; a row without the cursor is let pass."""
    from dlt.common.jsonpath import compile_path, find_values

    path, end = compile_path(cursor), _comparable(last)

    def passes(row: Any) -> bool:
        if not isinstance(row, dict):
            raise TypeError("a rerun compares rows one by one: let the source give rows, not tables of Arrow or pandas")
        found = [value for value in find_values(path, row)[:1] if value is not None]
        return not found or (end is not None and _comparable(found[0]) <= end)

    return passes


def _comparable(value: Any) -> Any:
    """Return a time with a zone: dlt keeps the last one in UTC, and a database may give it without."""
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        return value.replace(tzinfo=datetime.timezone.utc)
    return value

"""The kind ``duckdb_transform``: SQL whose rows become a table, or a Parquet file."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator
from airflow_provider_vai.operators.lineage import Lineage
from airflow_provider_vai.operators.runtime.errors import MissingExtra, NothingSent, NothingSentYet

if TYPE_CHECKING:
    from airflow.sdk import Context


class DuckdbTransformOperator(Lineage, VaiOperator):
    """Runs one ``SELECT`` on the connection's DuckDB and keeps its rows in the database or in a Parquet file.

    The result is ``{"table" or "path", "rows": n, "columns": [...]}``. The table changes in one transaction; a file
    is written aside and then put in its place. A retry or a rerun of the same DAG run replaces what that run wrote: a
    table that is appended to has a column ``_vai_run`` (added if missing). Rows that others wrote are never touched.

    DuckDB lets one process at a time write a file: give the tasks on one database an Airflow pool of one slot.

    :param sql: the statement; it is refused unless it only reads.
    :param conn_id: the DuckDB connection. It is opened for writing only where a table is the target; other files stay
        closed unless the connection's extra opens them. An extra with ``"read_only": true`` refuses tables.
    :param table: the table, ``name`` or ``schema.name``; a missing schema is made. Exactly one of this and ``path``.
    :param path: any URL that Airflow's ObjectStoragePath takes, of the Parquet file.
    :param mode: ``"replace"`` the table, or ``"append"`` to it by the names of the columns.
    """

    kind = "duckdb_transform"
    template_fields: Sequence[str] = ("sql", "conn_id", "table", "path", "mode")
    effect = "artifact"
    idempotent = True

    def __init__(
        self,
        *,
        sql: str,
        conn_id: str,
        table: str | None = None,
        path: str | None = None,
        mode: str = "replace",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sql = argument(sql)
        self.conn_id = argument(conn_id)
        self.table = argument(table)
        self.path = argument(path)
        self.mode = argument(mode)

    def perform(self, context: Context) -> dict[str, Any]:
        """Check the statement, run it, and keep its rows."""
        if bool(self.table) == bool(self.path):
            raise NothingSent("give exactly one of table and path: where the rows go")
        if self.mode not in ("replace", "append"):
            raise NothingSent(f"mode is 'replace' or 'append', not {self.mode!r}")
        if self.path and self.mode == "append":
            raise NothingSent("a Parquet file is replaced as a whole: leave mode out, or give a table")
        try:
            import duckdb

            from airflow_provider_vai.hooks.duckdb import DuckDBHook
            from airflow_provider_vai.operators.sql import duckdb_statements
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[duckdb]'") from error
        try:
            sql = duckdb_statements.checked(self.sql)
            return self._to_table(DuckDBHook, sql, context) if self.table else self._to_file(DuckDBHook, sql, context)
        # Until its commit the database takes everything back, and a file is not yet in its place.
        except duckdb_statements.StatementRefused as error:
            raise NothingSent(f"the statement was not run: {error}") from None
        except (duckdb.IOException, duckdb.TransactionException, duckdb.OutOfMemoryException) as error:
            raise NothingSentYet(f"DuckDB could not run it now: {error}") from error
        except duckdb.Error as error:
            raise NothingSent(f"DuckDB refused the statement: {error}") from error

    def _to_table(self, hook: Any, sql: str, context: Context) -> dict[str, Any]:
        from airflow_provider_vai.operators.sql import duckdb_statements

        with hook(duckdb_conn_id=self.conn_id, read_only=False).get_conn() as database:
            name, statements = self._statements(database, sql, context)
            self.log.info("Filling the table %s (%s)", name, self.mode)
            database.execute("BEGIN")  # leaving by an error closes the database, which takes all of it back
            for statement, values in statements:
                done = database.execute(statement, values)
            rows = done.fetchone()[0]
            columns = duckdb_statements.columns(database, name)
            duckdb_statements.commit(database)
        self.log.info("%s rows were written to %s", rows, name)
        return {"table": self.table, "rows": rows, "columns": columns}

    def _statements(self, database: Any, sql: str, context: Context) -> Any:
        from airflow_provider_vai.operators.sql import duckdb_statements

        if self.mode == "replace":
            return duckdb_statements.for_table(self.table, sql)
        ti = context["ti"]
        run = f"{ti.dag_id} {ti.run_id} {ti.task_id} {ti.map_index}"  # of these only the run's id may hold a space
        return duckdb_statements.appending(self.table, sql, duckdb_statements.columns(database, sql), run)

    def _to_file(self, hook: Any, sql: str, context: Context) -> dict[str, Any]:
        from airflow_provider_vai.operators.files import storage
        from airflow_provider_vai.operators.sql import duckdb_statements

        target = storage.opened(self.path)
        with tempfile.TemporaryDirectory(prefix="vai-") as folder:
            file = Path(folder, "rows.parquet")
            with hook(duckdb_conn_id=self.conn_id, output_folder=folder).get_conn() as database:
                columns = duckdb_statements.columns(database, sql)
                rows = database.execute(duckdb_statements.for_file(str(file), sql)).fetchone()[0]
            storage.place(file, target, storage.run_token(context))
        self.log.info("%s rows were written to %s", rows, target)
        return {"path": str(target), "rows": rows, "columns": columns}

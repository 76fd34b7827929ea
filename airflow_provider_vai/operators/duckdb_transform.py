"""The kind ``duckdb_transform``: SQL whose rows become a table, or a Parquet file."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.base import MissingExtra, VaiOperator, argument
from airflow_provider_vai.operators.compat import AirflowException, AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Context


class DuckdbTransformOperator(VaiOperator):
    """Runs one ``SELECT`` on the connection's DuckDB and keeps its rows in the database or in a Parquet file.

    The result is ``{"table" or "path", "rows": n, "columns": [...]}``. The table changes in one transaction; a file
    is written aside and then put in its place. A retry replaces what an earlier try wrote. Appended rows would double
    in a retry instead, so appending counts as a write: it is not retried unless ``retries`` is given.

    DuckDB lets one process at a time write a file: give the tasks on one database an Airflow pool of one slot.

    :param sql: the statement; it is refused unless it only reads.
    :param conn_id: the DuckDB connection. It is opened for writing only where a table is the target; other files stay
        closed unless the connection's extra opens them. An extra with ``"read_only": true`` refuses tables.
    :param table: the table, ``name`` or ``schema.name``; a missing schema is made. Exactly one of this and ``path``.
    :param path: any URL that Airflow's ObjectStoragePath takes, of the Parquet file.
    :param mode: ``"replace"`` the table, or ``"append"`` to it by the names of the columns.
    """

    template_fields: Sequence[str] = ("sql", "conn_id", "table", "path", "mode")
    effect = "artifact"

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
        kwargs.setdefault("effect", "artifact" if mode == "replace" else "write")
        super().__init__(**kwargs)
        self.sql = argument(sql)
        self.conn_id = argument(conn_id)
        self.table = argument(table)
        self.path = argument(path)
        self.mode = argument(mode)

    def perform(self, context: Context) -> dict[str, Any]:
        """Check the statement, run it, and keep its rows."""
        if bool(self.table) == bool(self.path):
            raise AirflowFailException("give exactly one of table and path: where the rows go")
        if self.mode not in ("replace", "append"):
            raise AirflowFailException(f"mode is 'replace' or 'append', not {self.mode!r}")
        if self.path and self.mode == "append":
            raise AirflowFailException("a Parquet file is replaced as a whole: leave mode out, or give a table")
        try:
            import duckdb

            from airflow_provider_vai.hooks.duckdb import DuckDBHook
            from airflow_provider_vai.operators import duckdb_statements
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[duckdb]'") from error
        try:
            sql = duckdb_statements.checked(self.sql)
            return self._to_table(DuckDBHook, sql) if self.table else self._to_file(DuckDBHook, sql, context)
        except duckdb_statements.Refused as error:
            raise AirflowFailException(f"the statement was not run: {error}") from None
        except (duckdb.IOException, duckdb.TransactionException, duckdb.OutOfMemoryException) as error:
            raise AirflowException(f"DuckDB could not run it now: {error}") from error
        except duckdb.Error as error:
            raise AirflowFailException(f"DuckDB refused the statement: {error}") from error

    def _to_table(self, hook: Any, sql: str) -> dict[str, Any]:
        from airflow_provider_vai.operators import duckdb_statements

        name, before, statement = duckdb_statements.for_table(self.table, sql, append=self.mode == "append")
        with hook(duckdb_conn_id=self.conn_id, read_only=False).get_conn() as database:
            self.log.info("Filling the table %s (%s)", name, self.mode)
            database.execute("BEGIN")  # leaving by an error closes the database, which takes all of it back
            for preparation in before:
                database.execute(preparation)
            rows = database.execute(statement).fetchone()[0]
            columns = [row[0] for row in database.execute(f"DESCRIBE {name}").fetchall()]
            database.execute("COMMIT")
        self.log.info("%s rows were written to %s", rows, name)
        return {"table": self.table, "rows": rows, "columns": columns}

    def _to_file(self, hook: Any, sql: str, context: Context) -> dict[str, Any]:
        from airflow_provider_vai.operators import duckdb_statements, storage

        target = storage.opened(self.path)
        with tempfile.TemporaryDirectory(prefix="vai-") as folder:
            file = Path(folder, "rows.parquet")
            with hook(duckdb_conn_id=self.conn_id, output_folder=folder).get_conn() as database:
                columns = [row[0] for row in database.execute(f"DESCRIBE {sql}").fetchall()]
                rows = database.execute(duckdb_statements.for_file(str(file), sql)).fetchone()[0]
            storage.place(file, target, storage.run_token(context))
        self.log.info("%s rows were written to %s", rows, target)
        return {"path": str(target), "rows": rows, "columns": columns}

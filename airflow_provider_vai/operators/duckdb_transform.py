"""The kind ``duckdb_transform``: writes the rows of a query to a DuckDB table or a Parquet file."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import Lineage
from airflow_provider_vai.operators.decided import DecidedOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class DuckdbTransformOperator(Lineage, DecidedOperator):
    """Runs one ``SELECT`` in DuckDB and writes its rows to a table of the database or to a Parquet file.

    The result is ``{"table" or "path", "rows": n, "columns": [...]}``. A table changes in one transaction, and a file
    is replaced as a whole. If a DAG run is retried or cleared, it replaces the rows that it wrote before. For this,
    ``append`` adds a column ``_vai_run`` to the table; rows of other writers never change.

    Only one process at a time can write a DuckDB file: run the tasks of one database in an Airflow pool of one slot.

    :param sql: The statement. The step fails without a retry if the statement does more than read.
    :param conn_id: Connection id of the database. It is opened read-only unless rows go to a table. Other files are not
        accessible unless the connection's extra allows them; ``"read_only": true`` in the extra refuses tables.
    :param table: The table, as ``name`` or ``schema.name``. A missing schema is created. Set either this or ``path``.
    :param path: The Parquet file, as a URL that Airflow's ObjectStoragePath accepts.
    :param mode: ``"replace"`` the table, or ``"append"`` to it, matching columns by name.
    :param own_destination: Whether the table or file is this automation's alone; if not, the step may be a write.
    """

    kind = "duckdb_transform"
    defaults = {"mode": "replace"}  # noqa: RUF012 - never changed
    template_fields: Sequence[str] = ("sql", "conn_id", "table", "path", "mode")

    def __init__(
        self,
        *,
        sql: str,
        conn_id: str,
        table: str | None = None,
        path: str | None = None,
        mode: str = "replace",
        own_destination: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(given={"path": path}, own_destination=own_destination, **kwargs)
        self.sql = argument(sql)
        self.conn_id = argument(conn_id)
        self.table = argument(table)
        self.path = argument(path)
        self.mode = self.stored("mode", mode)

    def perform(self, context: Context) -> dict[str, Any]:
        """Check the statement, run it and write its rows."""
        from airflow_provider_vai.operators.runtime.errors import MissingExtra, NothingSent, NothingSentYet

        if bool(self.table) == bool(self.path):
            raise NothingSent("the rows need exactly one target: set either table or path")
        if self.mode not in ("replace", "append"):
            raise NothingSent(f"mode must be 'replace' or 'append', not {self.mode!r}")
        if self.path and self.mode == "append":
            raise NothingSent("mode 'append' needs a table; a Parquet file is always replaced: leave mode out")
        try:
            import duckdb
            import sqlglot  # noqa: F401 - the checks import it later, where its absence would be harder to explain

            from airflow_provider_vai.hooks.duckdb import DuckDBHook
            from airflow_provider_vai.operators.sql import duckdb_statements
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[duckdb]'") from error
        try:
            sql = duckdb_statements.checked(self.sql)
            return self._to_table(DuckDBHook, sql, context) if self.table else self._to_file(DuckDBHook, sql, context)
        # Nothing was written in these cases: the transaction is rolled back, or the file is not in its place yet.
        except duckdb_statements.StatementRefused as error:
            raise NothingSent(f"the statement was not run: {error}") from None
        except (duckdb.IOException, duckdb.TransactionException, duckdb.OutOfMemoryException) as error:
            raise NothingSentYet(f"DuckDB could not run the statement this time: {error}") from error
        except duckdb.Error as error:
            raise NothingSent(f"DuckDB refused the statement: {error}") from error

    def _to_table(self, hook: Any, sql: str, context: Context) -> dict[str, Any]:
        from airflow_provider_vai.operators.sql import duckdb_statements

        self.check_database(hook(duckdb_conn_id=self.conn_id).database_file())
        with hook(duckdb_conn_id=self.conn_id, read_only=False).get_conn() as database:
            name, statements = self._statements(database, sql, context)
            database.execute("BEGIN")  # after an error the connection is closed, which rolls the transaction back
            for statement, values in statements:
                executed = database.execute(statement, values)
            rows = executed.fetchone()[0]
            columns = duckdb_statements.columns(database, name)
            duckdb_statements.commit(database)
        self.log.info("Wrote %s rows to the table %s (mode %s)", rows, name, self.mode)
        return {"table": self.table, "rows": rows, "columns": columns}

    def _statements(self, database: Any, sql: str, context: Context) -> Any:
        from airflow_provider_vai.operators.runtime import instance
        from airflow_provider_vai.operators.sql import duckdb_statements

        if self.mode == "replace":
            return duckdb_statements.for_table(self.table, sql)
        run = " ".join(map(str, instance.key(context["ti"])))  # of its parts, only a run id has spaces
        return duckdb_statements.appending(self.table, sql, duckdb_statements.columns(database, sql), run)

    def _to_file(self, hook: Any, sql: str, context: Context) -> dict[str, Any]:
        from airflow_provider_vai.operators.files import storage
        from airflow_provider_vai.operators.sql import duckdb_statements

        target = self.checked_target(storage.opened(self.path))
        with tempfile.TemporaryDirectory(prefix="vai-") as folder:
            file = Path(folder, "rows.parquet")
            with hook(duckdb_conn_id=self.conn_id, output_folder=folder).get_conn() as database:
                columns = duckdb_statements.columns(database, sql)
                rows = database.execute(duckdb_statements.for_file(str(file), sql)).fetchone()[0]
            storage.place(file, target, storage.run_token(context))
        self.log.info("Wrote %s rows to %s", rows, target)
        return {"path": str(target), "rows": rows, "columns": columns}

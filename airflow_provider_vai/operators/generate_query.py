"""The kind ``generate_query``: SQL that the recorded run settled on, run again as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.base import MissingExtra, VaiOperator, argument
from airflow_provider_vai.operators.compat import AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Context

MAX_ROWS = 100_000  # what a result may hold before somebody should aggregate in SQL instead


class GenerateQueryOperator(VaiOperator):
    """Runs one read-only statement and returns its rows.

    The result is ``{"columns": [...], "rows": [...], "row_count": n}``. The statement is parsed first and
    refused unless it only reads; what the database's role may do is the real boundary (see
    :mod:`~airflow_provider_vai.operators.sql_guard`).

    :param sql: the statement.
    :param conn_id: the connection: DuckDB, or any type whose hook is a ``DbApiHook``.
    :param question: what the statement answers; only shown.
    :param parameters: bind parameters, a list or an object, in the way the database's driver marks them.
    :param rows_as: ``"records"``: each row an object; ``"arrays"``: each row a list in the order of
        ``columns``.
    :param max_rows: the step fails if there are more; rows are never dropped.
    """

    template_fields: Sequence[str] = (
        "sql",
        "conn_id",
        "question",
        "parameters",
        "rows_as",
        "max_rows",
    )
    effect = "read"

    def __init__(
        self,
        *,
        sql: str,
        conn_id: str,
        question: str | None = None,
        parameters: list[Any] | dict[str, Any] | None = None,
        rows_as: str = "records",
        max_rows: int = MAX_ROWS,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sql = argument(sql)
        self.conn_id = argument(conn_id)
        self.question = argument(question)
        self.parameters = argument(parameters)
        self.rows_as = argument(rows_as)
        self.max_rows = argument(max_rows)

    def perform(self, context: Context) -> dict[str, Any]:
        """Check the statement, run it, and return its rows."""
        hook = self._checked_hook()
        columns: list[str] = []

        def fetch(cursor: Any) -> list[Any]:
            columns.extend(column[0] for column in cursor.description or ())
            return list(cursor.fetchmany(self.max_rows + 1))

        rows = hook.run(self.sql, parameters=self.parameters or None, handler=fetch)
        if len(rows) > self.max_rows:
            raise AirflowFailException(
                f"the query returns more than {self.max_rows} rows: aggregate in SQL, or raise max_rows"
            )
        self.log.info("The query returned %s rows in the columns %s", len(rows), columns)
        return {"columns": columns, "rows": self._shaped(columns, rows), "row_count": len(rows)}

    def _checked_hook(self) -> Any:
        from airflow.sdk import BaseHook

        from airflow_provider_vai.operators import sql_guard

        connection = BaseHook.get_connection(self.conn_id)
        try:
            sql_guard.check_read_only(self.sql, sql_guard.DIALECTS.get(connection.conn_type))
            if connection.conn_type != "duckdb":
                return connection.get_hook()
            import duckdb  # noqa: F401 - so that its absence is told before the hook is asked

            from airflow_provider_vai.hooks.duckdb import DuckDBHook
        except sql_guard.NotReadOnly as error:
            raise AirflowFailException(f"the query was not run: {error}") from None
        except ImportError as error:
            extra = "duckdb" if connection.conn_type == "duckdb" else "sql"
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[{extra}]'") from error
        return DuckDBHook(duckdb_conn_id=self.conn_id)

    def _shaped(self, columns: list[str], rows: list[Any]) -> list[Any]:
        if self.rows_as == "arrays":
            return [list(row) for row in rows]
        if self.rows_as != "records":
            raise AirflowFailException(f"rows_as is 'records' or 'arrays', not {self.rows_as!r}")
        if twice := sorted({name for name in columns if columns.count(name) > 1}):
            raise AirflowFailException(f"the query returns the column {twice[0]!r} twice: name it with AS")
        return [dict(zip(columns, row, strict=True)) for row in rows]

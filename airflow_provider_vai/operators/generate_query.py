"""The kind ``generate_query``: runs the SQL of the recorded run again, unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import Lineage, VaiOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

MAX_ROWS = 100_000  # a query that returns more should aggregate in SQL instead
MAX_SECONDS = 300.0


class GenerateQueryOperator(Lineage, VaiOperator):
    """Runs one read-only SQL statement and returns its rows.

    The result is ``{"columns": [...], "rows": [...], "row_count": n}``. The statement is parsed first, and refused if
    it does more than read. This check does not replace database permissions: use a role that may only read. Without
    ``sql``, a model writes the statement in each DAG run. It passes the same checks, and the result has it as ``sql``.

    :param sql: The statement. If it is given, no model is asked.
    :param conn_id: Connection id of the database: DuckDB, or any type whose hook is a ``DbApiHook``.
    :param question: The question that the statement answers.
    :param parameters: Bind parameters as a list or an object, in the paramstyle of the database's driver.
    :param tables: What the statement may read, written as in the statement: tables and views (``orders``,
        ``sales.orders``), files (``"sales.parquet"``) and table functions (``read_csv()``). Default: everything.
    :param rows_as: ``"records"`` returns each row as an object, ``"arrays"`` as a list in the order of ``columns``.
    :param max_rows: The step fails if the statement returns more rows; rows are never dropped.
    :param max_seconds: The statement is stopped and the step fails if it takes longer, see :func:`.rows.fetched`.
    :param llm_conn_id: Connection id of the model that writes the statement, a ``pydanticai`` connection.
    :param model_id: That model as ``provider:model``; default: the connection's model.
    """

    kind = "generate_query"
    template_fields: Sequence[str] = (
        *("sql", "conn_id", "question", "parameters", "tables"),
        *("rows_as", "max_rows", "max_seconds", "llm_conn_id", "model_id"),
    )
    defaults = {  # noqa: RUF012 - never changed
        "rows_as": "records",
        "max_rows": MAX_ROWS,
        "max_seconds": MAX_SECONDS,
        "llm_conn_id": "pydanticai_default",
    }
    effect = "read"

    def __init__(
        self,
        *,
        conn_id: str,
        sql: str | None = None,
        question: str | None = None,
        parameters: list[Any] | dict[str, Any] | None = None,
        tables: list[str] | None = None,
        rows_as: str = "records",
        max_rows: int = MAX_ROWS,
        max_seconds: float = MAX_SECONDS,
        llm_conn_id: str = "pydanticai_default",
        model_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**(kwargs if sql is not None else _timed(kwargs)))
        self.is_model_written = sql is None  # a wired statement that resolves to None is an error, not a question
        self.sql = argument(sql)
        self.conn_id = argument(conn_id)
        self.question: Any = None if question is None else _without_secrets(question)
        self.parameters = argument(parameters)
        self.tables = argument(tables)
        self.rows_as = self.stored("rows_as", rows_as)
        self.max_rows = self.stored("max_rows", max_rows)
        self.max_seconds = self.stored("max_seconds", max_seconds)
        self.llm_conn_id = self.stored("llm_conn_id", llm_conn_id)
        self.model_id = argument(model_id)

    def perform(self, context: Context) -> dict[str, Any]:
        """Check the statement, run it and return its rows."""
        from airflow_provider_vai.model import time_limit
        from airflow_provider_vai.operators.runtime.compat import AirflowException, AirflowFailException
        from airflow_provider_vai.operators.sql import guard as sql_guard, rows as sql_rows

        self._check_arguments()
        hook, dialect = sql_rows.hook_and_dialect(self.conn_id)
        sql = self._write(hook, dialect, context) if self.is_model_written else self.sql
        limits = {"max_rows": self.max_rows, "max_seconds": self.max_seconds}
        try:
            sql_guard.check_read_only(sql, dialect)
            if self.tables is not None:
                sql_guard.check_tables(sql, dialect, self.tables)
            columns, rows = sql_rows.fetched(hook, sql, self.parameters, **limits)
        except sql_guard.SqlRefused as error:
            raise AirflowFailException(f"the query was not run: {error}") from None
        except time_limit.TookTooLong as error:
            raise AirflowException(f"the query was stopped: {error}; raise max_seconds or simplify it") from None
        if len(rows) > self.max_rows:
            raise AirflowFailException(
                f"the query returns more rows than max_rows allows ({self.max_rows:,}): raise max_rows or aggregate"
            )
        self.log.info("The query returned %s rows with the columns %s", len(rows), columns)
        result = {"columns": columns, "rows": sql_rows.shaped(columns, rows, self.rows_as), "row_count": len(rows)}
        return {**result, "sql": sql} if self.is_model_written else result

    def _check_arguments(self) -> None:
        from airflow_provider_vai.operators.runtime.compat import AirflowFailException

        if self.is_model_written and not self.question:
            raise AirflowFailException("neither sql nor question is set: set sql to the statement")
        if not self.is_model_written and not isinstance(self.sql, str):
            raise AirflowFailException(f"sql must be a text, not {self.sql!r}")
        if not isinstance(self.tables, list | None):
            raise AirflowFailException(f"tables must be a list of names, not {self.tables!r}")

    def _write(self, hook: Any, dialect: str | None, context: Context) -> str:
        from airflow_provider_vai.operators.sql import query_writing

        model = {"llm_conn_id": self.llm_conn_id, "model_id": self.model_id}
        return query_writing.written(self.question, hook, context, dialect=dialect, tables=self.tables, **model)


def _timed(options: dict[str, Any]) -> dict[str, Any]:
    from airflow_provider_vai.operators import nested

    return nested.timed(options)


def _without_secrets(question: str) -> Any:
    from airflow_provider_vai.operators import nested

    return nested.without_secrets("question", question)

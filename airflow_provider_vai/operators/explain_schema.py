"""The kind ``explain_schema``: the tables and columns of a database, by inspection; no model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator
from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from airflow_provider_vai.operators.runtime.errors import MissingExtra

if TYPE_CHECKING:
    from airflow.sdk import Context


class ExplainSchemaOperator(VaiOperator):
    """Returns the schema of a database as it is now, views included, in the order of their names.

    The result is ``{"tables": [{"name", "schema", "columns": [{"name", "type", "nullable", "comment"?}],
    "primary_key": [...], "foreign_keys": [{"columns", "referred_schema", "referred_table",
    "referred_columns"}], "comment"?}]}``.

    :param conn_id: the connection: DuckDB, or any type whose hook is a ``DbApiHook`` with a SQLAlchemy dialect.
    :param tables: the tables to explain, as ``"orders"`` or ``"sales.orders"``; left out: all of them.
    :param schema: the database schema; left out: the connection's default one, and of DuckDB all of them.
    :param question: what was asked; only shown.
    """

    kind = "explain_schema"
    template_fields: Sequence[str] = ("conn_id", "tables", "schema", "question")
    effect = "read"

    def __init__(
        self,
        *,
        conn_id: str,
        tables: list[str] | None = None,
        schema: str | None = None,
        question: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.conn_id = argument(conn_id)
        self.tables = argument(tables)
        self.schema = argument(schema)
        self.question = argument(question)

    def perform(self, context: Context) -> dict[str, Any]:
        """Inspect the database and return its tables."""
        from airflow_provider_vai.operators.sql import inspection as schema_inspection

        if self.tables is not None and not isinstance(self.tables, list):
            raise AirflowFailException(f"tables is a list of names, not a {type(self.tables).__name__}")
        try:
            tables = self._inspected()
        except schema_inspection.Unknown as error:
            raise AirflowFailException(f"the schema of {self.conn_id!r} was not read: {error}") from None
        self.log.info("Read the schema of %s tables of %s", len(tables), self.conn_id)
        return {"tables": tables}

    def _inspected(self) -> list[dict[str, Any]]:
        from airflow.sdk import BaseHook

        from airflow_provider_vai.operators.sql import inspection as schema_inspection

        connection = BaseHook.get_connection(self.conn_id)
        if connection.conn_type == "duckdb":
            return schema_inspection.of_duckdb(self._duckdb_hook(), self.schema, self.tables)
        try:
            hook = connection.get_hook()
            if not hasattr(hook, "get_sqlalchemy_engine"):
                raise AirflowFailException(
                    f"the hook of {self.conn_id!r} ({connection.conn_type}) is no DbApiHook: it has no schema to read"
                )
            engine = hook.get_sqlalchemy_engine()
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[sql]'") from error
        try:
            return schema_inspection.of_engine(engine, self.schema, self.tables)
        finally:
            engine.dispose()

    def _duckdb_hook(self) -> Any:
        try:
            import duckdb  # noqa: F401 - so that its absence is told before the hook is asked

            from airflow_provider_vai.hooks.duckdb import DuckDBHook
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[duckdb]'") from error
        return DuckDBHook(duckdb_conn_id=self.conn_id)

"""The kind ``explain_schema``: reads the tables and columns of a database from its catalog, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators.arguments import argument
from airflow_provider_vai.operators.base import VaiOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class ExplainSchemaOperator(VaiOperator):
    """Returns the current tables and views of a database with their columns and keys, sorted by name.

    The result is ``{"tables": [{"name", "schema", "columns": [{"name", "type", "nullable", "comment"?}],
    "primary_key": [...], "foreign_keys": [{"columns", "referred_schema", "referred_table",
    "referred_columns"}], "comment"?}]}``. The step fails without a retry if a listed table does not exist.

    :param conn_id: Connection id of the database: DuckDB, or any type with a ``DbApiHook`` and a SQLAlchemy dialect.
    :param tables: The tables to read, as ``"orders"`` or ``"sales.orders"``; default: all.
    :param schema: The database schema; default: the connection's default schema, for DuckDB all schemas.
    :param question: The question that was asked in the recorded run. It is shown and has no other effect.
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
        """Read the schema and return the tables."""
        from airflow_provider_vai.operators.runtime.compat import AirflowFailException
        from airflow_provider_vai.operators.sql import inspection as schema_inspection

        if self.tables is not None and not isinstance(self.tables, list):
            raise AirflowFailException(f"tables must be a list of names, not a {type(self.tables).__name__}")
        try:
            tables = self._inspected()
        except schema_inspection.UnknownTable as error:
            raise AirflowFailException(f"cannot read the schema of the connection {self.conn_id!r}: {error}") from None
        self.log.info("Read the schema of %s tables of the connection %s", len(tables), self.conn_id)
        return {"tables": tables}

    def _inspected(self) -> list[dict[str, Any]]:
        from airflow.sdk import BaseHook

        from airflow_provider_vai.operators.runtime.compat import AirflowFailException
        from airflow_provider_vai.operators.runtime.errors import MissingExtra
        from airflow_provider_vai.operators.sql import inspection as schema_inspection

        connection = BaseHook.get_connection(self.conn_id)
        if connection.conn_type == "duckdb":
            return schema_inspection.of_duckdb(self._duckdb_hook(), self.schema, self.tables)
        try:
            hook = connection.get_hook()
            if not hasattr(hook, "get_sqlalchemy_engine"):
                raise AirflowFailException(
                    f"the connection {self.conn_id!r} has the type {connection.conn_type!r}, which has no DbApiHook and"
                    " no schema to read: use a database connection"
                )
            engine = hook.get_sqlalchemy_engine()
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[sql]'") from error
        try:
            return schema_inspection.of_engine(engine, self.schema, self.tables)
        finally:
            engine.dispose()

    def _duckdb_hook(self) -> Any:
        from airflow_provider_vai.operators.runtime.errors import MissingExtra

        try:
            import duckdb  # noqa: F401 - the hook imports it later, where its absence would be harder to explain

            from airflow_provider_vai.hooks.duckdb import DuckDBHook
        except ImportError as error:
            raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[duckdb]'") from error
        return DuckDBHook(duckdb_conn_id=self.conn_id)

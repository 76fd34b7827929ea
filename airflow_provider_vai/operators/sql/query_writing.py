"""Lets a model write SQL in the DAG run, through common-ai's ``LLMSQLQueryOperator``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.operators import nested
from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from airflow_provider_vai.operators.runtime.errors import MissingExtra
from airflow_provider_vai.operators.sql import inspection as schema_inspection

if TYPE_CHECKING:
    from airflow.sdk import Context

SCHEMA_CHARACTERS = 60_000
"""The longest schema that is sent to a model. For a larger database, list the tables."""


def written(
    question: str,
    hook: Any,
    context: Context,
    *,
    dialect: str | None,
    tables: Sequence[str] | None,
    llm_conn_id: str,
    model_id: str | None,
) -> str:
    """Return the SQL that a model writes for ``question``. The SQL is neither checked nor run here.

    :param hook: the hook of the database. The model gets the names and types of the columns, but no rows.
    :param dialect: the sqlglot dialect of the database; ``None``: generic SQL.
    :param tables: the tables that the model may know; ``None``: all of the default schema (for DuckDB: all schemas).
    :param llm_conn_id: connection id of a ``pydanticai`` connection.
    :param model_id: ``provider:model``; ``None``: the connection's model.
    :raises MissingExtra: common-ai is not installed.
    :raises AirflowFailException: a table does not exist, the schema is too large, or the model was stopped.
    """
    try:
        from airflow.providers.common.ai.operators.llm_sql import LLMSQLQueryOperator
        from pydantic_ai.exceptions import UsageLimitExceeded, UserError
    except ImportError as error:
        raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[agent]'") from error
    operator = LLMSQLQueryOperator(
        task_id=context["ti"].task_id,
        prompt=question,
        llm_conn_id=llm_conn_id,
        model_id=model_id,
        schema_context=_schema(hook, dialect, tables),
        dialect=dialect,
        validate_sql=False,  # the step applies the same checks to recorded and model-written statements
    )
    try:
        sql: str = nested.run(operator, context)
    except (UsageLimitExceeded, UserError) as error:
        raise AirflowFailException(f"the model was stopped: {error}") from error
    return sql


def _schema(hook: Any, dialect: str | None, tables: Sequence[str] | None) -> str:
    try:
        described = _inspected(hook, None if tables is None else _schemas_and_names(tables, dialect))
    except schema_inspection.UnknownTable as error:
        raise AirflowFailException(f"no model was asked: {error}") from None
    text = "\n".join(_line(table) for table in described)
    if len(text) > SCHEMA_CHARACTERS:
        raise AirflowFailException(
            f"no model was asked: the schema of the {plural(len(described), 'table')} has "
            f"{plural(len(text), 'character')}, more than the"
            f" limit of {SCHEMA_CHARACTERS}: list the tables that the question needs in `tables`"
        )
    return text


def _schemas_and_names(tables: Sequence[str], dialect: str | None) -> list[tuple[str, str]]:
    """Return schema and name of each listed table, without quotes. Table functions are left out."""
    from sqlglot import exp

    parsed = [exp.to_table(name, dialect=dialect) for name in tables if not name.endswith("()")]
    return [(table.db, table.name) for table in parsed]


def _inspected(hook: Any, names: list[tuple[str, str]] | None) -> list[dict[str, Any]]:
    if getattr(hook, "conn_type", None) == "duckdb":
        full_names = None if names is None else [".".join(filter(None, parts)) for parts in names]
        return schema_inspection.of_duckdb(hook, None, full_names)
    engine = hook.get_sqlalchemy_engine()
    try:
        if names is None:
            return schema_inspection.of_engine(engine, None, None)
        return [part for db, name in names for part in schema_inspection.of_engine(engine, db or None, [name])]
    finally:
        engine.dispose()


def _line(table: dict[str, Any]) -> str:
    columns = ", ".join(f"{column['name']} {column['type']}" for column in table["columns"])
    name = f"{table['schema']}.{table['name']}" if table["schema"] else table["name"]
    return f"Table: {name}\nColumns: {columns}"

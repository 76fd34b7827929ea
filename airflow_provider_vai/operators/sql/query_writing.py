"""Lets a model write the SQL that no recorded run holds, through common-ai's ``LLMSQLQueryOperator``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_vai.operators import nested
from airflow_provider_vai.operators.runtime.compat import AirflowFailException
from airflow_provider_vai.operators.runtime.errors import MissingExtra
from airflow_provider_vai.operators.sql import inspection as schema_inspection

if TYPE_CHECKING:
    from airflow.sdk import Context

SCHEMA_CHARACTERS = 60_000
"""What a model is shown of a database; a larger one needs the tables named."""


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
    """Return the SQL that a model writes for ``question``. It is not checked here, and not run.

    :param hook: the hook of the database; the model is shown names and types of its columns, no rows.
    :param dialect: sqlglot's name of the database's SQL.
    :param tables: the tables that the model is shown; ``None``: all of the default schema (of DuckDB: of all schemas).
    :param llm_conn_id: a connection of a ``pydanticai`` type.
    :param model_id: ``provider:model``; ``None``: the connection's.
    :raises MissingExtra: common-ai is not installed.
    :raises AirflowFailException: a table does not exist, the schema is too large, or the model cannot be used.
    """
    try:
        from airflow.providers.common.ai.operators.llm_sql import LLMSQLQueryOperator
        from pydantic_ai.exceptions import UsageLimitExceeded, UserError
    except ImportError as error:
        raise MissingExtra(f"{error}: pip install 'airflow-provider-vai[agent]'") from error
    asked = LLMSQLQueryOperator(
        task_id=context["ti"].task_id,
        prompt=question,
        llm_conn_id=llm_conn_id,
        model_id=model_id,
        schema_context=_schema(hook, dialect, tables),
        dialect=dialect,
        validate_sql=False,  # the step checks every statement by one rule, recorded or written
    )
    try:
        sql: str = nested.run(asked, context)
    except (UsageLimitExceeded, UserError) as error:
        raise AirflowFailException(f"the model was stopped: {error}") from error
    return sql


def _schema(hook: Any, dialect: str | None, tables: Sequence[str] | None) -> str:
    try:
        found = _inspected(hook, None if tables is None else _stored(tables, dialect))
    except schema_inspection.Unknown as error:
        raise AirflowFailException(f"no model was asked: {error}") from None
    text = "\n".join(_line(table) for table in found)
    if len(text) > SCHEMA_CHARACTERS:
        raise AirflowFailException(
            f"no model was asked: the schema of its {len(found)} tables is longer than {SCHEMA_CHARACTERS} characters:"
            " name those that the question is about in `tables`"
        )
    return text


def _stored(tables: Sequence[str], dialect: str | None) -> list[tuple[str, str]]:
    """Return the schema and name of each listed table, without quotes; functions have no columns to show."""
    from sqlglot import exp

    named = [exp.to_table(name, dialect=dialect) for name in tables if not name.endswith("()")]
    return [(table.db, table.name) for table in named]


def _inspected(hook: Any, names: list[tuple[str, str]] | None) -> list[dict[str, Any]]:
    if getattr(hook, "conn_type", None) == "duckdb":
        wanted = None if names is None else [".".join(filter(None, parts)) for parts in names]
        return schema_inspection.of_duckdb(hook, None, wanted)
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

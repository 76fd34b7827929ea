"""The argument models of the kinds that move and query data."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AliasChoices, Field, model_validator

from airflow_provider_vai.model.kind_arguments import Arguments


class GenerateQueryArguments(Arguments):
    """A query as it ran. Without ``sql``, a model writes it from the question in every run.

    Traces also call the question ``prompt``. ``tables`` lists the tables that the statement may read.
    """

    written_first = ("conn_id", "question", "sql", "parameters", "tables")

    sql: str | None = Field(default=None, min_length=1)
    conn_id: str = Field(min_length=1)
    question: str | None = Field(
        default=None, validation_alias=AliasChoices("question", "prompt", "natural_language_query")
    )
    parameters: list[Any] | dict[str, Any] | None = None
    rows_as: Literal["records", "arrays"] | None = None
    tables: list[str] | None = None
    max_rows: int | None = Field(default=None, ge=1)
    max_seconds: float | None = Field(default=None, gt=0)
    llm_conn_id: str | None = Field(default=None, min_length=1)
    model_id: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _names_a_query(self) -> GenerateQueryArguments:
        if self.sql is None and not self.question:
            raise ValueError("give sql (the statement to run), or a question for which a model writes one")
        return self


class DltExtractArguments(Arguments):
    """A dlt pipeline. ``source`` is a dlt source's short or dotted name.

    Two arguments are not named as on the platform, because Airflow's operators already have arguments named
    ``resources`` and ``start_date``.
    """

    source: str = Field(min_length=1)
    resource_names: list[str] | None = Field(default=None, validation_alias=AliasChoices("resource_names", "resources"))
    incremental: bool | None = None
    initial_value: str | None = Field(default=None, validation_alias=AliasChoices("initial_value", "start_date"))
    source_config: dict[str, Any] | None = None
    conn_id: str | None = Field(default=None, min_length=1)
    destination_conn_id: str = Field(min_length=1)
    dataset: str | None = Field(default=None, min_length=1)
    own_destination: bool | None = None


class FileSyncArguments(Arguments):
    """A copy of files from one ObjectStoragePath URL to another; only changed files are copied."""

    source: str = Field(min_length=1)
    destination: str = Field(min_length=1)
    pattern: str | None = None
    source_conn_id: str | None = None
    destination_conn_id: str | None = None
    own_destination: bool | None = None


class DuckdbTransformArguments(Arguments):
    """DuckDB SQL whose rows are written to a table of the connection's database, or to a Parquet file."""

    written_first = ("conn_id",)

    sql: str = Field(min_length=1)
    conn_id: str = Field(min_length=1)
    table: str | None = Field(
        default=None, min_length=1, validation_alias=AliasChoices("table", "output_table", "target_table")
    )
    path: str | None = Field(default=None, min_length=1, validation_alias=AliasChoices("path", "output_path"))
    mode: Literal["replace", "append"] | None = None
    own_destination: bool | None = None


class ExplainSchemaArguments(Arguments):
    """An inspection of a database's tables and columns. ``question`` is kept for the reader only."""

    written_first = ("conn_id", "schema")

    conn_id: str = Field(min_length=1)
    tables: list[str] | None = None
    schema_: str | None = Field(default=None, alias="schema")
    question: str | None = Field(default=None, validation_alias=AliasChoices("question", "prompt"))

"""The argument models of the action kinds: what a trace or an editor may supply, under the operator's own names.

A model is strict: exact types, no unknown names. Aliases are other names that traces use for the same thing.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, model_validator

from airflow_provider_vai.model import flashboard_entries
from airflow_provider_vai.model.automation import Effect


class Arguments(BaseModel):
    """Base of the argument models: exact types, no unknown names.

    A DAG file writes the arguments in the order of the fields, those of ``written_first`` before the others.
    """

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)
    written_first: ClassVar[tuple[str, ...]] = ()


class GenerateQueryArguments(Arguments):
    """A query as it ran; without ``sql`` a model writes it in each run, for the question.

    Traces call the question ``prompt`` or ``query``, too. ``tables`` is what the statement may read.
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
            raise ValueError("give sql, the statement to run, or a question for which a model writes one")
        return self


class CreateFlashboardArguments(Arguments):
    """A page of charts, tables and numbers over named datasets."""

    written_first = ("title", "description", "datasets")

    title: str
    charts: list[Annotated[dict[str, Any], AfterValidator(flashboard_entries.checked)]]
    datasets: dict[str, Any] | None = Field(
        default=None, validation_alias=AliasChoices("datasets", "data", "dataSnapshot", "data_snapshot")
    )
    description: str | None = None


class HttpRequestArguments(Arguments):
    """One HTTP request. ``endpoint`` is a path on the connection's server, or a URL on it."""

    written_first = ("conn_id", "method")

    conn_id: str = Field(min_length=1)
    endpoint: str = Field(validation_alias=AliasChoices("endpoint", "url", "path"))
    method: Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    query: dict[str, Any] | None = Field(default=None, validation_alias=AliasChoices("query", "params"))
    headers: dict[str, str] | None = None
    json_: Any = Field(default=None, alias="json", validation_alias=AliasChoices("json", "body"))
    data: str | None = None
    expected_status: int | list[int] | None = None
    expected_shape: dict[str, Any] | None = None


class DltExtractArguments(Arguments):
    """A dlt pipeline. ``source`` is a dlt source's short or dotted name.

    Two names differ from the platform's: Airflow's operators have ``resources`` and ``start_date`` of their own.
    """

    source: str = Field(min_length=1)
    resource_names: list[str] | None = Field(default=None, validation_alias=AliasChoices("resource_names", "resources"))
    incremental: bool | None = None
    initial_value: str | None = Field(default=None, validation_alias=AliasChoices("initial_value", "start_date"))
    source_config: dict[str, Any] | None = None
    conn_id: str | None = Field(default=None, min_length=1)
    destination_conn_id: str = Field(min_length=1)
    dataset: str | None = Field(default=None, min_length=1)


class FileSyncArguments(Arguments):
    """Files from one ObjectStoragePath URL to another; only what changed is copied."""

    source: str = Field(min_length=1)
    destination: str = Field(min_length=1)
    pattern: str | None = None
    source_conn_id: str | None = None
    destination_conn_id: str | None = None


class DuckdbTransformArguments(Arguments):
    """DuckDB SQL whose rows become a table of the connection's database, or a Parquet file."""

    written_first = ("conn_id",)

    sql: str = Field(min_length=1)
    conn_id: str = Field(min_length=1)
    table: str | None = Field(
        default=None, min_length=1, validation_alias=AliasChoices("table", "output_table", "target_table")
    )
    path: str | None = Field(default=None, min_length=1, validation_alias=AliasChoices("path", "output_path"))
    mode: Literal["replace", "append"] | None = None


class ExplainSchemaArguments(Arguments):
    """Tables and columns of a database, by inspection. ``question`` is kept for the reader."""

    written_first = ("conn_id", "schema")

    conn_id: str = Field(min_length=1)
    tables: list[str] | None = None
    schema_: str | None = Field(default=None, alias="schema")
    question: str | None = Field(default=None, validation_alias=AliasChoices("question", "prompt"))


class WebSearchArguments(Arguments):
    """One query to the search API of the connection."""

    written_first = ("conn_id",)

    query: str = Field(min_length=1, validation_alias=AliasChoices("query", "q"))
    conn_id: str = Field(min_length=1)
    max_results: int | None = Field(
        default=None, ge=1, le=100, validation_alias=AliasChoices("max_results", "limit", "num_results")
    )


class FetchPageArguments(Arguments):
    """The readable text of one page, or of several."""

    url: str | list[str] = Field(validation_alias=AliasChoices("url", "urls"))
    conn_id: str | None = None
    max_characters: int | None = Field(default=None, ge=1)


class CallAgentArguments(Arguments):
    """One question to an agent. ``tools`` is the allow-list of its tools, ``usage_limits`` pydantic-ai's limits."""

    written_first = ("conn_id", "agent", "model_id", "system_prompt")

    question: str = Field(min_length=1, validation_alias=AliasChoices("question", "prompt", "task", "input"))
    conn_id: str = Field(min_length=1)
    agent: str | None = None
    model_id: str | None = None
    system_prompt: str | None = None
    tools: list[str] | None = None
    usage_limits: dict[str, int] | None = None


class ConditionalBranchArguments(Arguments):
    """Which of the following tasks run: those of ``if_true`` where the expression holds, else those of ``if_false``."""

    written_first = ("condition", "inputs")

    condition: str = Field(min_length=1, validation_alias=AliasChoices("condition", "expression"))
    if_true: list[str]
    if_false: list[str] | None = None
    inputs: dict[str, Any] | None = None
    missing: Literal["false", "fail"] | None = None


class CallAutomationArguments(Arguments):
    """One run of another automation's DAG, in the words of Airflow's own operator (a task has a ``dag_id`` already)."""

    trigger_dag_id: str = Field(
        min_length=1, validation_alias=AliasChoices("trigger_dag_id", "dag_id", "automation", "automationId")
    )
    conf: dict[str, Any] | None = Field(default=None, validation_alias=AliasChoices("conf", "params", "input"))
    wait: bool | None = None


class McpToolArguments(Arguments):
    """One ``tools/call`` on an MCP server."""

    written_first = ("conn_id",)

    tool: str = Field(min_length=1)
    arguments: dict[str, Any]
    conn_id: str = Field(min_length=1)
    schema_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    effect: Effect | None = None


class PythonToolArguments(Arguments):
    """One call of an importable function, ``package.module:function``."""

    python_callable: str = Field(pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*$")
    arguments: dict[str, Any]
    source_sha256: str | None = None
    on_change: Literal["fail", "warn"] | None = None
    effect: Effect | None = None


class UnmappedToolArguments(Arguments):
    """A tool that nothing runs yet."""

    tool: str
    arguments: dict[str, Any]


class ApprovalGateArguments(Arguments):
    """The question put to a person before a step runs. Times are in seconds."""

    subject: str
    reason: str | None = None
    recorded: dict[str, Any] | None = None
    editable: dict[str, dict[str, Any]] | None = None
    denied: list[dict[str, Any]] | None = None
    assigned_users: list[str] | None = None
    response_timeout: int | None = Field(default=None, ge=1)
    on_timeout: Literal["fail", "approve", "reject"] | None = None
    on_reject: Literal["skip", "fail"] | None = None
    remind_before: int | None = Field(default=None, ge=1)
    trust_for: int | None = Field(default=None, ge=1)
    trust_uses: int | None = Field(default=None, ge=1)
    wake_every: int | None = Field(default=None, ge=1)
    allow_unattributed: bool | None = None


class ConditionsArguments(Arguments):
    """Expressions, all of which must hold."""

    conditions: list[str]


class EachArguments(Arguments):
    """A list, as a rule wired."""

    items: Any

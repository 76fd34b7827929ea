"""The argument models of the action kinds: what a trace or an editor may supply, under the operator's argument names.

The models are strict: exact types, unknown names rejected. Aliases are other names that traces use for an argument.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, model_validator

from airflow_provider_vai.model import flashboard_entries
from airflow_provider_vai.model.behaviour import Effect


class Arguments(BaseModel):
    """Base of the argument models: exact types, unknown names rejected.

    A DAG file lists the arguments in the order of the fields, with those in ``written_first`` before the others.
    """

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True, defer_build=True)
    written_first: ClassVar[tuple[str, ...]] = ()


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


class CreateFlashboardArguments(Arguments):
    """A page of charts, tables and numbers over named datasets."""

    written_first = ("title", "description", "datasets")

    title: str
    charts: list[Annotated[dict[str, Any], AfterValidator(flashboard_entries.checked)]]
    datasets: dict[str, Any] | None = Field(
        default=None, validation_alias=AliasChoices("datasets", "data", "dataSnapshot", "data_snapshot")
    )
    description: str | None = None
    locale: str | None = Field(default=None, pattern=r"^[a-z]{2}-([A-Z]{2}|\d{3})$")


class HttpRequestArguments(Arguments):
    """One HTTP request. ``endpoint`` is a path on the connection's server, or a full URL on that server."""

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


class WebSearchArguments(Arguments):
    """One query to the connection's search API."""

    written_first = ("conn_id",)

    query: str = Field(min_length=1, validation_alias=AliasChoices("query", "q"))
    conn_id: str = Field(min_length=1)
    max_results: int | None = Field(
        default=None, ge=1, le=100, validation_alias=AliasChoices("max_results", "limit", "num_results")
    )


class FetchPageArguments(Arguments):
    """A request for the readable text of one page, or of several."""

    url: str | list[str] = Field(validation_alias=AliasChoices("url", "urls"))
    conn_id: str | None = None
    max_characters: int | None = Field(default=None, ge=1)


class CallAgentArguments(Arguments):
    """One question to an agent. ``tools`` lists the tools that it may use; ``usage_limits`` are pydantic-ai's."""

    written_first = ("conn_id", "agent", "model_id", "system_prompt")

    question: str = Field(min_length=1, validation_alias=AliasChoices("question", "prompt", "task", "input"))
    conn_id: str = Field(min_length=1)
    agent: str | None = None
    model_id: str | None = None
    system_prompt: str | None = None
    tools: list[str] | None = None
    usage_limits: dict[str, int] | None = None


class ConditionalBranchArguments(Arguments):
    """A branch: the tasks in ``if_true`` run if the condition is true, else those in ``if_false``."""

    written_first = ("condition", "inputs")

    condition: str = Field(min_length=1, validation_alias=AliasChoices("condition", "expression"))
    if_true: list[str]
    if_false: list[str] | None = None
    inputs: dict[str, Any] | None = None
    missing: Literal["false", "fail"] | None = None


class CallAutomationArguments(Arguments):
    """One DAG run of another automation. The names are those of Airflow's own operator: a task already has a
    ``dag_id``."""

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


class ShellCommandArguments(Arguments):
    """One command line for bash, in the working folder of the DAG run, or on the host of an SSH connection.

    ``cwd`` is a folder below the working folder. ``environment`` has the variables beside PATH and HOME.
    """

    written_first = ("conn_id",)

    command: str = Field(min_length=1)
    cwd: str | None = Field(default=None, min_length=1)
    environment: dict[str, str] | None = None
    max_seconds: float | None = Field(default=None, gt=0)
    conn_id: str | None = Field(default=None, min_length=1)
    effect: Effect | None = None


class FileArguments(Arguments):
    """A file below the working folder of the DAG run, or below ``folder``: a path or URL that a person declares.

    ``before_sha256`` is the digest of the file before the step, or ``absent``; ``after_sha256`` the one after it.
    """

    written_first = ("folder", "path")

    path: str = Field(min_length=1)
    folder: str | None = Field(default=None, min_length=1)
    before_sha256: str | None = Field(default=None, pattern=r"^([0-9a-f]{64}|absent)$")
    after_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    effect: Literal["artifact", "write"] | None = None


class WriteFileArguments(FileArguments):
    """A text file that is written as a whole."""

    content: str


class EditFileArguments(FileArguments):
    """One text in a file that is replaced by another one; it must occur once, unless ``replace_all`` is true."""

    old_text: str = Field(min_length=1)
    new_text: str
    replace_all: bool | None = None


class UnmappedToolArguments(Arguments):
    """A call of a tool that has no action kind yet."""

    tool: str
    arguments: dict[str, Any]


class ApprovalGateArguments(Arguments):
    """The question that a person answers before a step runs. Times are in seconds."""

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

    @model_validator(mode="after")
    def _fit_together(self) -> ApprovalGateArguments:
        if (self.trust_for is None) != (self.trust_uses is None):
            raise ValueError("trust_for and trust_uses must be given together")
        if self.remind_before is not None and self.response_timeout is None:
            raise ValueError("remind_before needs a deadline: give response_timeout as well")
        return self


class ConditionsArguments(Arguments):
    """Expressions, all of which must be true."""

    conditions: list[str]


class EachArguments(Arguments):
    """The list that a step is mapped over; usually wired."""

    items: Any

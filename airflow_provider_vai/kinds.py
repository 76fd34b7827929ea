"""The one table of action kinds: operator, arguments, effect, determinism.

A row's template is ``dag_templates/tasks/<kind>.py.jinja``. The argument models are what a trace or an editor may
supply, under the operator's own names; ``vai kinds`` lists the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from airflow_provider_vai.automation import Determinism, Effect

OPERATORS = "airflow_provider_vai.operators"


class Arguments(BaseModel):
    """Base of the argument models: exact types, no unknown names."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


class GenerateQueryArguments(Arguments):
    """A query as it ran. Traces call the question ``prompt`` or ``query``, too."""

    sql: str = Field(min_length=1)
    conn_id: str = Field(min_length=1)
    question: str | None = Field(
        default=None, validation_alias=AliasChoices("question", "prompt", "natural_language_query")
    )
    parameters: list[Any] | dict[str, Any] | None = None
    rows_as: Literal["records", "arrays"] | None = None
    max_rows: int | None = Field(default=None, ge=1)


class CreateFlashboardArguments(Arguments):
    """A page of Vega-Lite charts over named datasets."""

    title: str
    charts: list[dict[str, Any]]
    datasets: dict[str, Any] | None = Field(
        default=None, validation_alias=AliasChoices("datasets", "data", "dataSnapshot", "data_snapshot")
    )
    description: str | None = None


class HttpRequestArguments(Arguments):
    """One HTTP request. ``endpoint`` is a path on the connection's server, or a URL on it."""

    conn_id: str = Field(min_length=1)
    endpoint: str = Field(validation_alias=AliasChoices("endpoint", "url", "path"))
    method: Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    query: dict[str, Any] | None = Field(default=None, validation_alias=AliasChoices("query", "params"))
    headers: dict[str, str] | None = None
    json_: Any = Field(default=None, alias="json", validation_alias=AliasChoices("json", "body"))
    data: str | None = None
    expected_status: int | None = None


class McpToolArguments(Arguments):
    """One ``tools/call`` on an MCP server."""

    tool: str = Field(min_length=1)
    arguments: dict[str, Any]
    conn_id: str = Field(min_length=1)
    effect: Effect | None = None


class PythonToolArguments(Arguments):
    """One call of an importable function, ``package.module:function``."""

    python_callable: str = Field(pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*$")
    arguments: dict[str, Any]
    source_sha256: str | None = None
    effect: Effect | None = None


class UnmappedToolArguments(Arguments):
    """A tool that nothing runs yet."""

    tool: str
    arguments: dict[str, Any]


class ApprovalGateArguments(Arguments):
    """The question put to a person before a step runs."""

    subject: str
    reason: str
    recorded: dict[str, Any] | None = None


@dataclass(frozen=True)
class Kind:
    """One action kind.

    :param name: the platform's name; ``legacy`` are its older ones.
    :param operator: dotted path of the operator that runs it.
    :param summary: what runs, one line.
    :param arguments: the model of what the operator takes.
    :param effect: what a run changes, where neither a tools file nor the arguments say otherwise.
    :param determinism: how much a repeated run may differ.
    :param reason: why a step of this kind is flagged; ``None`` where it is not.
    :param connection: the connection id of a step for which nothing names one; ``None``: the kind needs none.
    :param wraps: the recorded arguments are passed on whole, under ``arguments``, with the tool's name beside them.
    :param from_result: arguments that are taken from the recorded result where the call does not hold them.
    :param result: what a later step finds: ``as_recorded``, a table (``rows``), or nothing that a wire could rest on.
    :param never_wired: arguments that decide *what* runs; they stay frozen whatever they equal.
    """

    name: str
    operator: str
    summary: str
    arguments: type[Arguments]
    effect: Effect
    legacy: tuple[str, ...] = ()
    determinism: Determinism = "exact"
    reason: str | None = None
    connection: str | None = None
    wraps: bool = False
    from_result: tuple[str, ...] = ()
    result: Literal["as_recorded", "rows"] | None = None
    never_wired: tuple[str, ...] = ("conn_id",)

    @property
    def template(self) -> str:
        """The template's name."""
        return f"tasks/{self.name}.py.jinja"

    def effect_of(self, arguments: Mapping[str, Any]) -> Effect:
        """Return the effect of one call: an HTTP request that only reads is a read."""
        if self.name == "http_request" and arguments.get("method", "GET") in ("GET", "HEAD", "OPTIONS"):
            return "read"
        return self.effect


KINDS = (
    Kind(
        name="generate_query",
        legacy=("silver_query",),
        operator=f"{OPERATORS}.generate_query.GenerateQueryOperator",
        summary="the frozen SQL through a DB-API connection or DuckDB, read-only; rows to an artifact when large",
        arguments=GenerateQueryArguments,
        effect="read",
        determinism="model_written",
        reason="a model wrote this SQL",
        connection="warehouse",
        from_result=("sql",),
        result="rows",
        never_wired=("conn_id", "sql"),
    ),
    Kind(
        name="create_flashboard",
        operator=f"{OPERATORS}.create_flashboard.CreateFlashboardOperator",
        summary="Vega-Lite charts to one self-contained HTML page",
        arguments=CreateFlashboardArguments,
        effect="artifact",
    ),
    Kind(
        name="http_request",
        operator=f"{OPERATORS}.http_request.HttpRequestOperator",
        summary="one HTTP request through Airflow's HttpHook; credentials from the connection only",
        arguments=HttpRequestArguments,
        effect="write",
        connection="http_default",
        never_wired=("conn_id", "endpoint", "method"),
    ),
    Kind(
        name="mcp_tool",
        operator=f"{OPERATORS}.mcp_tool.McpToolOperator",
        summary="`tools/call` on an MCP server",
        arguments=McpToolArguments,
        effect="write",
        determinism="live",
        reason="an MCP server answers, and may answer otherwise tomorrow",
        connection="mcp_default",
        wraps=True,
        result="as_recorded",
        never_wired=("conn_id", "tool"),
    ),
    Kind(
        name="python_tool",
        operator=f"{OPERATORS}.python_tool.PythonToolOperator",
        summary="a function of your own, its source digest checked",
        arguments=PythonToolArguments,
        effect="write",
        wraps=True,
        result="as_recorded",
        never_wired=("python_callable",),
    ),
    Kind(
        name="approval_gate",
        operator="airflow_provider_vai.sensors.approval.ApprovalGateSensor",
        summary="a person approves or rejects in Airflow's UI before the guarded step runs",
        arguments=ApprovalGateArguments,
        effect="read",
    ),
    Kind(
        name="unmapped_tool",
        operator=f"{OPERATORS}.unmapped_tool.UnmappedToolOperator",
        summary="nothing: fails and says which lines of the tools file are missing (--allow-unmapped)",
        arguments=UnmappedToolArguments,
        effect="write",
        wraps=True,
    ),
)


@cache
def by_name() -> dict[str, Kind]:
    """Return every kind under its name and its legacy names."""
    return {name: kind for kind in KINDS for name in (kind.name, *kind.legacy)}


def callable_kinds() -> list[str]:
    """Return the kinds that a tools file may name: all that a recorded call can become."""
    return [kind.name for kind in KINDS if kind.name not in ("approval_gate", "unmapped_tool")]

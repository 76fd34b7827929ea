"""The table of action kinds: operator, arguments, effect and determinism of each.

The argument models are in :mod:`airflow_provider_vai.model.kind_arguments`; ``vai kinds`` lists the table. The DAG
template ``dag_templates/tasks/_call.jinja`` writes the tasks of every kind that has no template of its own. Other
distributions add kinds with entry points in the group :data:`GROUP`; each entry point refers to a :class:`Kind`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NoReturn, overload

from airflow_provider_vai.exceptions import KindRefused
from airflow_provider_vai.model import effects
from airflow_provider_vai.model.behaviour import Determinism, Effect
from airflow_provider_vai.model.extensions import extensions

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from airflow_provider_vai.model.kind_arguments import Arguments

OPERATORS = "airflow_provider_vai.operators"
GROUP = "airflow_provider_vai.kinds"


class _ArgumentModel:
    """The attribute ``arguments`` of a kind. A model that is given by its name is imported when it is first used."""

    @overload
    def __get__(self, kind: None, owner: type[Kind]) -> NoReturn: ...
    @overload
    def __get__(self, kind: Kind, owner: type[Kind]) -> type[Arguments]: ...
    def __get__(self, kind: Kind | None, owner: type[Kind]) -> type[Arguments]:
        if kind is None:
            raise AttributeError("arguments")  # so that the field has no default
        given: type[Arguments] | str = vars(kind)["arguments"]
        if not isinstance(given, str):
            return given
        module, _, name = given.partition(".")
        model: type[Arguments] = getattr(import_module(f"airflow_provider_vai.model.kind_arguments.{module}"), name)
        vars(kind)["arguments"] = model
        return model

    def __set__(self, kind: Kind, given: type[Arguments] | str) -> None:
        vars(kind)["arguments"] = given


@dataclass(frozen=True)
class Kind:
    """One action kind.

    :param name: the platform's name for the kind; ``legacy`` lists its older names.
    :param operator: dotted path of the operator that runs it.
    :param summary: one line about what runs.
    :param arguments: the model of the operator's arguments, or its module and name below :mod:`.kind_arguments`.
    :param effect: the effect of a step if neither the arguments nor the tools file decide it.
    :param determinism: how much another run may differ from the recording.
    :param reason: why a step of this kind is flagged; ``None`` if it is not.
    :param defaults: values for arguments that the call does not have.
    :param connection: the default connection id; ``None`` if the kind needs no connection.
    :param wraps: whether the recorded arguments are passed on as a whole, under ``arguments``, beside the tool's name.
    :param from_result: arguments that are taken from the recorded result if the call does not have them.
    :param result: the step's result in XCom: ``as_recorded``, a table (``rows``), or ``None`` if nothing can be wired
        to it.
    :param reads_with: an argument, and the values of it with which the step only reads.
    :param decides: returns the effects that a step with some arguments can have; ``None``: any, by default ``effect``.
    :param targets: the arguments that say where the step writes; a declaration of ownership is about them.
    :param without: an argument, and the determinism and reason of a step that does not have it.
    :param never_wired: arguments that decide *what* runs; they always stay frozen.
    """

    name: str
    operator: str
    summary: str
    arguments: _ArgumentModel = _ArgumentModel()
    effect: Effect  # type: ignore[misc]  # the field before has no default, see above
    legacy: tuple[str, ...] = ()
    determinism: Determinism = "exact"
    reason: str | None = None
    connection: str | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    wraps: bool = False
    from_result: tuple[str, ...] = ()
    result: Literal["as_recorded", "rows"] | None = None
    reads_with: tuple[str, tuple[Any, ...]] | None = None
    decides: Callable[[Mapping[str, Any]], effects.Possible] | None = None
    targets: tuple[str, ...] = ()
    without: tuple[str, Determinism, str] | None = None
    never_wired: tuple[str, ...] = ("conn_id",)

    @property
    def template(self) -> str:
        """The name of the kind's own DAG template. If there is no such file, the shared template is used."""
        return f"tasks/{self.name}.py.jinja"

    @cached_property
    def written_names(self) -> list[str]:
        """The names of the arguments in the order in which a DAG file writes them."""
        names = [field.alias or name for name, field in self.arguments.model_fields.items()]
        first = self.arguments.written_first
        return [*first, *(name for name in names if name not in first)]

    def determinism_of(self, arguments: Mapping[str, Any]) -> tuple[Determinism, str | None]:
        """Return the determinism of a step with these arguments, and why it is flagged; ``None`` if it is not."""
        if self.without and not arguments.get(self.without[0]):
            return self.without[1:]
        return self.determinism, self.reason

    def possible_effects(self, arguments: Mapping[str, Any]) -> effects.Possible:
        """Return the effects that a step with these arguments can have; an argument left out has its default."""
        if self.decides:
            return self.decides(arguments)
        if self.reads_with:
            name, values = self.reads_with
            if arguments.get(name, self.arguments.model_fields[name].default) in values:
                return effects.Possible("read", "read")
        return effects.Possible(self.effect, "read")


FILE_NAMES = ("path", "folder", "before_sha256", "after_sha256")
"""The arguments that say which file a step writes."""


def _writes_a_file(arguments: Mapping[str, Any]) -> effects.Possible:
    return effects.Possible("write", "artifact", "writes a file")


KINDS = (
    Kind(
        name="dlt_extract",
        operator=f"{OPERATORS}.dlt_extract.DltExtractOperator",
        summary="a dlt pipeline into DuckDB or another dlt destination; incremental state is kept",
        arguments="data.DltExtractArguments",
        effect="write",
        decides=effects.BY_KIND["dlt_extract"],
        targets=("destination_conn_id", "dataset"),
        defaults={"destination_conn_id": "warehouse"},
        never_wired=("conn_id", "destination_conn_id", "source", "own_destination"),
    ),
    Kind(
        name="file_sync",
        operator=f"{OPERATORS}.file_sync.FileSyncOperator",
        summary="files from one object storage path to another, only what changed",
        arguments="data.FileSyncArguments",
        effect="write",
        decides=effects.BY_KIND["file_sync"],
        targets=("destination", "destination_conn_id"),
        never_wired=("source_conn_id", "destination_conn_id", "source", "destination", "own_destination"),
    ),
    Kind(
        name="duckdb_transform",
        operator=f"{OPERATORS}.duckdb_transform.DuckdbTransformOperator",
        summary="DuckDB SQL into a table or a Parquet file",
        arguments="data.DuckdbTransformArguments",
        effect="write",
        decides=effects.BY_KIND["duckdb_transform"],
        targets=("conn_id", "table", "path"),
        connection="warehouse",
        never_wired=("conn_id", "sql", "table", "path", "own_destination"),
    ),
    Kind(
        name="generate_query",
        legacy=("silver_query",),
        operator=f"{OPERATORS}.generate_query.GenerateQueryOperator",
        summary="the frozen SQL through a DB-API connection or DuckDB, read-only; rows to an artifact when large",
        arguments="data.GenerateQueryArguments",
        effect="read",
        determinism="model_written",
        reason="a model wrote this SQL",
        connection="warehouse",
        from_result=("sql",),
        without=("sql", "model_at_run_time", "no SQL was recorded, so a model writes it in every run"),
        result="rows",
        never_wired=("conn_id", "sql", "question", "tables", "max_seconds", "llm_conn_id", "model_id"),
    ),
    Kind(
        name="create_flashboard",
        operator=f"{OPERATORS}.create_flashboard.CreateFlashboardOperator",
        summary="charts (Vega-Lite), tables and numbers to one self-contained HTML page",
        arguments="flashboard.CreateFlashboardArguments",
        effect="artifact",
    ),
    Kind(
        name="http_request",
        operator=f"{OPERATORS}.http_request.HttpRequestOperator",
        summary="one HTTP request through Airflow's HttpHook; credentials from the connection only",
        arguments="web.HttpRequestArguments",
        effect="write",
        connection="http_default",
        decides=effects.BY_KIND["http_request"],
        never_wired=("conn_id", "endpoint", "method", "expected_status", "expected_shape"),
    ),
    Kind(
        name="explain_schema",
        legacy=("silver_schema_discover",),
        operator=f"{OPERATORS}.explain_schema.ExplainSchemaOperator",
        summary="tables and columns of a database by inspection; no model is asked",
        arguments="data.ExplainSchemaArguments",
        effect="read",
        determinism="live",
        reason="a model wrote the recorded explanation; this step returns the current schema instead",
        connection="warehouse",
    ),
    Kind(
        name="web_search",
        legacy=("agent_search",),
        operator=f"{OPERATORS}.web_search.WebSearchOperator",
        summary="a web search through the connection's HTTP API, in the style of SearXNG or Tavily",
        arguments="web.WebSearchArguments",
        effect="read",
        determinism="live",
        reason="the web answers, and its answer may change",
        connection="web_search",
    ),
    Kind(
        name="fetch_page",
        legacy=("agent_fetch_page",),
        operator=f"{OPERATORS}.fetch_page.FetchPageOperator",
        summary="the readable text of a page; private addresses are refused",
        arguments="web.FetchPageArguments",
        effect="read",
        decides=effects.BY_KIND["fetch_page"],
        determinism="live",
        reason="the web answers, and its answer may change",
    ),
    Kind(
        name="call_agent",
        legacy=("insight_delegate",),
        operator=f"{OPERATORS}.call_agent.CallAgentOperator",
        summary="common-ai's AgentOperator with the recorded question, a tool allow-list and usage limits",
        arguments="tools.CallAgentArguments",
        effect="write",
        determinism="model_at_run_time",
        reason="a model decides again in every run",
        connection="pydanticai_default",
        never_wired=("conn_id", "agent", "model_id", "tools", "usage_limits"),
    ),
    Kind(
        name="conditional_branch",
        operator=f"{OPERATORS}.conditional_branch.ConditionalBranchOperator",
        summary="a small safe expression decides which tasks run",
        arguments="flow.ConditionalBranchArguments",
        effect="read",
        never_wired=("condition", "if_true", "if_false"),
    ),
    Kind(
        name="call_automation",
        operator=f"{OPERATORS}.call_automation.CallAutomationOperator",
        summary="a DAG run of another automation; optionally waits until it ends",
        arguments="flow.CallAutomationArguments",
        effect="write",
        never_wired=("trigger_dag_id",),
    ),
    Kind(
        name="mcp_tool",
        operator=f"{OPERATORS}.mcp_tool.McpToolOperator",
        summary="`tools/call` on an MCP server",
        arguments="tools.McpToolArguments",
        effect="write",
        determinism="live",
        reason="an MCP server answers, and its answer may change",
        connection="mcp_default",
        wraps=True,
        result="as_recorded",
        never_wired=("conn_id", "tool"),
    ),
    Kind(
        name="python_tool",
        operator=f"{OPERATORS}.python_tool.PythonToolOperator",
        summary="a Python function of yours; its source digest is checked",
        arguments="tools.PythonToolArguments",
        effect="write",
        wraps=True,
        result="as_recorded",
        never_wired=("python_callable",),
    ),
    Kind(
        name="shell_command",
        operator=f"{OPERATORS}.shell_command.ShellCommandOperator",
        summary="a recorded command line in the working folder of the DAG run, or on a host through SSH",
        arguments="files.ShellCommandArguments",
        effect="write",
        determinism="model_written",
        reason="a model wrote this command line",
        never_wired=("command", "cwd", "max_seconds", "conn_id"),
    ),
    Kind(
        name="write_file",
        operator=f"{OPERATORS}.write_file.WriteFileOperator",
        summary="a text file below the working folder of the DAG run, or below a declared folder",
        arguments="files.WriteFileArguments",
        effect="write",
        decides=_writes_a_file,
        never_wired=FILE_NAMES,
    ),
    Kind(
        name="edit_file",
        operator=f"{OPERATORS}.edit_file.EditFileOperator",
        summary="one text replaced in a file below the working folder of the DAG run, or below a declared folder",
        arguments="files.EditFileArguments",
        effect="write",
        decides=_writes_a_file,
        never_wired=(*FILE_NAMES, "old_text"),
    ),
    Kind(
        name="approval_gate",
        operator="airflow_provider_vai.sensors.approval.ApprovalGateSensor",
        summary="a person approves or rejects in Airflow's UI before the guarded step runs",
        arguments="gate.ApprovalGateArguments",
        effect="read",
    ),
    Kind(
        name="unmapped_tool",
        operator=f"{OPERATORS}.unmapped_tool.UnmappedToolOperator",
        summary="nothing: the task fails and shows the lines to add to the tools file (--allow-unmapped)",
        arguments="tools.UnmappedToolArguments",
        effect="write",
        wraps=True,
    ),
)


@cache
def all_kinds() -> tuple[Kind, ...]:
    """Return every kind: the built-in ones, then those of other distributions in the order of their entry point names.

    :raises KindRefused: an entry point cannot be loaded, or does not refer to a :class:`Kind`.
    """
    return (*KINDS, *map(_loaded, extensions(GROUP)))


@cache
def by_name() -> dict[str, Kind]:
    """Return a mapping of each name and legacy name to its kind.

    :raises KindRefused: two kinds have the same name; see also :func:`all_kinds`.
    """
    found: dict[str, Kind] = {}
    for kind in all_kinds():
        for name in (kind.name, *kind.legacy):
            if name in found:
                raise KindRefused(
                    f"two action kinds are called {name!r}: {found[name].operator} and {kind.operator}",
                    remedy="Uninstall the distribution that provides the second one.",
                )
            found[name] = kind
    return found


def callable_kinds() -> list[str]:
    """Return the names of the kinds that a recorded call can become, which a tools file may use."""
    return [kind.name for kind in all_kinds() if kind.name not in ("approval_gate", "unmapped_tool")]


def _loaded(entry: EntryPoint) -> Kind:
    remedy = (
        "An entry point must refer to a Kind (airflow_provider_vai.model.kinds.Kind). Correct or uninstall its "
        "distribution."
    )
    where = f"entry point {entry.name} = {entry.value} of the group {GROUP}"
    try:
        kind = entry.load()
    except (ImportError, AttributeError) as error:
        raise KindRefused(str(error), where=where, remedy=remedy) from error
    if not isinstance(kind, Kind):
        raise KindRefused(f"it refers to a {type(kind).__name__}", where=where, remedy=remedy)
    return kind

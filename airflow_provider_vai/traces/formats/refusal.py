"""The refusal of a document that no adapter reads: what it looks like, the nearest reader, the export that works."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.exceptions import UnknownFormat
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.traces.formats.unread import UNREAD
from airflow_provider_vai.traces.reading.values import as_object

MARKS: dict[str, tuple[str, ...]] = {
    "vai": ("agentRun", "actionRuns"),
    "agentdojo": ("suite_name", "user_task_id", "messages"),
    "tau2": ("tasks", "simulations"),
    "atif": ("schema_version", "agent", "steps"),
    "inspect_ai": ("version", "status", "eval", "samples"),
    "swe_agent": ("trajectory", "history", "info"),
    "openhands": ("id", "source", "action", "observation"),
    "google_adk": ("events", "author", "invocation_id", "content"),
    "vcr_cassette": ("version", "interactions"),
    "openai_run_state": ("$schemaVersion", "current_agent"),
    "openai_agents": ("object", "trace_id", "span_data"),
    "openai_responses": ("call_id", "arguments", "output"),
    "mlflow": ("info", "data"),
    "langfuse": ("trace", "observations"),
    "langsmith": ("run_type", "dotted_order", "inputs", "outputs"),
    "opik": ("trace_id", "parent_span_id", "type", "input", "output", "start_time"),
    "braintrust": ("span_attributes", "root_span_id", "span_parents"),
    "weave": ("op_name", "inputs", "started_at"),
    "datadog": ("data", "links"),
    "otel_genai": ("trace_id", "span_id", "attributes", "start_time"),
    "pydantic_ai": ("kind", "parts"),
    "vercel_ui": ("role", "parts"),
    "claude_code": ("sessionId", "uuid", "message"),
    "chatgpt": ("mapping", "current_node"),
    "claude_ai": ("uuid", "chat_messages"),
    "open_webui": ("chat", "history"),
    "codex": ("timestamp", "type", "payload"),
    "opencode": ("info", "messages"),
    "goose": ("working_dir", "conversation"),
    "copilot_cli": ("type", "data", "timestamp", "parentId"),
    "vscode_chat": ("requests", "responderUsername"),
    "n8n": ("workflowId", "mode", "startedAt", "data"),
    "autogen": ("source", "models_usage", "type", "content"),
    "agent_framework": ("role", "contents"),
    "semantic_kernel": ("role", "items", "content_type"),
    "dspy": ("trajectory",),
    "letta": ("message_type", "date"),
    "smolagents": ("step_number", "observations", "timing"),
    "langchain": ("type", "content", "tool_calls", "additional_kwargs"),
    "mcp_log": ("jsonrpc", "id", "method"),
    "openai_chat": ("role", "content"),
}
"""For each format, the keys of its outermost objects by which a person would recognise it."""

ITEMS = 20
UNKNOWN = "no adapter recognises the document"
EXPORT = (
    "Export the run in a format that `vai formats` lists. Spans always work: record the agent with OpenTelemetry's "
    "GenAI or OpenInference instrumentation and write OTLP JSON. --format NAME reads a file as that format, or says "
    "what is wrong with it."
)


def refusal(document: Any, where: str) -> UnknownFormat:
    """Return the refusal of a document.

    :param where: the file.
    """
    for unread in UNREAD:
        if unread.matches(document):
            nearest = f"; the nearest reader is {unread.nearest}, but {unread.reason}" if unread.nearest else ""
            problem = f"{UNKNOWN} ({shape(document)}): it looks like {unread.name}{nearest}"
            return UnknownFormat(problem, where=where, remedy=unread.export)
    problem, remedy = f"{UNKNOWN} ({shape(document)})", EXPORT
    if near := _nearest(document):
        name, missing = near
        lacking = f"the keys {', '.join(missing)} are missing" if missing else "its values have another shape"
        problem += f"; the nearest reader is {name}, but {lacking}"
        remedy = remedy.replace("NAME", name)
    return UnknownFormat(problem, where=where, remedy=remedy)


def shape(document: object) -> str:
    """Return what a document looks like from outside: its kind and its first keys."""
    if isinstance(document, dict):
        keys = ", ".join(str(key)[:40] for key in list(document)[:8])
        return f"an object with the keys {keys}" if keys else "an empty object"
    if isinstance(document, list):
        first = f", the first {shape(document[0])}" if document else ""
        return f"a list of {plural(len(document), 'item')}{first}"
    return f"a bare {type(document).__name__}"


def _nearest(document: Any) -> tuple[str, list[str]] | None:
    """Return the format whose marks a document shares most, with those that are missing."""
    shared = [
        (len(found) / len(marks), len(found), name, [mark for mark in marks if mark not in found])
        for name, marks in MARKS.items()
        for keys in _key_sets(document)
        if (found := [mark for mark in marks if mark in keys])
    ]
    if not shared:
        return None
    _, _, name, missing = max(shared, key=lambda entry: entry[:2])
    return name, missing


def _key_sets(document: Any) -> Iterator[set[str]]:
    """Yield the keys of a document, of the items of a list, and of the items of lists inside an object."""
    if isinstance(document, dict):
        yield set(map(str, document))
    inner = document.values() if isinstance(document, dict) else [document]
    for value in inner:
        if isinstance(value, list):
            yield {str(key) for item in value[:ITEMS] for key in as_object(item)}

"""The tracers of the matrix: each keeps what it would have exported, and returns it as JSON."""

from __future__ import annotations

import importlib
import json
import os
import tempfile
from collections.abc import Callable
from typing import Any

Export = Callable[[], Any]


def started(way: str, source: str) -> Export:
    """Start a tracer, and return the function that gives its export.

    :param way: the way of exporting: a column of the matrix.
    :param source: what instruments the framework, as ``module:name``; empty if the framework traces itself.
    """
    if way == "mlflow":
        return _mlflow(source)
    if way == "langsmith":
        return _langsmith(source)
    return _spans(way, source)


def _named(source: str) -> Any:
    module, _, name = source.partition(":")
    return getattr(importlib.import_module(module), name)


def _spans(way: str, source: str) -> Export:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    if way == "langfuse":
        from langfuse import Langfuse

        Langfuse(public_key="pk", secret_key="sk", tracer_provider=provider, span_exporter=exporter)
    for name in filter(None, source.split(",")):
        found = _named(name)
        made = found() if isinstance(found, type) else found
        if hasattr(made, "instrument"):
            made.instrument(tracer_provider=provider)
        elif hasattr(made, "on_end"):
            provider.add_span_processor(made)
        elif callable(made):
            made(provider)

    def export() -> Any:
        from opentelemetry.sdk.trace import ReadableSpan

        provider.force_flush()
        unique: dict[Any, ReadableSpan] = {span.context.span_id: span for span in exporter.get_finished_spans()}
        return [_span(json.loads(span.to_json(indent=None))) for span in unique.values()]

    return export


def _span(span: dict[str, Any]) -> dict[str, Any]:
    wanted = ("name", "context", "parent_id", "start_time", "end_time", "status", "attributes", "events")
    for event in span["events"]:
        event["attributes"].pop("exception.stacktrace", None)
    return {name: value for name, value in span.items() if name in wanted}


def _mlflow(source: str) -> Export:
    os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "false"
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # a folder is enough for a single trace
    import mlflow

    folder = tempfile.mkdtemp(prefix="vai-mlflow-")
    mlflow.set_tracking_uri(f"file://{folder}")
    mlflow.set_experiment("garden")
    for name in source.split(","):
        _named(name)()

    def export() -> Any:
        found = mlflow.search_traces(return_type="list", order_by=["timestamp_ms ASC"])
        return [_trace(json.loads(trace.to_json())) for trace in found]

    return export


def _trace(document: dict[str, Any]) -> dict[str, Any]:
    info = document["info"]
    for name in ("tags", "request_preview", "response_preview"):
        info.pop(name, None)
    metadata = info.pop("trace_metadata", None) or {}
    info["trace_metadata"] = {name: metadata[name] for name in ("mlflow.trace.session",) if name in metadata}
    for span in document["data"]["spans"]:
        for event in span.get("events") or []:
            event.get("attributes", {}).pop("exception.stacktrace", None)
    return document


def _langsmith(source: str) -> Export:
    os.environ["LANGSMITH_TRACING"] = "true"
    os.environ["LANGSMITH_API_KEY"] = "none"
    import langsmith
    from langsmith import run_trees

    kept: dict[str, dict[str, Any]] = {}

    class Kept(langsmith.Client):
        def __init__(self) -> None:
            super().__init__(api_url="http://127.0.0.1:1", api_key="none", auto_batch_tracing=False)

        def create_run(self, name: str, inputs: Any, run_type: str, **more: Any) -> None:
            """Keep the start of a run."""
            run = _plain({"name": name, "inputs": inputs, "run_type": run_type, **more})
            kept.setdefault(run["id"], {}).update(run)

        def update_run(self, run_id: Any, **more: Any) -> None:
            """Keep the end of a run."""
            run = _plain({"id": run_id, **more})
            kept.setdefault(run["id"], {}).update({name: value for name, value in run.items() if value is not None})

    client = Kept()
    run_trees._CLIENT = client
    if source:
        _named(source)(client)
    return lambda: list(kept.values())


UNWANTED = {"serialized", "events", "tags", "attachments", "session_name", "dangerously_allow_filesystem"}


def _plain(run: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: value for name, value in run.items() if name not in UNWANTED and value is not None}
    wanted.pop("extra", None) if "metadata" not in (wanted.get("extra") or {}) else None
    if "extra" in wanted:
        facts = wanted["extra"]["metadata"]
        names = ("ls_model_name", "thread_id", "tool_call_id")
        wanted["extra"] = {"metadata": {name: facts[name] for name in names if name in facts}}
    found: dict[str, Any] = json.loads(json.dumps(wanted, default=_as_json))
    return found


def _as_json(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    try:
        from langchain_core.load import dumpd
        from langchain_core.messages import BaseMessage

        if isinstance(value, BaseMessage):
            return dumpd(value)
    except ImportError:
        pass
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return str(value)

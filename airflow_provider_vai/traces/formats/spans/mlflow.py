"""MLflow traces: ``{info, data: {spans}}``, one, a list or one a line.

Attribute values are JSON in text. A tool's call id stands in the model's messages only; there is no approval.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.spans.attributes import read_execution, spent, unknown_kind
from airflow_provider_vai.traces.formats.spans.call import Kind, SpanFacts
from airflow_provider_vai.traces.formats.spans.messages import read_chat, read_system
from airflow_provider_vai.traces.formats.spans.run import SpanRun
from airflow_provider_vai.traces.formats.spans.span import Span, first, read_span, read_value
from airflow_provider_vai.traces.reading.trace import Coverage, Trace, document_objects
from airflow_provider_vai.traces.reading.values import as_object, require_object, require_objects, text_or_none

KINDS: dict[str, Kind] = {"TOOL": "tool", "CHAT_MODEL": "model", "LLM": "model", "AGENT": "agent"}


class MLflowAdapter:
    """Reads MLflow traces."""

    name = "mlflow"
    description = "MLflow traces (info, data.spans): one, a list, or one a line"
    coverage = Coverage(edits="partly", timing="yes", batches="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a trace with info and data.spans, or a list of such."""
        found = document[0] if isinstance(document, list) and document else document
        data = found.get("data") if isinstance(found, dict) else None
        return isinstance(data, dict) and isinstance(data.get("spans"), list) and isinstance(found.get("info"), dict)

    def line_key(self, record: Any) -> str | None:
        """Return the trace's id. Looks only; never raises."""
        info = record.get("info") if isinstance(record, dict) else None
        return text_or_none(first(info, "trace_id", "request_id")) if isinstance(info, dict) else None

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each trace.

        :raises MalformedTrace: a trace or a span breaks the format.
        """
        for item, where in document_objects(trace):
            yield _run(trace, item, where)


def _run(trace: Trace, item: dict[str, Any], where: str) -> Run:
    info = require_object(item.get("info"), f"{where}info")
    spans = require_object(item.get("data"), f"{where}data").get("spans")
    steps = [_step(span, place) for span, place in require_objects(spans, f"{where}data.spans")]
    titles = [step.span.name for step in steps if not step.span.parent_id and step.span.name]
    run = Run(
        id=text_or_none(first(info, "trace_id", "request_id")) or trace.fallback_id,
        source="agent_run",
        format=ADAPTER.name,
        title=titles[0] if titles else None,
    )
    return SpanRun(trace, steps).run(run, finished=first(info, "state", "status") == "OK")


def _step(item: dict[str, Any], where: str) -> SpanFacts:
    span = read_span(item, where)
    span.attributes = {name: _decoded(value) for name, value in span.attributes.items()}
    kind = (span.text("mlflow.spanType") or text_or_none(item.get("span_type")) or "").upper()
    step = SpanFacts(span, KINDS.get(kind, "other"), tool=_function(span))
    step.note = unknown_kind(step.kind, kind)
    given = first({"inputs": span.get("mlflow.spanInputs"), "old": item.get("inputs")}, "inputs", "old")
    back = first({"outputs": span.get("mlflow.spanOutputs"), "old": item.get("outputs")}, "outputs", "old")
    if step.kind == "model":
        step.heard, step.said = read_chat(given, "user"), read_chat(back, "assistant")
        step.system = read_system(given)
        step.model = span.text("mlflow.llm.model", "model", "model_name") or text_or_none(as_object(given).get("model"))
        counted = as_object(span.get("mlflow.chat.tokenUsage"))
        cost = first(as_object(span.get("mlflow.llm.cost")), "total_cost")
        step.usage = spent(counted.get("input_tokens"), counted.get("output_tokens"), cost)
    elif step.kind == "agent":
        step.agent = span.name or None
    else:
        read_execution(step, given, back)
    return step


def _function(span: Span) -> str:
    """Return a tool's name: MLflow numbers spans of one name, ``search_2`` being the second ``search``."""
    return span.text("mlflow.spanFunctionName", "gen_ai.tool.name") or span.name


def _decoded(value: Any) -> Any:
    """Return what an attribute's JSON text says; a name may be a JSON string too."""
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        try:
            return json.loads(value)
        except ValueError:
            return value
    return read_value(value)


ADAPTER = MLflowAdapter()

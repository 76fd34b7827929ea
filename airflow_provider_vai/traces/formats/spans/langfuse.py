"""Langfuse exports: ``{trace, observations}``, or the trace of its API with its observations inside.

What an observation holds is whatever its framework sent: JSON, JSON in text, a Python repr or plain text. An executed
call may have the type SPAN and its tool's name only; a proposal of that name makes it a call. There is no approval.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.shared.content import error_text
from airflow_provider_vai.traces.formats.spans.attributes import bare, read_execution, spent, unknown_kind
from airflow_provider_vai.traces.formats.spans.call import Kind, SpanFacts
from airflow_provider_vai.traces.formats.spans.messages import read_chat, read_system
from airflow_provider_vai.traces.formats.spans.run import SpanRun
from airflow_provider_vai.traces.formats.spans.span import Span, first, instant, read_value
from airflow_provider_vai.traces.reading.trace import Coverage, Trace, document_objects
from airflow_provider_vai.traces.reading.values import as_object, require_object, require_objects, text_or_none

KINDS: dict[str, Kind] = {"GENERATION": "model", "TOOL": "tool", "AGENT": "agent"}
INPUT_TOKENS, OUTPUT_TOKENS = ("input", "prompt_tokens"), ("output", "completion_tokens")


class LangfuseAdapter:
    """Reads Langfuse exports."""

    name = "langfuse"
    description = "Langfuse export (trace, observations), of any framework; also lists or lines of them"
    coverage = Coverage(edits="partly", timing="yes", batches="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a trace with observations, or a list of such."""
        found = document[0] if isinstance(document, list) and document else document
        if not isinstance(found, dict) or not isinstance(observations := found.get("observations"), list):
            return False
        if isinstance(found.get("trace"), dict):
            return True
        return any(isinstance(item, dict) and {"type", "traceId"} <= item.keys() for item in observations)

    def line_key(self, record: Any) -> str | None:
        """Return the trace's id. Looks only; never raises."""
        if not isinstance(record, dict):
            return None
        holder = record.get("trace")
        return text_or_none((holder if isinstance(holder, dict) else record).get("id"))

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each trace.

        :raises MalformedTrace: an export or an observation breaks the format.
        """
        for export, where in document_objects(trace):
            yield _run(trace, export, where)


def _run(trace: Trace, export: dict[str, Any], where: str) -> Run:
    about = require_object(export.get("trace", export), f"{where}trace")
    place = f"{where}observations"
    steps = [_step(item, at) for item, at in require_objects(export.get("observations"), place)]
    run = Run(
        id=text_or_none(about.get("id")) or trace.fallback_id,
        source="agent_run",
        format=ADAPTER.name,
        title=text_or_none(about.get("name")),
    )
    return SpanRun(trace, steps).run(run)


def _step(item: dict[str, Any], where: str) -> SpanFacts:
    kind = text_or_none(item.get("type")) or ""
    metadata = as_object(read_value(item.get("metadata")))
    span = Span(
        name=text_or_none(item.get("name")) or "",
        where=where,
        id=text_or_none(item.get("id")) or "",
        trace_id=text_or_none(item.get("traceId")) or "",
        parent_id=text_or_none(item.get("parentObservationId")) or "",
        attributes=as_object(read_value(metadata.get("attributes"))),
        start=instant(item.get("startTime")),
        end=instant(item.get("endTime")),
        failed=item.get("level") == "ERROR",
        error=text_or_none(item.get("statusMessage")),
    )
    step = SpanFacts(span, KINDS.get(kind.upper(), "other"), tool=span.text("gen_ai.tool.name") or bare(span.name))
    step.note = unknown_kind(step.kind, kind)
    if step.kind == "other" and step.tool != span.name:
        step.kind = "tool"  # the name says that it runs a tool
    if step.kind == "model":
        _read_generation(step, item)
    elif step.kind == "agent":
        step.agent = span.name or None
    else:
        read_execution(step, item.get("input"), item.get("output"))
        step.error = step.error or (error_text(step.result) if step.failed else None)
    return step


def _read_generation(step: SpanFacts, item: dict[str, Any]) -> None:
    step.heard, step.said = read_chat(item.get("input"), "user"), read_chat(item.get("output"), "assistant")
    step.system = read_system(item.get("input")) + read_system(item.get("output"))
    step.model = text_or_none(item.get("model"))
    details = as_object(first(item, "usageDetails", "usage"))
    cost = first(item, "totalCost", "calculatedTotalCost")
    step.usage = spent(first(details, *INPUT_TOKENS), first(details, *OUTPUT_TOKENS), cost)


ADAPTER = LangfuseAdapter()

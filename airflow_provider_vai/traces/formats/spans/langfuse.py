"""Langfuse exports: ``{trace, observations}``, or the API's trace with its observations inside.

An observation holds whatever its framework sent: JSON, JSON in text, a Python repr or plain text. An executed call may
have the type SPAN and only its tool's name; it counts as a call if a proposal has that name. Approvals are not
recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.shared.content import error_text
from airflow_provider_vai.traces.formats.spans.attributes import (
    token_usage,
    unknown_kind,
    without_prefix,
)
from airflow_provider_vai.traces.formats.spans.call import Kind, Operation
from airflow_provider_vai.traces.formats.spans.execution import read_execution
from airflow_provider_vai.traces.formats.spans.messages import SpanMessage, read_chat, read_system
from airflow_provider_vai.traces.formats.spans.run import SpanRun
from airflow_provider_vai.traces.formats.spans.span import Span, first_value, parse_span_time, read_value
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace, document_objects
from airflow_provider_vai.traces.reading.values import as_object, require_object, require_objects, text_or_none

KINDS: dict[str, Kind] = {"GENERATION": "model", "TOOL": "tool", "AGENT": "agent"}
INPUT_TOKENS, OUTPUT_TOKENS = ("input", "prompt_tokens"), ("output", "completion_tokens")


class LangfuseAdapter:
    """Reads Langfuse exports."""

    name = "langfuse"
    description = "Langfuse export (trace, observations), of any framework; also lists or lines of them"
    coverage = Coverage(edits="partly", timing="yes", batches="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a trace with observations, or a list of them."""
        first = document[0] if isinstance(document, list) and document else document
        if not isinstance(first, dict) or not isinstance(observations := first.get("observations"), list):
            return False
        if isinstance(first.get("trace"), dict):
            return True
        return any(isinstance(item, dict) and {"type", "traceId"} <= item.keys() for item in observations)

    def line_key(self, record: Any) -> str | None:
        """Return the trace's id. Never raises."""
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
    facts = require_object(export.get("trace", export), f"{where}trace")
    place = f"{where}observations"
    operations = [_operation(item, at) for item, at in require_objects(export.get("observations"), place)]
    run = Run(
        id=text_or_none(facts.get("id")) or trace.fallback_id,
        source="agent_run",
        format=ADAPTER.name,
        title=text_or_none(facts.get("name")),
    )
    return SpanRun(trace, operations).run(run)


def _operation(item: dict[str, Any], where: str) -> Operation:
    kind = text_or_none(item.get("type")) or ""
    metadata = as_object(read_value(item.get("metadata")))
    span = Span(
        name=text_or_none(item.get("name")) or "",
        where=where,
        id=text_or_none(item.get("id")) or "",
        trace_id=text_or_none(item.get("traceId")) or "",
        parent_id=text_or_none(item.get("parentObservationId")) or "",
        attributes=as_object(read_value(metadata.get("attributes"))),
        start=parse_span_time(item.get("startTime")),
        end=parse_span_time(item.get("endTime")),
        failed=item.get("level") == "ERROR",
        error=text_or_none(item.get("statusMessage")),
    )
    tool = span.text("gen_ai.tool.name", "tool.name") or without_prefix(span.name)
    operation = Operation(span, KINDS.get(kind.upper(), "other"), tool=tool)
    operation.note = unknown_kind(operation.kind, kind)
    if operation.kind == "other" and operation.tool != span.name:
        operation.kind = "tool"  # by its name it is the execution of a tool
    if operation.kind == "model":
        _read_generation(operation, item)
    elif operation.kind == "agent":
        operation.agent = span.name or None
        operation.input_messages = _requests(item.get("input"))
    else:
        read_execution(operation, item.get("input"), item.get("output"))
        operation.error = operation.error or (error_text(operation.result) if operation.failed else None)
    return operation


def _requests(value: Any) -> list[SpanMessage]:
    """Return what a user asked an agent for; the calls in an agent's input are also in its models' messages."""
    messages = read_chat(value, "user")
    return [SpanMessage("user", message.text) for message in messages if message.role == "user" and message.text]


def _read_generation(operation: Operation, item: dict[str, Any]) -> None:
    operation.input_messages = read_chat(item.get("input"), "user")
    operation.output_messages = read_chat(item.get("output"), "assistant")
    operation.system = read_system(item.get("input")) + read_system(item.get("output"))
    operation.model = text_or_none(item.get("model"))
    details = as_object(first_value(item, "usageDetails", "usage"))
    cost = first_value(item, "totalCost", "calculatedTotalCost")
    operation.usage = token_usage(first_value(details, *INPUT_TOKENS), first_value(details, *OUTPUT_TOKENS), cost)


ADAPTER = LangfuseAdapter()

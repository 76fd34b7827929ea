"""OpenTelemetry spans of agents: OTLP JSON, an SDK's own JSON, or one span as flat attributes.

pydantic-ai, Logfire, OpenLLMetry, the Vercel AI SDK, Strands, Google ADK and Airflow's common.ai provider write them.
Executed arguments are in the tools' spans, denials only in messages. Content is recorded only if that was switched on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.spans.attributes import read_operation
from airflow_provider_vai.traces.formats.spans.call import Operation
from airflow_provider_vai.traces.formats.spans.operations import title
from airflow_provider_vai.traces.formats.spans.run import SpanRun
from airflow_provider_vai.traces.formats.spans.span import (
    OPENINFERENCE,
    Span,
    by_trace,
    line_conversations,
    line_traces,
    read_spans,
    some_spans,
)
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace

CONVERSATION = "gen_ai.conversation.id"
ATTRIBUTE_PREFIXES = (
    "gen_ai.",
    "traceloop.",
    "ai.operationId",
    "pydantic_ai.",
    "mcp.method",
    "logfire.",
    "langfuse.observation.",
)


class OTelGenAIAdapter:
    """Reads agent spans in OpenTelemetry's conventions."""

    name = "otel_genai"
    description = "OpenTelemetry GenAI spans (OTLP JSON, also lines): pydantic-ai, OpenLLMetry, Vercel, Strands, ADK"
    coverage = Coverage(approvals="partly", edits="yes", timing="yes")
    line_key = staticmethod(line_traces)

    def line_conversations(self, record: Any) -> dict[str, str]:
        """Return the conversation of each trace of a line that names one. Never raises."""
        return line_conversations(record, CONVERSATION)

    def accepts(self, document: Any) -> bool:
        """Return whether the document holds spans with attributes of the conventions and none of OpenInference."""
        spans = some_spans(document)
        if any(span.get(OPENINFERENCE) is not None for span in spans):
            return False
        return any(str(name).startswith(ATTRIBUTE_PREFIXES) for span in spans for name in span.attributes)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each trace, or one for all traces of a conversation.

        :raises MalformedTrace: a span breaks the format, or the exporter left the content out.
        """
        yield from span_runs(
            trace, self.name, list(read_spans(trace.document, str(trace))), read_operation, CONVERSATION
        )


def span_runs(
    trace: Trace, format: str, spans: list[Span], read: Callable[[Span], Operation], conversation: str = ""
) -> Iterator[Run]:
    """Yield the runs in spans.

    :param read: returns the operation of a span.
    :param conversation: the attribute whose value joins several traces into one run; ``""`` for none.
    :raises MalformedTrace: no span is about an agent, a model or a tool.
    """
    is_empty = True
    for name, group in by_trace(_once(spans), conversation).items():
        operations = [read(span) for span in group if span.text("logfire.span_type") != "pending_span"]
        if all(operation.kind == "other" for operation in operations):
            continue  # a trace of something else, such as a web request
        is_empty = False
        run = Run(id=name or trace.fallback_id, source="agent_run", format=format, title=title(operations))
        yield SpanRun(trace, operations).run(run)
    if is_empty:
        raise MalformedTrace(
            "no span is about an agent, a model or a tool",
            where=str(trace),
            remedy="Export the spans of the agent's own instrumentation, with its attributes.",
        )


def _once(spans: list[Span]) -> list[Span]:
    """Return each span once. If an export repeats a span, the one with the most attributes counts."""
    unique: dict[Any, Span] = {}
    for span in spans:
        key = (span.trace_id, span.id) if span.id else id(span)
        if key not in unique or len(span.attributes) >= len(unique[key].attributes):
            unique[key] = span
    return list(unique.values())


ADAPTER = OTelGenAIAdapter()

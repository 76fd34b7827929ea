"""OpenTelemetry spans of agents: OTLP JSON, an SDK's own JSON, or one span as flat attributes.

pydantic-ai, Logfire, OpenLLMetry, the Vercel AI SDK and Airflow's common.ai provider write these. Executed arguments
stand in the tools' spans, refusals in the messages alone; content is recorded only where that was switched on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.spans.attributes import read_step
from airflow_provider_vai.traces.formats.spans.call import SpanFacts
from airflow_provider_vai.traces.formats.spans.run import SpanRun
from airflow_provider_vai.traces.formats.spans.span import Span, by_trace, line_traces, read_spans, some_spans
from airflow_provider_vai.traces.reading.trace import Coverage, Trace

CONVERSATION = "gen_ai.conversation.id"
OPENINFERENCE = "openinference.span.kind"
MARKS = ("gen_ai.", "traceloop.", "ai.operationId", "pydantic_ai.", "mcp.method", "logfire.")


class OTelGenAIAdapter:
    """Reads agent spans in OpenTelemetry's conventions."""

    name = "otel_genai"
    description = "OpenTelemetry GenAI spans (OTLP JSON, also one object a line): pydantic-ai, OpenLLMetry, Vercel"
    coverage = Coverage(approvals="partly", edits="yes", timing="yes")
    line_key = staticmethod(line_traces)

    def accepts(self, document: Any) -> bool:
        """Return whether the document holds spans with the conventions' attributes and none of OpenInference's."""
        spans = some_spans(document)
        if any(span.get(OPENINFERENCE) is not None for span in spans):
            return False
        return any(str(name).startswith(MARKS) for span in spans for name in span.attributes)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each trace, or for all the traces of one conversation.

        :raises MalformedTrace: a span breaks the format, or the exporter left the content out.
        """
        yield from span_runs(trace, self.name, list(read_spans(trace.document, str(trace))), read_step, CONVERSATION)


def span_runs(
    trace: Trace, format: str, spans: list[Span], read: Callable[[Span], SpanFacts], conversation: str = ""
) -> Iterator[Run]:
    """Yield the runs that spans tell of.

    :param read: says what a span is.
    :param conversation: the attribute that joins several traces into one run.
    :raises MalformedTrace: no span is about an agent, a model or a tool.
    """
    is_empty = True
    for name, group in by_trace(_once(spans), conversation).items():
        steps = [read(span) for span in group if span.text("logfire.span_type") != "pending_span"]
        if all(step.kind == "other" for step in steps):
            continue  # a trace of something else: a web request, a database
        is_empty = False
        titles = [step.span.name for step in steps if not step.span.parent_id and step.span.name]
        run = Run(
            id=name or trace.fallback_id,
            source="agent_run",
            format=format,
            title=titles[0] if titles else None,
        )
        yield SpanRun(trace, steps).run(run)
    if is_empty:
        raise MalformedTrace(
            "no span is about an agent, a model or a tool",
            where=str(trace),
            remedy="Export the spans of the agent's own instrumentation, with its attributes.",
        )


def _once(spans: list[Span]) -> list[Span]:
    """Return each span once, where an export repeats it: the fullest."""
    found: dict[Any, Span] = {}
    for span in spans:
        key = (span.trace_id, span.id) if span.id else id(span)
        if key not in found or len(span.attributes) >= len(found[key].attributes):
            found[key] = span
    return list(found.values())


ADAPTER = OTelGenAIAdapter()

"""Opik's spans, as its API and ``Opik.search_spans`` return them (``opik.rest_api.types.SpanPublic`` 2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.spans.attributes import token_usage
from airflow_provider_vai.traces.formats.spans.call import Kind
from airflow_provider_vai.traces.formats.spans.platform_rows import COVERAGE, SpanRow, row_runs, unwrapped
from airflow_provider_vai.traces.formats.spans.span import parse_span_time
from airflow_provider_vai.traces.reading.trace import Trace, document_objects
from airflow_provider_vai.traces.reading.values import as_list, as_object, text_or_none

KINDS: dict[str, Kind] = {"tool": "tool", "llm": "model", "general": "other", "guardrail": "other"}
KEYS = frozenset({"trace_id", "type", "start_time"})


class OpikAdapter:
    """Reads spans of Opik."""

    name = "opik"
    description = "Opik spans (JSON of its API): a list, or one a line"
    coverage = COVERAGE

    def accepts(self, document: Any) -> bool:
        """Return whether the first span has Opik's keys and one of its types."""
        first = as_object(as_list(document)[0] if as_list(document) else document)
        has_content = "input" in first and "output" in first and "attributes" not in first
        return first.keys() >= KEYS and has_content and text_or_none(first.get("type")) in KINDS

    def line_key(self, record: Any) -> str | None:
        """Return the id of the trace that a span belongs to. Never raises."""
        return text_or_none(as_object(record).get("trace_id"))

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each trace.

        :raises MalformedTrace: a span breaks the format.
        """
        yield from row_runs(trace, self.name, (_row(span, where) for span, where in document_objects(trace)))


def _row(span: dict[str, Any], where: str) -> SpanRow:
    kind, usage = text_or_none(span.get("type")) or "", as_object(span.get("usage"))
    failure = as_object(span.get("error_info"))
    error = text_or_none(failure.get("message")) or text_or_none(failure.get("exception_type"))
    return SpanRow(
        where=where.removesuffix("."),
        kind=KINDS.get(kind, "other"),
        kind_name="" if kind in KINDS else kind,
        id=text_or_none(span.get("id")) or "",
        trace_id=text_or_none(span.get("trace_id")) or "",
        parent_id=text_or_none(span.get("parent_span_id")) or "",
        name=text_or_none(span.get("name")) or "",
        input=span.get("input"),
        output=unwrapped(span.get("output"), "output"),
        error=(error or "failed") if failure else None,
        start=parse_span_time(span.get("start_time")),
        end=parse_span_time(span.get("end_time")),
        model=text_or_none(span.get("model")),
        usage=token_usage(usage.get("prompt_tokens"), usage.get("completion_tokens"), span.get("total_estimated_cost")),
    )


ADAPTER = OpikAdapter()

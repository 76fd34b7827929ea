"""Datadog LLM Observability: spans as its export API returns them (``/api/v2/llm-obs/v1/spans/events``).

The shape is that of https://docs.datadoghq.com/llm_observability/evaluations/export_api.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.shared.content import error_text
from airflow_provider_vai.traces.formats.spans.attributes import token_usage
from airflow_provider_vai.traces.formats.spans.call import Kind
from airflow_provider_vai.traces.formats.spans.platform_rows import COVERAGE, SpanRow, row_runs
from airflow_provider_vai.traces.formats.spans.span import parse_span_time
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_list, as_object, require_object, require_objects, text_or_none

KINDS: dict[str, Kind] = {"tool": "tool", "llm": "model", "agent": "agent"}
OTHERS = frozenset({"workflow", "task", "embedding", "retrieval", "experiment"})


class DatadogAdapter:
    """Reads spans of Datadog LLM Observability."""

    name = "datadog"
    description = "Datadog LLM Observability spans (JSON of its export API)"
    coverage = COVERAGE

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a page of spans with Datadog's kinds."""
        first = next(iter(as_list(as_object(document).get("data"))), None)
        return {"span_kind", "span_id"} <= as_object(as_object(first).get("attributes")).keys()

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each trace.

        :raises MalformedTrace: a span breaks the format, or the document is one page of several.
        """
        facts = require_object(trace.document, str(trace))
        if as_object(facts.get("links")).get("next") or as_object(as_object(facts.get("meta")).get("page")).get(
            "after"
        ):
            raise MalformedTrace(
                "this is one page, and spans are on the next one",
                where=f"{trace}: links",
                remedy="Ask for all spans of the trace in one page: page[limit] may be up to 5000.",
            )
        spans = require_objects(facts.get("data"), f"{trace}: data")
        yield from row_runs(trace, self.name, (_row(span, where) for span, where in spans))


def _row(span: dict[str, Any], where: str) -> SpanRow:
    facts = require_object(span.get("attributes"), f"{where}.attributes")
    kind, metrics = text_or_none(facts.get("span_kind")) or "", as_object(facts.get("metrics"))
    start, duration = facts.get("start_ns"), facts.get("duration")
    parent, output = text_or_none(facts.get("parent_id")), _content(facts.get("output"))
    failed = facts.get("status") == "error"
    return SpanRow(
        where=where,
        kind=KINDS.get(kind, "other"),
        kind_name="" if kind in OTHERS else kind,
        id=text_or_none(facts.get("span_id")) or "",
        trace_id=text_or_none(facts.get("trace_id")) or "",
        parent_id=parent if parent and parent != "undefined" else "",
        name=text_or_none(facts.get("name")) or "",
        input=_content(facts.get("input")),
        output=output,
        error=(error_text(output) or "failed") if failed else None,
        start=parse_span_time(start),
        end=parse_span_time(start + duration) if isinstance(start, int) and isinstance(duration, int) else None,
        model=text_or_none(facts.get("model_name")),
        usage=token_usage(metrics.get("input_tokens"), metrics.get("output_tokens")),
    )


def _content(side: Any) -> Any:
    """Return the value or the messages of an input or output."""
    held = as_object(side)
    return held["messages"] if held.get("messages") else held.get("value")


ADAPTER = DatadogAdapter()

"""Braintrust's spans: rows of a project's logs, as its API and its export return them (``braintrust`` 0.48)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.spans.attributes import token_usage
from airflow_provider_vai.traces.formats.spans.call import Kind
from airflow_provider_vai.traces.formats.spans.platform_rows import COVERAGE, SpanRow, row_runs
from airflow_provider_vai.traces.formats.spans.span import parse_span_time
from airflow_provider_vai.traces.reading.trace import Trace, document_objects
from airflow_provider_vai.traces.reading.values import as_list, as_object, require_objects, text_or_none

KINDS: dict[str, Kind] = {"tool": "tool", "llm": "model"}
OTHERS = frozenset(
    {"score", "function", "eval", "task", "automation", "facet", "preprocessor", "classifier", "review", "saga"}
)
"""Kinds of spans that are neither calls nor model requests."""

KEYS = frozenset({"span_attributes", "root_span_id"})


class BraintrustAdapter:
    """Reads spans of Braintrust."""

    name = "braintrust"
    description = "Braintrust spans (rows of its logs): a list, lines, or an object with events"
    coverage = COVERAGE

    def accepts(self, document: Any) -> bool:
        """Return whether the first row has Braintrust's keys."""
        rows = as_list(as_object(document).get("events") if isinstance(document, dict) else document)
        return as_object(rows[0] if rows else None).keys() >= KEYS

    def line_key(self, record: Any) -> str | None:
        """Return the id of the trace that a row belongs to. Never raises."""
        return text_or_none(as_object(record).get("root_span_id"))

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each trace.

        :raises MalformedTrace: a row breaks the format.
        """
        if isinstance(trace.document, dict):
            rows = require_objects(trace.document.get("events"), f"{trace}: events")
        else:
            rows = ((row, where.removesuffix(".")) for row, where in document_objects(trace))
        yield from row_runs(trace, self.name, (_row(row, where) for row, where in rows))


def _row(row: dict[str, Any], where: str) -> SpanRow:
    facts, metrics = as_object(row.get("span_attributes")), as_object(row.get("metrics"))
    kind, error = text_or_none(facts.get("type")) or "", row.get("error")
    parents = as_list(row.get("span_parents"))
    return SpanRow(
        where=where,
        kind=KINDS.get(kind, "other"),
        kind_name="" if kind in OTHERS else kind,
        id=text_or_none(row.get("span_id")) or "",
        trace_id=text_or_none(row.get("root_span_id")) or "",
        parent_id=text_or_none(parents[0] if parents else None) or "",
        name=text_or_none(facts.get("name")) or "",
        input=row.get("input"),
        output=row.get("output"),
        error=None if error is None else error if isinstance(error, str) else json_text.canonical(error),
        start=parse_span_time(metrics.get("start")),
        end=parse_span_time(metrics.get("end")),
        model=text_or_none(as_object(row.get("metadata")).get("model")),
        usage=token_usage(metrics.get("prompt_tokens"), metrics.get("completion_tokens")),
    )


ADAPTER = BraintrustAdapter()

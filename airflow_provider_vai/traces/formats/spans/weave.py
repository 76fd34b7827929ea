"""Weave's calls, as its API and ``client.get_calls`` return them (``weave`` 0.54).

The kind of an op is among its attributes, if it was set: ``@weave.op(kind="tool")``. An op without one counts as a tool
if a model proposed a call of its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.spans.call import Kind
from airflow_provider_vai.traces.formats.spans.platform_rows import COVERAGE, SpanRow, row_runs
from airflow_provider_vai.traces.formats.spans.span import parse_span_time
from airflow_provider_vai.traces.reading.trace import Trace, document_objects
from airflow_provider_vai.traces.reading.values import as_list, as_object, text_or_none

KINDS: dict[str, Kind] = {"tool": "tool", "llm": "model", "agent": "agent"}
MODELS = re.compile(r"(openai|anthropic|google|groq|mistral|cohere|litellm|cerebras)\..*(create|generate|chat|complet)")
"""The names of the ops by which Weave records the clients of model providers."""

NAME = re.compile(r"(?:weave:///[^/]+/[^/]+/op/)?([^:]+)(?::.*)?")


class WeaveAdapter:
    """Reads calls of Weave."""

    name = "weave"
    description = "Weave calls (JSON of its API): a list, or one a line"
    coverage = COVERAGE

    def accepts(self, document: Any) -> bool:
        """Return whether the first call is of an op in Weave's own form."""
        first = as_object(as_list(document)[0] if as_list(document) else document)
        return str(first.get("op_name", "")).startswith("weave:///") and "inputs" in first

    def line_key(self, record: Any) -> str | None:
        """Return the id of the trace that a call belongs to. Never raises."""
        return text_or_none(as_object(record).get("trace_id"))

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each trace.

        :raises MalformedTrace: a call breaks the format.
        """
        yield from row_runs(trace, self.name, (_row(call, where) for call, where in document_objects(trace)))


def _row(call: dict[str, Any], where: str) -> SpanRow:
    name = NAME.fullmatch(text_or_none(call.get("op_name")) or "")
    op = name[1] if name else ""
    attributes = as_object(call.get("attributes"))
    kind = as_object(attributes.get("weave")).get("kind") or attributes.get("kind")
    kind = kind if isinstance(kind, str) else "llm" if MODELS.match(op) else ""
    inputs = {key: value for key, value in as_object(call.get("inputs")).items() if key != "self"}
    output = as_object(call.get("output"))
    return SpanRow(
        where=where.removesuffix("."),
        kind=KINDS.get(kind, "other"),
        kind_name="",
        id=text_or_none(call.get("id")) or "",
        trace_id=text_or_none(call.get("trace_id")) or "",
        parent_id=text_or_none(call.get("parent_id")) or "",
        name=op,
        input=inputs,
        output=call.get("output"),
        error=text_or_none(call.get("exception")),
        start=parse_span_time(call.get("started_at")),
        end=parse_span_time(call.get("ended_at")),
        model=text_or_none(output.get("model")) or text_or_none(inputs.get("model")),
    )


ADAPTER = WeaveAdapter()

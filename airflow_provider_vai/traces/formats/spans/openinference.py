"""OpenInference spans as Phoenix and Arize export them: OTLP JSON, or lists of spans with nested or flat attributes.

Messages are flattened (``llm.output_messages.0.message.tool_calls.0…``). A tool's arguments and result are its
``input.value`` and ``output.value``. The conventions do not record approvals.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.spans.attributes import read_operation
from airflow_provider_vai.traces.formats.spans.otel_genai import span_runs
from airflow_provider_vai.traces.formats.spans.span import (
    OPENINFERENCE,
    line_conversations,
    line_traces,
    read_spans,
    some_spans,
)
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace

SESSION = "session.id"
"""The attribute that names a conversation, whose traces are one run."""


class OpenInferenceAdapter:
    """Reads OpenInference spans."""

    name = "openinference"
    description = "OpenInference spans (Arize, Phoenix and its API): OTLP JSON, or spans with nested or flat attributes"
    coverage = Coverage(approvals="partly", edits="partly", timing="yes", batches="partly")
    line_key = staticmethod(line_traces)

    def line_conversations(self, record: Any) -> dict[str, str]:
        """Return the conversation of each trace of a line that names one. Never raises."""
        return line_conversations(record, SESSION)

    def accepts(self, document: Any) -> bool:
        """Return whether a span of the document has an OpenInference kind."""
        return any(span.get(OPENINFERENCE) is not None for span in some_spans(document))

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each trace, or one for all traces of a session.

        :raises MalformedTrace: a span breaks the format, or the exporter left the content out.
        """
        yield from span_runs(trace, self.name, list(read_spans(trace.document, str(trace))), read_operation, SESSION)


ADAPTER = OpenInferenceAdapter()

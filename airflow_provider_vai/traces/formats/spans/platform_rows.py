"""What the span exports of observability platforms share: rows with a kind, an input, an output and an error.

A platform's module turns each of its rows into a :class:`SpanRow`. Rows hold executions; proposals are in the messages
of model requests, if the platform records those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.spans.attributes import unknown_kind
from airflow_provider_vai.traces.formats.spans.call import Kind, Operation
from airflow_provider_vai.traces.formats.spans.execution import read_execution
from airflow_provider_vai.traces.formats.spans.messages import read_chat, read_system
from airflow_provider_vai.traces.formats.spans.run import SpanRun
from airflow_provider_vai.traces.formats.spans.span import Span
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_object

COVERAGE = Coverage(approvals="partly", edits="partly", timing="yes", batches="partly")
"""What such exports record: executions with their times; denials and proposals only in the messages of a model."""


@dataclass
class SpanRow:
    """One row. ``kind_name`` is an unknown name of a kind, for a note. ``error`` is ``None`` for a row without one."""

    where: str
    kind: Kind
    kind_name: str
    id: str
    trace_id: str
    parent_id: str
    name: str
    input: Any = None
    output: Any = None
    error: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    model: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)


def row_runs(trace: Trace, format: str, rows: Iterable[SpanRow]) -> Iterator[Run]:
    """Yield a run for each trace in the rows.

    :param format: the format's name.
    :raises MalformedTrace: a row breaks the format, or the platform left out the content of the calls.
    """
    traces: dict[str, list[SpanRow]] = {}
    for row in rows:
        traces.setdefault(row.trace_id, []).append(row)
    for name, found in traces.items():
        ids = {row.id for row in found}
        roots = [row for row in found if row.parent_id not in ids]
        root = roots[0] if roots else found[0]
        run = Run(id=name or trace.fallback_id, source="agent_run", format=format, title=root.name or None)
        finished = root.error is None and root.end is not None
        yield SpanRun(trace, [_operation(row) for row in found]).run(run, finished=finished)


def unwrapped(value: Any, key: str) -> Any:
    """Return the value under the only key of an object, or the value itself."""
    return value[key] if as_object(value).keys() == {key} else value


def _operation(row: SpanRow) -> Operation:
    span = Span(
        name=row.name,
        where=row.where,
        id=row.id,
        trace_id=row.trace_id,
        parent_id=row.parent_id,
        start=row.start,
        end=row.end,
        failed=row.error is not None,
        error=row.error or None,
    )
    operation = Operation(span, row.kind, tool=row.name)
    operation.note = unknown_kind(row.kind, row.kind_name)
    if row.kind == "model":
        operation.input_messages = read_chat(row.input, "user")
        operation.output_messages = read_chat(row.output, "assistant")
        operation.system = read_system(row.input)
        operation.model, operation.usage = row.model, row.usage
    elif row.kind == "agent":
        operation.agent = row.name or None
    else:
        read_execution(operation, row.input, row.output)
        operation.error = row.error or operation.error
    return operation

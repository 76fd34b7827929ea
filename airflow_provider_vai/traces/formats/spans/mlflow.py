"""MLflow traces: ``{info, data: {spans}}``, as one object, a list, or one per line.

Attribute values are JSON in text. A tool's call id is only in the model's messages. Approvals are not recorded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.spans.attributes import (
    read_operation,
    span_kind,
    token_usage,
    unknown_kind,
    without_prefix,
)
from airflow_provider_vai.traces.formats.spans.call import Kind, Operation
from airflow_provider_vai.traces.formats.spans.execution import read_execution
from airflow_provider_vai.traces.formats.spans.messages import read_chat, read_system
from airflow_provider_vai.traces.formats.spans.operations import title
from airflow_provider_vai.traces.formats.spans.run import SpanRun
from airflow_provider_vai.traces.formats.spans.span import Span, first_value, read_span, read_value
from airflow_provider_vai.traces.formats.spans.wrappers import CLASSES
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace, document_objects
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_object,
    require_object,
    require_objects,
    text_or_none,
)

NUMBER = re.compile(r"_\d+$")
KINDS: dict[str, Kind] = {"TOOL": "tool", "CHAT_MODEL": "model", "LLM": "model", "AGENT": "agent"}


SESSION = "mlflow.trace.session"
"""The key of the metadata that names a conversation, whose traces are one run."""


class MLflowAdapter:
    """Reads MLflow traces."""

    name = "mlflow"
    description = "MLflow traces (info, data.spans): one, a list, or one a line"
    coverage = Coverage(approvals="partly", edits="partly", timing="yes", batches="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a trace with info and data.spans, or a list of them."""
        first = document[0] if isinstance(document, list) and document else document
        data = as_object(first).get("data")
        return isinstance(data, dict) and isinstance(data.get("spans"), list) and isinstance(first.get("info"), dict)

    def line_key(self, record: Any) -> str | None:
        """Return the id of the trace or of its session. Never raises."""
        info = as_object(record).get("info")
        own = text_or_none(first_value(info, "trace_id", "request_id")) if isinstance(info, dict) else None
        return own and (_session(record) or own)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each trace, or one for all traces of a session.

        :raises MalformedTrace: a trace or a span breaks the format.
        """
        conversations: dict[str, list[PlacedObject]] = {}
        for item, where in document_objects(trace):
            conversations.setdefault(_session(item) or where, []).append((item, where))
        for items in conversations.values():
            yield _run(trace, items)


def _session(item: dict[str, Any]) -> str | None:
    """Return the id of the session that a trace belongs to."""
    metadata = as_object(item.get("info")).get("trace_metadata")
    return text_or_none(as_object(metadata).get(SESSION))


def _run(trace: Trace, items: list[PlacedObject]) -> Run:
    operations: list[Operation] = []
    for item, where in items:
        info = require_object(item.get("info"), f"{where}info")
        spans = require_object(item.get("data"), f"{where}data").get("spans")
        operations += [_operation(span, place) for span, place in require_objects(spans, f"{where}data.spans")]
    _remove_numbers(operations)
    run = Run(
        id=text_or_none(first_value(info, "trace_id", "request_id")) or trace.fallback_id,
        source="agent_run",
        format=ADAPTER.name,
        title=title(operations),
    )
    return SpanRun(trace, operations).run(run, finished=first_value(info, "state", "status") == "OK")


def _operation(item: dict[str, Any], where: str) -> Operation:
    span = read_span(item, where)
    span.attributes = {name: _decoded(value) for name, value in span.attributes.items()}
    kind = (span.text("mlflow.spanType") or text_or_none(item.get("span_type")) or "").upper()
    kind = "" if kind == "NULL" else kind  # spans that reach MLflow by OpenTelemetry
    if not kind and span_kind(span) != "other":  # another instrumentation's span, which MLflow only keeps
        return read_operation(span)
    operation = Operation(span, KINDS.get(kind, "other"), tool=_tool_name(span))
    operation.note = unknown_kind(operation.kind, kind)
    inputs, outputs = span.get("mlflow.spanInputs"), span.get("mlflow.spanOutputs")
    inputs = item.get("inputs") if inputs is None else inputs  # older traces have them in the span itself
    outputs = item.get("outputs") if outputs is None else outputs
    if operation.kind == "model":
        operation.input_messages, operation.output_messages = read_chat(inputs, "user"), read_chat(outputs, "assistant")
        operation.system = read_system(inputs)
        model = span.text("mlflow.llm.model", "model", "model_name")
        operation.model = model or text_or_none(as_object(inputs).get("model"))
        tokens = as_object(span.get("mlflow.chat.tokenUsage"))
        cost = first_value(as_object(span.get("mlflow.llm.cost")), "total_cost")
        operation.usage = token_usage(tokens.get("input_tokens"), tokens.get("output_tokens"), cost)
    elif operation.kind == "agent":
        operation.agent = span.name or None
    else:
        if NUMBER.sub("", operation.tool) == (name := as_object(read_value(outputs)).get("name")):
            operation.tool = name  # a message of LangChain
        read_execution(operation, inputs, outputs)
    return operation


def _tool_name(span: Span) -> str:
    """Return a tool's name, without the number that MLflow adds to repeated span names (``search_2``)."""
    name = span.text("mlflow.spanFunctionName", "gen_ai.tool.name") or span.name
    return (span.text("name") or name) if CLASSES.fullmatch(name) else without_prefix(name)


def _remove_numbers(operations: list[Operation]) -> None:
    """Remove the numbers that MLflow 2 adds to equal names of spans (``search_1``, ``search_2``) from tools' names.

    :param operations: those of a run; the model's calls have the tools' own names.
    """
    messages = (message for found in operations for message in (*found.input_messages, *found.output_messages))
    proposed = {call.tool for message in messages for call in message.calls}
    for operation in operations:
        name = NUMBER.sub("", operation.tool)
        if operation.kind == "tool" and operation.tool not in proposed and name in proposed:
            operation.tool = name


def _decoded(value: Any) -> Any:
    """Return the value of an attribute's JSON text, which may also be a JSON string."""
    if value == "null":
        return None
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        try:
            return json.loads(value)
        except ValueError:
            return value
    return read_value(value)


ADAPTER = MLflowAdapter()

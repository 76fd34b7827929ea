"""Langfuse's ChatML of a trace: an object by observation id, each with the parsed input and output.

It has no times, names or tool observations. The order of the observations is known only if each input begins with the
previous one; then the shortest comes first. A trace of several conversations is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.spans.call import Operation
from airflow_provider_vai.traces.formats.spans.messages import read_chat
from airflow_provider_vai.traces.formats.spans.run import SpanRun
from airflow_provider_vai.traces.formats.spans.span import Span
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_object, require_object

SIDES = ("input", "output")


class LangfuseChatMLAdapter:
    """Reads Langfuse's ChatML."""

    name = "langfuse_chatml"
    description = "Langfuse's ChatML of a trace: input and output by observation"
    coverage = Coverage(batches="yes")

    def accepts(self, document: Any) -> bool:
        """Return whether every value is an observation whose input and output say whether they were parsed."""
        if not isinstance(document, dict) or not document:
            return False
        sides = [
            item.get(side) for item in document.values() if isinstance(item, dict) for side in SIDES if side in item
        ]
        are_all = all(isinstance(item, dict) and item.keys() <= set(SIDES) for item in document.values())
        return are_all and bool(sides) and all(isinstance(side, dict) and "success" in side for side in sides)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: an observation is not an object, or the order of the observations is unknown.
        """
        observations = require_object(trace.document, str(trace))
        operations, unparsed = [], []
        for name, item in observations.items():
            where = f"{trace}: {name}"
            observation = require_object(item, where)
            if any(as_object(observation.get(side)).get("success") is False for side in SIDES):
                unparsed.append(where)
            input_messages, message = (as_object(observation.get(side)).get("data") for side in SIDES)
            span = Span(name="", where=where, id=name)
            operation = Operation(
                span,
                "model",
                input_messages=read_chat(input_messages, "user"),
                output_messages=read_chat(message, "assistant"),
            )
            operations.append(operation)
        operations.sort(key=lambda operation: len(operation.input_messages))
        _refuse_unordered(operations)
        run = SpanRun(trace, operations)
        for where in unparsed:
            run.conversation.note(where, "the exporter could not parse this observation")
        yield run.run(Run(id=trace.fallback_id, source="agent_run", format=self.name))


def _refuse_unordered(operations: list[Operation]) -> None:
    """Refuse inputs that do not continue each other, because their order would be a guess.

    :raises MalformedTrace: with the place of the first such observation.
    """
    longest: list[Any] = []
    for operation in (operation for operation in operations if operation.input_messages):
        messages = operation.input_messages
        history = [(message.role, message.text, *(call.id for call in message.calls)) for message in messages]
        if history[: len(longest)] != longest:
            raise MalformedTrace(
                "belongs to another conversation than the observations before it, so their order is unknown",
                where=operation.span.where,
                remedy="Export the trace with its observations (trace, observations) instead of its ChatML.",
            )
        longest = history


ADAPTER = LangfuseChatMLAdapter()

"""Langfuse's ChatML of a trace: an object of observation ids, each with the parsed input and output.

It has no times, no names and no tool observations. Its order is known only where each input begins with the one
before it: then the shortest comes first. A trace of several conversations is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.spans.call import SpanFacts
from airflow_provider_vai.traces.formats.spans.messages import read_chat
from airflow_provider_vai.traces.formats.spans.run import SpanRun
from airflow_provider_vai.traces.formats.spans.span import Span
from airflow_provider_vai.traces.reading.trace import Coverage, Trace
from airflow_provider_vai.traces.reading.values import as_object, require_object

SIDES = ("input", "output")


class LangfuseChatMLAdapter:
    """Reads Langfuse's ChatML."""

    name = "langfuse_chatml"
    description = "Langfuse's ChatML of a trace: input and output by observation"
    coverage = Coverage(batches="yes")

    def accepts(self, document: Any) -> bool:
        """Return whether every member is an observation with sides that say whether they were parsed."""
        if not isinstance(document, dict) or not document:
            return False
        sides = [
            item.get(side) for item in document.values() if isinstance(item, dict) for side in SIDES if side in item
        ]
        are_all = all(isinstance(item, dict) and item.keys() <= set(SIDES) for item in document.values())
        return are_all and bool(sides) and all(isinstance(side, dict) and "success" in side for side in sides)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: an observation is no object.
        """
        found = require_object(trace.document, str(trace))
        steps, unread = [], []
        for name, item in found.items():
            where = f"{trace}: {name}"
            observation = require_object(item, where)
            if any(as_object(observation.get(side)).get("success") is False for side in SIDES):
                unread.append(where)
            heard, said = (as_object(observation.get(side)).get("data") for side in SIDES)
            span = Span(name="", where=where, id=name)
            step = SpanFacts(span, "model", heard=read_chat(heard, "user"), said=read_chat(said, "assistant"))
            steps.append(step)
        steps.sort(key=lambda step: len(step.heard))
        _refuse_unordered(steps)
        run = SpanRun(trace, steps)
        for where in unread:
            run.conversation.note(where, "the exporter could not parse this observation")
        yield run.run(Run(id=trace.fallback_id, source="agent_run", format=self.name))


def _refuse_unordered(steps: list[SpanFacts]) -> None:
    """Refuse inputs that do not continue one another: which came first would be a guess.

    :raises MalformedTrace: naming the first such observation.
    """
    longest: list[Any] = []
    for step in (step for step in steps if step.heard):
        heard = [(said.role, said.text, *(asked.id for asked in said.calls)) for said in step.heard]
        if heard[: len(longest)] != longest:
            raise MalformedTrace(
                "belongs to another conversation than the observations before it, and nothing gives their order",
                where=step.span.where,
                remedy="Export the trace with its observations (trace, observations) instead of its ChatML.",
            )
        longest = heard


ADAPTER = LangfuseChatMLAdapter()

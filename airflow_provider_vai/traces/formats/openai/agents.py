"""OpenAI Agents SDK traces: exported trace and span objects, as a list, lines, or the batches that are sent.

A paused call is a call without output; if it was approved, the call is there again, with its output. A denied call
stays without output, like a call of a tool that returns nothing: then the input of the next model request decides, if
the trace has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.openai.agents_run import AgentsRunReader
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_list,
    place_inside,
    require_objects,
    text_or_none,
)

OBJECTS = ("trace", "trace.span")


class OpenAIAgentsAdapter:
    """Reads the traces of the Agents SDK."""

    name = "openai_agents"
    description = "OpenAI Agents SDK traces: exported trace and span objects"
    coverage = Coverage(results="partly", approvals="partly", timing="yes")

    def accepts(self, document: Any) -> bool:
        """Return whether the document begins with an exported trace or span."""
        return bool(self.line_key(document[0] if isinstance(document, list) and document else document))

    def line_key(self, record: Any) -> list[str]:
        """Return the ids of the traces that an exported object, or a batch of them, belongs to."""
        return list(dict.fromkeys(key for exported, _ in _objects(record, "") if (key := _key(exported))))

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each trace.

        :raises MalformedTrace: a span breaks the format.
        """
        traces: dict[str, list[PlacedObject]] = {}
        others = []
        for exported, place in _placed(trace):
            if key := _key(exported):
                traces.setdefault(key, []).append((exported, place))
            else:
                others.append(place)
        for key, listed in traces.items():
            reader = AgentsRunReader(trace, key, listed)
            for place in others:
                reader.conversation.note(place, "neither a trace nor a span")
            yield reader.run(self.name)


def _placed(trace: Trace) -> Iterator[PlacedObject]:
    if isinstance(trace.document, dict):
        yield from _objects(trace.document, f"{trace}: ")
        return
    for exported, place in require_objects(trace.document, f"{trace}: "):
        yield from _objects(exported, place)


def _objects(exported: Any, place: str) -> Iterator[PlacedObject]:
    """Yield an exported object, or the objects of a batch in the form that the exporter sends."""
    batch = exported.get("data") if isinstance(exported, dict) and "object" not in exported else None
    for number, item in enumerate(as_list(batch)):
        if isinstance(item, dict):
            yield item, place_inside(place, f"data[{number}]")
    if not isinstance(batch, list) and isinstance(exported, dict):
        yield exported, place


def _key(exported: dict[str, Any]) -> str | None:
    kind = exported.get("object")
    return text_or_none(exported.get("id" if kind == "trace" else "trace_id")) if kind in OBJECTS else None


ADAPTER = OpenAIAgentsAdapter()

"""OpenAI Agents SDK traces: exported trace and span objects, as a list, lines, or the batches that are sent.

A pause shows as a call without output; when it was approved the call stands there again, with output. A refused
call stays without output, like a tool that returns nothing: what the next model call was told decides, where the
trace has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.openai.agents_run import AgentsRunReader, Placed
from airflow_provider_vai.traces.formats.openai.response_chain import under
from airflow_provider_vai.traces.reading.trace import Coverage, Trace
from airflow_provider_vai.traces.reading.values import require_objects, text_or_none

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
        return list(dict.fromkeys(key for found, _ in _objects(record, "") if (key := _key(found))))

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield a run for each trace.

        :raises MalformedTrace: a span breaks the format.
        """
        traces: dict[str, list[Placed]] = {}
        others = []
        for found, place in _placed(trace):
            if key := _key(found):
                traces.setdefault(key, []).append((found, place))
            else:
                others.append(place)
        for key, listed in traces.items():
            reader = AgentsRunReader(trace, key, listed)
            for place in others:
                reader.conversation.note(place, "neither a trace nor a span")
            yield reader.run(self.name)


def _placed(trace: Trace) -> Iterator[Placed]:
    if isinstance(trace.document, dict):
        yield from _objects(trace.document, f"{trace}: ")
        return
    for found, place in require_objects(trace.document, f"{trace}: "):
        yield from _objects(found, place)


def _objects(found: Any, place: str) -> Iterator[Placed]:
    """Yield an exported object, or those of a batch as the exporter sends it."""
    batch = found.get("data") if isinstance(found, dict) and "object" not in found else None
    for number, item in enumerate(batch if isinstance(batch, list) else ()):
        if isinstance(item, dict):
            yield item, under(place, f"data[{number}]")
    if not isinstance(batch, list) and isinstance(found, dict):
        yield found, place


def _key(found: dict[str, Any]) -> str | None:
    kind = found.get("object")
    return text_or_none(found.get("id" if kind == "trace" else "trace_id")) if kind in OBJECTS else None


ADAPTER = OpenAIAgentsAdapter()

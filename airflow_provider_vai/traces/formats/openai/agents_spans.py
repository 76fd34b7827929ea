"""The spans of one OpenAI Agents SDK trace as a tree: which span is inside which, and which calls are a batch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from airflow_provider_vai.traces.reading.values import (
    as_list,
    as_object,
    optional_text,
    parse_arguments,
    parse_time,
    require_object,
    require_text,
    text_or_none,
)

MODEL = frozenset({"generation", "response"})


@dataclass(frozen=True)
class OpenAISpan:
    """One span, with its place in the file."""

    id: str
    parent: str | None
    kind: str
    data: dict[str, Any]
    error: Any
    started_at: datetime | None
    ended_at: datetime | None
    place: str

    @property
    def start(self) -> float:
        """The start in seconds since 1970, as a sort key; a span without a start comes last."""
        return _seconds(self.started_at, math.inf)

    @property
    def end(self) -> float:
        """The end in seconds since 1970, as a sort key; a span without an end comes first."""
        return _seconds(self.ended_at, -math.inf)

    @property
    def name(self) -> str | None:
        """The name of the span's tool or agent."""
        return text_or_none(self.data.get("name"))

    def proposals(self) -> Iterator[Proposal]:
        """Yield the calls that a model's response proposes, as Responses items or in chat messages."""
        response = self.data.get("response")
        output = response.get("output") if isinstance(response, dict) else self.data.get("output")
        for item in as_list(output):
            if not isinstance(item, dict):
                continue
            if item.get("type") == "function_call":
                yield _proposal(item.get("call_id"), item, self)
            for call in as_list(item.get("tool_calls")):
                function = as_object(call).get("function")
                if isinstance(function, dict):
                    yield _proposal(call.get("id"), function, self)

    @property
    def is_empty(self) -> bool:
        """Whether it has neither output nor error: a paused or denied call, or a tool that returns nothing."""
        return self.data.get("output") is None and self.error is None


@dataclass(frozen=True)
class Proposal:
    """A call as the model proposed it."""

    call_id: str | None
    tool: Any
    arguments: Any
    span: OpenAISpan


def read_span(exported: dict[str, Any], place: str) -> OpenAISpan:
    """Return an exported span.

    :raises MalformedTrace: it has no id or no data.
    """
    data = require_object(exported.get("span_data"), f"{place}.span_data")
    kind = require_text(data.get("type"), f"{place}.span_data.type")
    inner = data.get("data")
    if kind == "custom" and isinstance(inner, dict):
        kind = text_or_none(inner.get("sdk_span_type")) or kind
    return OpenAISpan(
        id=require_text(exported.get("id"), f"{place}.id"),
        parent=optional_text(exported.get("parent_id"), f"{place}.parent_id"),
        kind=kind,
        data=data,
        error=exported.get("error"),
        started_at=parse_time(exported.get("started_at")),
        ended_at=parse_time(exported.get("ended_at")),
        place=place,
    )


class SpanTree:
    """The spans of one trace in the order of their start, each once even if it was exported several times."""

    def __init__(self, spans: Iterable[OpenAISpan]) -> None:
        self.by_id: dict[str, OpenAISpan] = {}
        for span in spans:
            if span.id not in self.by_id or span.ended_at is not None:
                self.by_id[span.id] = span
        self.spans = sorted(self.by_id.values(), key=lambda span: (span.start, len(list(self.above(span)))))
        holders = (self.nearest(span, "function") for span in self.spans if span.kind == "agent")
        self.agent_tools = {holder.id for holder in holders if holder}
        """The ids of the calls that run an agent."""

    def above(self, span: OpenAISpan) -> Iterator[OpenAISpan]:
        """Yield the spans around a span, the nearest first."""
        seen = {span.id}
        while span.parent in self.by_id and span.parent not in seen:
            span = self.by_id[span.parent]
            seen.add(span.id)
            yield span

    def nearest(self, span: OpenAISpan, *kinds: str) -> OpenAISpan | None:
        """Return the nearest span of one of the kinds around a span."""
        return next((above for above in self.above(span) if above.kind in kinds), None)

    def agent(self, span: OpenAISpan) -> str | None:
        """Return the name of the agent that a span belongs to."""
        agent = self.nearest(span, "agent")
        return agent.name if agent else None

    def models(self) -> Iterator[OpenAISpan]:
        """Yield the spans of model requests."""
        return (span for span in self.spans if span.kind in MODEL)

    def batch(self, call: OpenAISpan) -> tuple[str, str]:
        """Return a key that the calls of one assistant message share: the agent's turn, or its newest model request."""
        agent, turn = self.nearest(call, "agent"), self.nearest(call, "turn", "function")
        if turn is not None and turn.kind == "turn":
            return "turn", turn.id
        models = [span for span in self.models() if self.nearest(span, "agent") == agent and span.start <= call.start]
        return "model", models[-1].id if models else (agent.id if agent else "")

    def is_resumed(self, paused: OpenAISpan, later: OpenAISpan) -> bool:
        """Return whether a later span is the same call, resumed after a pause.

        There was no request to the agent's model in between. Calls with the same parent span are two calls.
        """
        same = (paused.name, paused.data.get("input"), self.agent(paused))
        if same != (later.name, later.data.get("input"), self.agent(later)) or paused.parent == later.parent:
            return False
        models = (span for span in self.models() if self.agent(span) == self.agent(paused))
        return not any(paused.start < span.start < later.start for span in models)


def input_items(span: OpenAISpan) -> list[dict[str, Any]]:
    """Return the input of a model request: messages or items."""
    return [item for item in as_list(span.data.get("input")) if isinstance(item, dict)]


def _proposal(call_id: Any, function: dict[str, Any], span: OpenAISpan) -> Proposal:
    return Proposal(text_or_none(call_id), function.get("name"), parse_arguments(function.get("arguments")), span)


def _seconds(at: datetime | None, unknown: float) -> float:
    return unknown if at is None else at.replace(tzinfo=at.tzinfo or timezone.utc).timestamp()

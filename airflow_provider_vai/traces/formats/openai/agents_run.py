"""Reads a run from the trace and span objects of one OpenAI Agents SDK trace."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome, ToolCall
from airflow_provider_vai.traces.formats.openai.agents_calls import AgentsCall, AgentsCalls
from airflow_provider_vai.traces.formats.openai.agents_spans import MODEL, OpenAISpan, SpanTree, input_items, read_span
from airflow_provider_vai.traces.formats.shared.content import part_text, proposed_arguments, total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import PlacedObject, as_list, require_text, text_or_none

TOKENS = ("input_tokens", "output_tokens", "prompt_tokens", "completion_tokens")
IGNORED = MODEL | {
    "agent",
    "task",
    "turn",
    "function",
    "guardrail",
    "mcp_tools",
    "transcription",
    "speech",
    "speech_group",
}
EMPTY = "no output: the call waited for a decision, was denied, or returned nothing"


class AgentsRunReader:
    """One trace: its calls in order, with their results."""

    def __init__(self, trace: Trace, key: str, listed: list[PlacedObject]) -> None:
        self.key = key
        self.conversation = Conversation(trace)
        self.facts = next((item for item, _ in listed if item["object"] == "trace"), {})
        self.tree = SpanTree(read_span(item, place) for item, place in listed if item["object"] == "trace.span")
        self.calls = AgentsCalls(self.tree)
        self.call_ids: dict[str, str] = {}  # a span's id -> its call's id in the run

    def run(self, format: str) -> Run:
        """Return the run in the trace."""
        spans, models = self.tree.spans, list(self.tree.models())
        unread_models = list(models)
        for batch in self.calls.batches():
            start = min(call.span.start for call in batch)
            while unread_models and unread_models[0].start <= start:
                self._read_texts(unread_models.pop(0))
            self.conversation.start_message()
            for call in batch:
                self._read_call(call)
        for span in spans:
            if span.kind not in IGNORED or span.data.get("triggered") is True:
                self.conversation.note(span.place, _note(span))
        agents = [span for span in spans if span.kind == "agent" and self.tree.nearest(span, "function") is None]
        usages = [usage for span in models if isinstance(usage := span.data.get("usage"), dict)]
        run = Run(
            id=self.key,
            source="agent_run",
            format=format,
            title=text_or_none(self.facts.get("workflow_name")),
            agent=agents[0].name if agents else None,
            model=next((name for span in models if (name := text_or_none(span.data.get("model")))), None),
            started_at=spans[0].started_at if spans else None,
            ended_at=max(spans, key=lambda span: span.end).ended_at if spans else None,
            outcome=self._outcome(agents),
            usage=total_usage(usages, tokens=TOKENS, costs=[]),
        )
        return self.conversation.finish(run)

    def _read_texts(self, span: OpenAISpan) -> None:
        """Read new system and user texts from the input of the outer agent's model, if the trace has it."""
        if self.tree.nearest(span, "function") is None:
            texts = {
                item.get("role"): _text(item.get("content"))
                for item in input_items(span)
                if isinstance(item.get("role"), str)
            }
            self.conversation.add_system_text(texts.get("system") or texts.get("developer"))
            if texts.get("user") and texts["user"] not in [turn.user_text for turn in self.conversation.turns]:
                self.conversation.start_turn(texts["user"])

    def _read_call(self, agents_call: AgentsCall) -> None:
        span, last = agents_call.span, agents_call.last
        data, place, inside = span.data, span.place, self.tree.nearest(span, "function")
        mcp = data.get("mcp_data")
        call = ToolCall(
            id=agents_call.id,
            tool=require_text(data.get("name"), f"{place}.span_data.name"),
            server=text_or_none(mcp.get("server")) if isinstance(mcp, dict) else None,
            parent_id=self.call_ids.get(inside.id) if inside else None,
            proposed_arguments=proposed_arguments(data.get("input")),
            started_at=last.started_at,
        )
        position = self.conversation.add_call(call, place)
        self.call_ids[span.id] = self.call_ids[last.id] = self.conversation.calls[position].id
        result = self.calls.result(agents_call)
        if result is None:
            self.conversation.note(last.place, EMPTY)
        else:
            self.conversation.set_result(position, result)

    def _outcome(self, agents: list[OpenAISpan]) -> RunOutcome:
        """Return ``success`` if every agent ended without an error and the last span is a model's."""
        if any(span.error is not None for span in agents):
            return "failed"
        spoken = [span for span in self.tree.spans if span.kind in MODEL or span.kind == "function"]
        outer = [span for span in spoken if self.tree.nearest(span, "function") is None]
        is_over = bool(agents) and all(span.ended_at for span in agents)
        return "success" if is_over and outer and outer[-1].kind in MODEL else "unknown"


def _text(content: Any) -> str | None:
    parts = filter(None, map(part_text, as_list(content)))
    return text_or_none(content if isinstance(content, str) else "\n".join(parts))


def _note(span: OpenAISpan) -> str:
    if span.kind == "handoff":
        return f"{span.data.get('from_agent')} handed off to {span.data.get('to_agent')}"
    if span.kind == "guardrail":
        return f"the guardrail {span.name or ''} stopped the run or the call"
    return f"unknown span {span.kind!r} {span.name or ''}".rstrip()

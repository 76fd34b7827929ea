"""One run out of the trace and span objects of an OpenAI Agents SDK trace."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome, ToolCall
from airflow_provider_vai.traces.formats.openai.span_calls import Called, Calls
from airflow_provider_vai.traces.formats.openai.spans import MODEL, OpenAISpan, Tree, read_span, told
from airflow_provider_vai.traces.formats.shared.content import part_text, proposed_arguments, total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import require_text, text_or_none

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
EMPTY = "no output: it waited for a decision, was refused, or returned nothing"

Placed = tuple[dict[str, Any], str]


class AgentsRunReader:
    """One trace: its calls in order, what came of each."""

    def __init__(self, trace: Trace, key: str, listed: list[Placed]) -> None:
        self.key = key
        self.conversation = Conversation(trace)
        self.facts = next((found for found, _ in listed if found["object"] == "trace"), {})
        self.tree = Tree(read_span(found, place) for found, place in listed if found["object"] == "trace.span")
        self.calls = Calls(self.tree)
        self.names: dict[str, str] = {}  # of the calls, by span

    def run(self, format: str) -> Run:
        """Return the run that the trace tells of."""
        spans, models = self.tree.spans, list(self.tree.models())
        unread = list(models)
        for batch in self.calls.batches():
            while unread and unread[0].start <= batch[0].span.start:
                self._read_words(unread.pop(0))
            self.conversation.start_message()
            for call in batch:
                self._read_call(call)
        for span in spans:
            if span.kind not in IGNORED or span.data.get("triggered") is True:
                self.conversation.note(span.place, _unread(span))
        agents = [span for span in spans if span.kind == "agent" and self.tree.nearest(span, "function") is None]
        spent = [found for span in models if isinstance(found := span.data.get("usage"), dict)]
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
            usage=total_usage(spent, tokens=TOKENS, costs=[]),
        )
        return self.conversation.finish(run)

    def _read_words(self, span: OpenAISpan) -> None:
        """Tell what the outer agent's model was told, where the trace has it: what is new of it."""
        if self.tree.nearest(span, "function") is None:
            words = {
                item.get("role"): _words(item.get("content"))
                for item in told(span)
                if isinstance(item.get("role"), str)
            }
            self.conversation.add_system_text(words.get("system") or words.get("developer"))
            if words.get("user") and words["user"] not in [turn.user_text for turn in self.conversation.turns]:
                self.conversation.start_turn(words["user"])

    def _read_call(self, called: Called) -> None:
        data, place, inside = called.span.data, called.span.place, self.tree.nearest(called.span, "function")
        mcp = data.get("mcp_data")
        call = ToolCall(
            id=called.id,
            tool=require_text(data.get("name"), f"{place}.span_data.name"),
            server=text_or_none(mcp.get("server")) if isinstance(mcp, dict) else None,
            parent_id=self.names.get(inside.id) if inside else None,
            proposed_arguments=proposed_arguments(data.get("input")),
            started_at=called.last.started_at,
        )
        position = self.conversation.add_call(call, place)
        self.names[called.span.id] = self.names[called.last.id] = self.conversation.calls[position].id
        answer = self.calls.answer(called)
        if answer is None:
            self.conversation.note(called.last.place, EMPTY)
        else:
            self.conversation.set_result(position, answer)

    def _outcome(self, agents: list[OpenAISpan]) -> RunOutcome:
        """Return ``success`` where every agent ended without an error and a model had the last word."""
        if any(span.error is not None for span in agents):
            return "failed"
        spoken = [span for span in self.tree.spans if span.kind in MODEL or span.kind == "function"]
        outer = [span for span in spoken if self.tree.nearest(span, "function") is None]
        is_over = bool(agents) and all(span.ended_at for span in agents)
        return "success" if is_over and outer and outer[-1].kind in MODEL else "unknown"


def _words(content: Any) -> str | None:
    parts = content if isinstance(content, list) else []
    found = content if isinstance(content, str) else "\n".join(filter(None, map(part_text, parts)))
    return text_or_none(found)


def _unread(span: OpenAISpan) -> str:
    if span.kind == "handoff":
        return f"{span.data.get('from_agent')} handed over to {span.data.get('to_agent')}"
    if span.kind == "guardrail":
        return f"the guardrail {span.name or ''} stopped the run or the call"
    return f"unknown span {span.kind!r} {span.name or ''}".rstrip()

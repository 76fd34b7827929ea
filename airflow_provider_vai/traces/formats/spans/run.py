"""From spans to a Run: what the models proposed, what the tools executed, joined call by call.

Proposals stand in model spans (and again in every later model span's input), executions in tool spans, denials in
messages alone. So: first every message, in order of time; then every execution, given to its proposal by call id, else
by name and arguments; what is left over is told as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Run, RunOutcome
from airflow_provider_vai.traces.formats.shared.content import total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.formats.spans.call import SpanCall, SpanFacts, told
from airflow_provider_vai.traces.formats.spans.messages import Asked, SpanMessage
from airflow_provider_vai.traces.formats.spans.span import span_order
from airflow_provider_vai.traces.reading.trace import Trace

SWITCHES = (
    "Switch on the recording of content and run the agent again: include_content of pydantic-ai's "
    "InstrumentationSettings, capture_content of Airflow's common.ai provider, "
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT, TRACELOOP_TRACE_CONTENT, or OPENINFERENCE_HIDE_INPUTS=false."
)


@dataclass
class _Turns:
    """The user's requests, in a tree: every model span repeats the conversation so far."""

    texts: list[str | None] = field(default_factory=list)
    times: list[tuple[bool, datetime]] = field(default_factory=list)
    below: dict[tuple[int, str | None], int] = field(default_factory=dict)

    def after(self, turn: int, words: str | None, at: tuple[bool, datetime]) -> int:
        """Return the turn that ``words`` open after ``turn`` (-1: at the beginning)."""
        if turn == -1 and (turn, words) not in self.below and words in self.texts:
            return self.texts.index(words)  # a history that was cut at its beginning
        if (turn, words) not in self.below:
            self.below[turn, words] = len(self.texts)
            self.texts.append(words)
            self.times.append(at)
        return self.below[turn, words]

    def at(self, time: tuple[bool, datetime]) -> int:
        """Return the turn that is open at a time."""
        return max((turn for turn, begun in enumerate(self.times) if begun <= time), default=0)


class SpanRun:
    """One run's steps, and the calls found in them."""

    def __init__(self, trace: Trace, steps: list[SpanFacts]) -> None:
        self.trace = trace
        self.conversation = Conversation(trace)
        self.steps = sorted(steps, key=lambda step: span_order(step.span))
        self.by_id = {step.span.id: step for step in self.steps if step.span.id}
        self.turns = _Turns()
        self.calls: list[SpanCall] = []
        self.by_key: dict[tuple[str, str], list[SpanCall]] = {}
        self.gates = {tool: kind for step in self.steps for tool, kind in step.gates.items()}
        self.pending = {call_id for step in self.steps for call_id in step.pending}
        self.batches = 0
        self._orphans: set[str] = set()
        self._unread: set[str] = set()

    def run(self, run: Run, *, finished: bool = False) -> Run:
        """Return ``run`` with everything that the steps tell.

        :param finished: whether the platform says that the run came to its end.
        :raises MalformedTrace: the exporter left out what the calls were about.
        """
        self._hear_all()
        names = {known.asked.tool for known in self.calls}
        for step in self.steps:
            if step.kind == "other" and step.tool in names:
                step.kind = "tool"  # some tracers give a tool's execution no type of its own
            elif step.note:
                self.conversation.note(step.span.where, step.note)
        for step in (step for step in self.steps if step.kind == "tool"):
            self._execute(step)
        self._refuse_hidden()
        self._tell()
        return self.conversation.finish(run.model_copy(update=self._facts(finished)))

    def _hear_all(self) -> None:
        models = any(said.calls for step in self.steps if step.kind == "model" for said in step.said)
        agents_late = [(span_order(step.span), step) for step in self.steps if step.kind != "agent" or not models]
        if models:  # an agent's own span repeats its models' messages: only what these left out counts
            agents_late += [(span_order(step.span), step) for step in self.steps if step.kind == "agent"]
        for order, step in agents_late:
            if step.kind in ("model", "agent"):
                self._hear(step, order)

    def _hear(self, step: SpanFacts, order: tuple[bool, datetime]) -> None:
        scope, turn = self._scope(step), -1
        is_copy = bool(self.turns.texts) and self._is_copy(step)
        if not scope:
            for words in step.system:
                self.conversation.add_system_text(words)
        times: dict[str, int] = {}
        in_batch = False
        waiting: list[SpanCall] = []
        for said in step.heard:
            self._note_unread(said, step)
            if said.role == "system" and not scope:
                self.conversation.add_system_text(said.text)
            if said.role == "user" and said.text and not scope and not is_copy:
                turn = self.turns.after(turn, said.text, order)
            self.batches += bool(said.calls) and not in_batch
            in_batch = bool(said.calls)  # some formats write each call as an item of its own
            for asked in said.calls:
                key = _key(asked)
                times[key] = times.get(key, 0) + 1
                known = self._nth(scope, asked, times[key] - 1)
                waiting.append(known or self._add(asked, step, scope, turn, order))
            for answer in said.answers:
                self._answer(answer, waiting, scope, step)
        self.batches += 1
        for said in step.said:
            self._propose(said, step, scope, turn, order)

    def _note_unread(self, said: SpanMessage, step: SpanFacts) -> None:
        for problem in said.unread:
            if problem not in self._unread:  # every later span repeats it
                self._unread.add(problem)
                self.conversation.note(step.span.where, problem)

    def _is_copy(self, step: SpanFacts) -> bool:
        """Return whether a step repeats another one's input: an agent its models', a request its wrapper's."""
        outer = [other for other in self._above(step) if other.kind == "model" and other.heard]
        return bool(outer) or (
            step.kind == "agent" and any(other.kind == "model" and other.heard for other in self.steps)
        )

    def _propose(self, said: SpanMessage, step: SpanFacts, scope: str, turn: int, order: tuple[bool, datetime]) -> None:
        self._note_unread(said, step)
        added: list[SpanCall] = []
        for asked in said.calls:
            others = [known for known in self.by_key.get((scope, _key(asked)), []) if known not in added]
            if not any(self._repeats(known, step, asked) for known in others):
                added.append(self._add(asked, step, scope, turn, order))
        for answer in said.answers:  # a provider's own tool answers in the message that calls it
            self._answer(answer, list(added), scope, step)

    def _repeats(self, known: SpanCall, step: SpanFacts, asked: Asked) -> bool:
        """Return whether a proposal is told twice: by two spans about one request, or by a span and a copy."""
        if known.step is step or self._is_inside(known.step, step) or self._is_inside(step, known.step):
            return True
        return known.answer is None and known.asked.arguments == asked.arguments and bool(asked.id)

    def _nth(self, scope: str, asked: Asked, number: int) -> SpanCall | None:
        same = self.by_key.get((scope, _key(asked)), [])
        if number < len(same):
            known = same[number]
            if known.asked.arguments is None:
                known.asked = asked
            return known
        if not asked.id:
            return None
        return next((known for known in self.calls if known.asked == asked and known.scope != scope), None)

    def _add(self, asked: Asked, step: SpanFacts, scope: str, turn: int, order: tuple[bool, datetime]) -> SpanCall:
        known = SpanCall(asked, step, scope, turn, order, self.batches)
        self.calls.append(known)
        self.by_key.setdefault((scope, _key(asked)), []).append(known)
        return known

    def _answer(self, answer: ToolResult, waiting: list[SpanCall], scope: str, step: SpanFacts) -> None:
        fits = [known for known in waiting if _fits(answer, known)]
        fits = fits or [known for known in reversed(self.calls) if answer.id and known.asked.id == answer.id][:1]
        if fits:
            fits[0].answer = answer
            if fits[0] in waiting:
                waiting.remove(fits[0])
        elif (name := answer.id or answer.tool or "no id") not in self._orphans:
            self._orphans.add(name)
            self.conversation.note(step.span.where, f"a result for {name!r}, but there is no such call")

    def _execute(self, step: SpanFacts) -> None:
        """Give one execution to the call it executed."""
        scope = self._scope(step)
        known = self._proposal(step, scope)
        above = self._above(step)
        if known is None and any(outer.kind == "tool" and outer.tool == step.tool for outer in above):
            return  # one call in two spans: the client's and the MCP session's, or a wrapper's
        if known is None:
            same = self.by_key.get((scope, step.call_id), []) if step.call_id else []
            arguments = same[-1].asked.arguments if same else None
            self.batches += 1
            order = span_order(step.span)
            known = self._add(Asked(step.call_id, step.tool, arguments), step, scope, self.turns.at(order), order)
            known.is_unproposed = not same
        if known.span is not None and known.span.waits:
            known.waited = known.span.waits
        if step.call_id and not known.asked.id:
            known.asked = replace(known.asked, id=step.call_id)
        known.span = step
        step.known = known

    def _proposal(self, step: SpanFacts, scope: str) -> SpanCall | None:
        if step.call_id:
            same = self.by_key.get((scope, step.call_id), [])
            same = same or [known for known in self.calls if known.asked.id == step.call_id]
            if same:
                return next((known for known in same if known.span is None or known.span.waits), None)
        begun = span_order(step.span)
        free = [known for known in self.calls if known.span is None and known.scope == scope]
        free = [known for known in free if known.asked.tool == step.tool and known.order <= begun]
        free = [known for known in free if not (known.asked.id and step.call_id)]
        return next((known for known in free if known.asked.arguments == step.arguments), next(iter(free), None))

    def _refuse_hidden(self) -> None:
        seen = [known for known in self.calls if known.asked.arguments is not None or known.given is not None]
        asks = next((step for step in self.steps if step.asks_for_tools and not self.calls), None)
        if (self.calls and not seen) or asks:
            where = (asks or self.calls[0].step).span.where
            problem = "calls tools, but the exporter left out their arguments and results"
            raise MalformedTrace(problem, where=where, remedy=SWITCHES)

    def _tell(self) -> None:
        for words in self.turns.texts:
            self.conversation.start_turn(words)
        batch, spanned = None, {known.asked.tool for known in self.calls if known.span is not None}
        for known in sorted(self.calls, key=lambda known: known.order):
            parent = next((outer.known for outer in self._above(known.step) if outer.known), None)
            if known.batch != batch:
                self.conversation.start_message()
            batch = known.batch
            call, note = told(known, self.gates, self.pending, known.asked.tool in spanned)
            if note:
                self.conversation.note(known.step.span.where, note)
            known.turn = parent.turn if parent else known.turn
            known.position = self.conversation.add_call(call, known.step.span.where)
            placed = {
                "turn": min(max(known.turn, 0), len(self.conversation.turns) - 1),
                "parent_id": self.conversation.calls[parent.position].id
                if parent and parent.position is not None
                else None,
            }
            self.conversation.calls[known.position] = self.conversation.calls[known.position].model_copy(update=placed)

    def _facts(self, finished: bool) -> dict[str, Any]:
        models = [step for step in self.steps if step.kind == "model"]
        repeated = {outer for step in models if step.usage for outer in self._above(step)}  # a wrapper's sum
        counted = [step for step in models if step not in repeated]
        starts = [step.span.start for step in self.steps if step.span.start]
        ends = [step.span.end for step in self.steps if step.span.end]
        spent = [step.usage for step in counted]
        return {
            "agent": next((step.agent for step in self.steps if step.agent), None),
            "model": next((step.model for step in reversed(models) if step.model), None),
            "started_at": min(starts, default=None),
            "ended_at": max(ends, default=None),
            "outcome": self._outcome(finished),
            "usage": total_usage(spent, tokens=("input", "output"), costs=[item.get("cost") for item in spent]),
        }

    def _outcome(self, finished: bool) -> RunOutcome:
        roots = [step for step in self.steps if step.span.parent_id not in self.by_id]
        if roots and roots[-1].span.failed:
            return "failed"
        models = [step for step in self.steps if step.kind == "model" and not self._scope(step) and step.said]
        last = models[-1].said[-1] if models else None
        is_output = [self._is_output(asked.tool) for asked in last.calls] if last else []
        if last and (all(is_output) if is_output else bool(last.text)):
            return "success"
        open_calls = [call for call in self.conversation.calls if call.outcome == "unknown"]
        return "success" if finished and not open_calls else "unknown"

    def _is_output(self, tool: str) -> bool:
        return self.gates.get(tool) == "output" or tool.startswith("final_result")

    def _above(self, step: SpanFacts) -> list[SpanFacts]:
        """Return the steps that hold this one, nearest first."""
        found: list[SpanFacts] = []
        while (outer := self.by_id.get(step.span.parent_id)) and outer not in found and outer is not step:
            found.append(outer)
            step = outer
        return found

    def _is_inside(self, inner: SpanFacts, outer: SpanFacts) -> bool:
        return inner is not outer and outer in self._above(inner)

    def _scope(self, step: SpanFacts) -> str:
        """Return the span of the tool that a step runs in: a sub-agent's calls are a conversation of their own."""
        return next((outer.span.id for outer in self._above(step) if outer.kind == "tool"), "")


def _key(asked: Asked) -> str:
    return asked.id or f"{asked.tool} {json_text.canonical(asked.arguments)}"


def _fits(answer: ToolResult, known: SpanCall) -> bool:
    if answer.id and known.asked.id:
        return answer.id == known.asked.id
    return answer.tool in (None, known.asked.tool)

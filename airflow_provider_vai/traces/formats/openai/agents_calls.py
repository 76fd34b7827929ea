"""The calls in the spans of an OpenAI Agents SDK trace: proposals, pauses and results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.model.run import Approval
from airflow_provider_vai.traces.formats.openai.agents_spans import OpenAISpan, Proposal, SpanTree, input_items
from airflow_provider_vai.traces.formats.shared.content import error_text, parse_python_repr, result_value
from airflow_provider_vai.traces.formats.shared.conversation import ToolResult
from airflow_provider_vai.traces.reading.values import as_object, id_or_none, parse_arguments


@dataclass(frozen=True)
class AgentsCall:
    """A call: its first span, its last span (another one if it resumed after a pause), and the model's proposal."""

    span: OpenAISpan
    last: OpenAISpan
    proposal: Proposal | None

    @property
    def id(self) -> str:
        """The model's id of the call; the span's id if the trace has no responses of the model."""
        return (self.proposal and self.proposal.call_id) or self.span.id


class AgentsCalls:
    """The calls of one trace."""

    def __init__(self, tree: SpanTree) -> None:
        self.tree = tree
        proposals = [proposal for span in tree.models() for proposal in span.proposals()]
        self._order = {id(proposal): number for number, proposal in enumerate(proposals)}
        self._unmatched = list(proposals)
        self._outputs = dict(pair for span in tree.models() for item in input_items(span) for pair in _output(item))

    def batches(self) -> Iterator[list[AgentsCall]]:
        """Yield the calls of each assistant message, in the order of their start; in a message, as proposed."""
        batches: dict[tuple[str, str], list[AgentsCall]] = {}
        for span, last in self._first_and_last_spans():
            batches.setdefault(self.tree.batch(span), []).append(AgentsCall(span, last, self._proposal(span)))
        for batch in batches.values():
            yield sorted(batch, key=self._place) if all(call.proposal for call in batch) else batch

    def result(self, call: AgentsCall) -> ToolResult | None:
        """Return a call's result; ``None`` if the trace does not record it."""
        waited = call.last is not call.span and not {call.span.id, call.last.id} & self.tree.agent_tools
        approval = Approval(state="approved", note="it ran after a pause") if waited else Approval()
        output, error = call.last.data.get("output"), call.last.error
        if error is not None:
            message = _error_text(error) or error_text(output)
            return ToolResult(outcome="failed", error=message, approval=approval, at=call.last.ended_at)
        if output is not None:
            value = parse_python_repr(result_value(output))
            return ToolResult(value=value, approval=approval, at=call.last.ended_at)
        output_text = self._outputs.get(call.id)
        if output_text is None:
            return None
        if output_text == "None":  # the str() of the result of a tool that returns nothing
            return ToolResult(approval=approval, at=call.last.ended_at)
        return ToolResult(outcome="denied", ran=False, approval=Approval(state="denied", note=error_text(output_text)))

    def _place(self, call: AgentsCall) -> int:
        """Return the position of a call's proposal among all proposals."""
        return self._order[id(call.proposal)]

    def _first_and_last_spans(self) -> Iterator[tuple[OpenAISpan, OpenAISpan]]:
        functions = [span for span in self.tree.spans if span.kind == "function"]
        later: dict[str, OpenAISpan] = {}
        taken: set[str] = set()
        for number, span in enumerate(functions):
            rest = functions[number + 1 :] if span.is_empty else []
            resumed = (other for other in rest if other.id not in taken and self.tree.is_resumed(span, other))
            if (next_span := next(resumed, None)) is not None:
                later[span.id] = next_span
                taken.add(next_span.id)
        for span in functions:
            last = span
            while last.id in later:
                last = later[last.id]
            if span.id not in taken:
                yield span, last

    def _proposal(self, call: OpenAISpan) -> Proposal | None:
        """Return the model's proposal of a call; each proposal is used once."""
        wanted = (call.name, parse_arguments(call.data.get("input")), self.tree.agent(call))
        for proposal in self._unmatched:
            if (proposal.tool, proposal.arguments, self.tree.agent(proposal.span)) == wanted:
                self._unmatched.remove(proposal)
                return proposal
        return None


def _output(item: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the call id and the output of a message or item that holds a call's result."""
    is_message = item.get("role") == "tool"
    call_id = id_or_none(item.get("tool_call_id" if is_message else "call_id"))
    output = item.get("content" if is_message else "output")
    if call_id and output is not None:
        yield call_id, output


def _error_text(error: Any) -> str | None:
    if not isinstance(error, dict):
        return error_text(error)
    parts = (error.get("message"), as_object(error.get("data")).get("error"))
    return ": ".join(error_text(part) or "" for part in parts if part is not None) or None

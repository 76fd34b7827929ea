"""The calls in the spans of an OpenAI Agents SDK trace: what was proposed, what paused and went on, what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.model.run import Approval
from airflow_provider_vai.traces.formats.openai.spans import OpenAISpan, Proposal, Tree, told
from airflow_provider_vai.traces.formats.shared.content import error_text, parse_python_repr, result_value
from airflow_provider_vai.traces.formats.shared.conversation import ToolResult
from airflow_provider_vai.traces.reading.values import parse_arguments


@dataclass(frozen=True)
class Called:
    """A call: its span, its last span (another one where it went on after a pause), the model's proposal."""

    span: OpenAISpan
    last: OpenAISpan
    proposal: Proposal | None

    @property
    def id(self) -> str:
        """The model's id of the call; the span's where the trace has no model answers."""
        return (self.proposal and self.proposal.call_id) or self.span.id


class Calls:
    """The calls of one trace."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._left = [proposal for span in tree.models() for proposal in span.proposals()]
        self._seen = dict(pair for span in tree.models() for item in told(span) for pair in _output(item))

    def batches(self) -> Iterator[list[Called]]:
        """Yield the calls of each assistant message, in the order of their start."""
        batches: dict[tuple[str, str], list[Called]] = {}
        for span, last in self._pairs():
            batches.setdefault(self.tree.batch(span), []).append(Called(span, last, self._proposal(span)))
        yield from batches.values()

    def answer(self, call: Called) -> ToolResult | None:
        """Return what came of a call; ``None`` where the trace does not say."""
        waited = call.last is not call.span and not {call.span.id, call.last.id} & self.tree.agent_tools
        approval = Approval(state="approved", note="it ran after a pause") if waited else Approval()
        output, error = call.last.data.get("output"), call.last.error
        if error is not None:
            words = _error(error) or error_text(output)
            return ToolResult(outcome="failed", error=words, approval=approval, at=call.last.ended_at)
        if output is not None:
            value = parse_python_repr(result_value(output))
            return ToolResult(value=value, approval=approval, at=call.last.ended_at)
        seen = self._seen.get(call.id)
        if seen is None:
            return None
        if seen == "None":  # str() of what a tool without a result returns
            return ToolResult(approval=approval, at=call.last.ended_at)
        return ToolResult(outcome="denied", ran=False, approval=Approval(state="denied", note=error_text(seen)))

    def _pairs(self) -> Iterator[tuple[OpenAISpan, OpenAISpan]]:
        functions = [span for span in self.tree.spans if span.kind == "function"]
        later: dict[str, OpenAISpan] = {}
        taken: set[str] = set()
        for number, span in enumerate(functions):
            rest = functions[number + 1 :] if span.is_empty else []
            again = (one for one in rest if one.id not in taken and self.tree.is_resumed(span, one))
            if (found := next(again, None)) is not None:
                later[span.id] = found
                taken.add(found.id)
        for span in functions:
            last = span
            while last.id in later:
                last = later[last.id]
            if span.id not in taken:
                yield span, last

    def _proposal(self, call: OpenAISpan) -> Proposal | None:
        """Return the model's answer that has this call; each is given once."""
        asked = (call.name, parse_arguments(call.data.get("input")), self.tree.agent(call))
        for proposal in self._left:
            if (proposal.tool, proposal.arguments, self.tree.agent(proposal.span)) == asked:
                self._left.remove(proposal)
                return proposal
        return None


def _output(item: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the call id and the output of a message or item that answers a call."""
    is_message = item.get("role") == "tool"
    call_id, output = (
        item.get("tool_call_id" if is_message else "call_id"),
        item.get("content" if is_message else "output"),
    )
    if isinstance(call_id, str) and output is not None:
        yield call_id, output


def _error(found: Any) -> str | None:
    if not isinstance(found, dict):
        return error_text(found)
    data = found.get("data")
    words = (found.get("message"), data.get("error") if isinstance(data, dict) else None)
    return ": ".join(error_text(word) or "" for word in words if word is not None) or None

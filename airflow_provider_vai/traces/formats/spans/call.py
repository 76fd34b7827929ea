"""One call of a traced run: its proposal, its execution and its answer, and what these three say together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from airflow_provider_vai.model.run import Approval, Outcome, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text
from airflow_provider_vai.traces.formats.shared.conversation import ToolResult
from airflow_provider_vai.traces.formats.spans.messages import Asked, SpanMessage
from airflow_provider_vai.traces.formats.spans.span import Span

Kind = Literal["tool", "model", "agent", "other"]
APPROVAL = "ApprovalRequired"
"""What pydantic-ai writes on the span of a tool that stopped to ask a person."""


@dataclass(eq=False)
class SpanFacts:
    """What a format's adapter says about one span.

    A tool step has ``tool`` … ``error``; ``ran`` is false where the call was refused before it ran, ``waits``
    says what it stopped to wait for. A model step has ``heard``, its input, and ``said``, its output.
    ``gates`` gives the kind of each tool, where the framework tells gated tools from others; ``pending`` the ids of
    the calls that wait for a person at the end of an agent step.
    """

    span: Span
    kind: Kind
    tool: str = ""
    call_id: str = ""
    server: str | None = None
    arguments: Any = None
    result: Any = None
    failed: bool = False
    error: str | None = None
    ran: bool = True
    waits: str = ""
    heard: list[SpanMessage] = field(default_factory=list)
    said: list[SpanMessage] = field(default_factory=list)
    system: list[str] = field(default_factory=list)
    agent: str | None = None
    model: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    asks_for_tools: bool = False
    note: str = ""
    gates: dict[str, str] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    known: SpanCall | None = None


@dataclass(eq=False)
class SpanCall:
    """A call: as proposed (``asked``, by ``step``), executed (``span``) and answered in the messages (``answer``)."""

    asked: Asked
    step: SpanFacts
    scope: str
    turn: int
    order: tuple[bool, datetime]
    batch: int
    span: SpanFacts | None = None
    answer: ToolResult | None = None
    waited: str = ""
    is_unproposed: bool = False
    position: int | None = None

    @property
    def given(self) -> Any:
        """What came back or went in, where anything was recorded."""
        recorded = (self.span.arguments, self.span.result) if self.span else ()
        answered = (self.answer.value, self.answer.error) if self.answer else ()
        return next((value for value in (*recorded, *answered) if value is not None), None)


def told(known: SpanCall, gates: dict[str, str], pending: set[str], is_spanned: bool) -> tuple[ToolCall, str]:
    """Return the call that proposal, execution and answer make together, and a note where one is due.

    :param gates: the kind of each tool, where the framework tells.
    :param pending: ids of calls that waited for a person.
    :param is_spanned: whether other calls of this tool have spans of their execution.
    """
    asked, kind = known.asked, gates.get(known.asked.tool)
    waits = known.span.waits if known.span else ""
    gated = kind == "unapproved" or asked.id in pending or APPROVAL in (waits, known.waited)
    kind = "external" if waits and waits != APPROVAL else kind
    proposal = None if known.is_unproposed else asked.arguments
    call = ToolCall(id=asked.id, tool=asked.tool, proposed_arguments=proposal)
    if known.span is not None and not (known.span.waits and known.answer):
        return _executed(call, known, known.span, gated, kind)
    if known.answer is None:
        return call, ""
    if gated:
        return _denied(call, known.answer), ""
    return _answered(call, known, kind, bool(gates), is_spanned)


def _executed(call: ToolCall, known: SpanCall, step: SpanFacts, gated: bool, kind: str | None) -> tuple[ToolCall, str]:
    facts: dict[str, Any] = {"server": step.server, "started_at": step.span.start, "ended_at": step.span.end}
    if step.waits:
        return call.model_copy(update={**facts, "ended_at": None}), ""
    note, arguments = "", step.arguments
    if arguments is None:
        arguments = call.proposed_arguments
        note = "" if arguments is not None else "no arguments are recorded; taken for none"
        arguments = {} if arguments is None else arguments
    elif isinstance(arguments, str) and _only_value(call.proposed_arguments) == arguments:
        arguments = call.proposed_arguments  # a tool of one argument, shown without its name
    outcome: Outcome = "failed" if step.failed else "success"
    facts |= {"arguments": arguments if step.ran else None, "outcome": outcome}
    told_later = known.answer.value if known.answer else None  # some spans leave out what the next request holds
    facts |= {"error": step.error} if step.failed else {"result": step.result or told_later or step.result}
    facts["approval"] = _decision(call.proposed_arguments, facts["arguments"], gated, kind)
    return call.model_copy(update=facts), note


def _decision(proposal: Any, executed: Any, gated: bool, kind: str | None) -> Approval:
    is_known = proposal is not None and isinstance(executed, dict)
    if is_known and proposal != executed:
        return Approval(state="edited", note="the executed arguments are not the proposed ones")
    if gated and executed is not None:
        return Approval(state="approved", note="the tool is gated, and it ran")
    if kind == "function" and not gated:
        return Approval(state="not_required", note="the tool is declared without a gate")
    return Approval()


def _denied(call: ToolCall, answer: ToolResult) -> ToolCall:
    words = error_text(answer.error if answer.value is None else answer.value)
    approval = Approval(state="denied", note=words)
    return call.model_copy(update={"outcome": "denied", "error": words, "approval": approval})


def _answered(
    call: ToolCall, known: SpanCall, kind: str | None, all_spanned: bool, is_spanned: bool
) -> tuple[ToolCall, str]:
    """Return a call that the messages answer and no span executes."""
    answer = known.answer or ToolResult()
    at_provider = known.asked.ran_at_provider or kind in ("external", "output")
    if answer.outcome == "failed":
        return call.model_copy(
            update={"outcome": "failed", "error": answer.error, "arguments": call.proposed_arguments}
        ), ""
    if all_spanned and not at_provider:
        facts = {"outcome": "failed", "error": error_text(answer.value)}
        return call.model_copy(update=facts), f"{call.tool!r} was answered, but never ran"
    if is_spanned and not at_provider:
        facts = {"result": answer.value}
        return call.model_copy(update=facts), f"{call.tool!r} was answered, but no span says that it ran"
    return call.model_copy(
        update={"arguments": call.proposed_arguments, "result": answer.value, "outcome": "success"}
    ), ""


def _only_value(arguments: Any) -> Any:
    return next(iter(arguments.values())) if isinstance(arguments, dict) and len(arguments) == 1 else None

"""One call of a traced run: its proposal, its execution and its result in the messages, merged into one ToolCall."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from airflow_provider_vai.model.run import Approval, Outcome, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text
from airflow_provider_vai.traces.formats.shared.conversation import ToolResult
from airflow_provider_vai.traces.formats.shared.refusals import is_refusal
from airflow_provider_vai.traces.formats.shared.reported_failures import reported_failure
from airflow_provider_vai.traces.formats.spans.messages import ProposedCall, SpanMessage
from airflow_provider_vai.traces.formats.spans.span import Span
from airflow_provider_vai.traces.formats.spans.wrappers import Role
from airflow_provider_vai.traces.reading.values import as_object

Kind = Literal["tool", "model", "agent", "other"]
BLOCKS = ({"text"}, {"json"}, {"type", "text"})
"""The keys of a content block that only holds a result's text or JSON."""

APPROVAL = "ApprovalRequired"
"""pydantic-ai's mark on the span of a tool that stopped to wait for a person's approval."""


@dataclass(eq=False)
class Operation:
    """The operation that a span records: a tool execution, a model request, an agent run, or another one.

    ``tool`` to ``role`` belong to a tool execution: ``ran`` is false if the call was refused before it ran,
    ``waits_for`` is what it stopped to wait for. ``recorded`` is the arguments as the span has them, ``positional``
    those without a name, and ``unknown_keys`` the keys of an object around them that is not known. ``role`` is set for
    a span that is not a call, although its tracer writes it as one. ``input_messages`` to ``asks_for_tools`` belong to
    a model request or an agent run. ``tool_kinds`` is the kind of each tool, if the framework marks those that need
    approval; ``pending`` has the ids of the calls that wait for a person when an agent run ends. ``call`` is the call
    that was executed.
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
    waits_for: str = ""
    recorded: Any = None
    positional: tuple[Any, ...] = ()
    unknown_keys: tuple[str, ...] = ()
    role: Role = ""
    input_messages: list[SpanMessage] = field(default_factory=list)
    output_messages: list[SpanMessage] = field(default_factory=list)
    system: list[str] = field(default_factory=list)
    agent: str | None = None
    model: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    asks_for_tools: bool = False
    note: str = ""
    tool_kinds: dict[str, str] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    call: SpanCall | None = None


@dataclass(eq=False)
class SpanCall:
    """A call: its ``proposal`` in ``operation``, its ``execution``, and its ``result`` in later messages.

    ``scope`` is the span of the tool that the call was made in, ``order`` its sort key, ``waited_for`` what an
    earlier execution stopped to wait for. ``is_unproposed`` is true if only an execution was recorded, ``is_history``
    if the call was proposed before the trace began: it is only in the history that a request repeats. ``may_wait`` is
    true if the trace ends with an execution that has no result, although other executions have one.
    """

    proposal: ProposedCall
    operation: Operation
    scope: str
    turn: int
    order: tuple[bool, datetime]
    batch: int
    execution: Operation | None = None
    result: ToolResult | None = None
    waited_for: str = ""
    is_unproposed: bool = False
    is_history: bool = False
    may_wait: bool = False
    position: int | None = None

    @property
    def has_content(self) -> bool:
        """Whether arguments or a result were recorded for the execution or in the messages."""
        executed = (self.execution.arguments, self.execution.result) if self.execution else ()
        returned = (self.result.value, self.result.error) if self.result else ()
        return any(value is not None for value in (*executed, *returned))


def merged_call(call: SpanCall, tool_kinds: dict[str, str], pending: set[str], is_traced: bool) -> tuple[ToolCall, str]:
    """Return the ToolCall merged from proposal, execution and result, and a note or an empty string.

    :param tool_kinds: the kind of each tool, if the framework records it.
    :param pending: ids of calls that waited for a person.
    :param is_traced: whether the trace has execution spans of other calls of this tool.
    """
    proposal, kind = call.proposal, tool_kinds.get(call.proposal.tool)
    waits_for = call.execution.waits_for if call.execution else ""
    needs_approval = kind == "unapproved" or proposal.id in pending or APPROVAL in (waits_for, call.waited_for)
    kind = "external" if waits_for and waits_for != APPROVAL else kind
    arguments = None if call.is_unproposed else proposal.arguments
    proposed = ToolCall(id=proposal.id, tool=proposal.tool, proposed_arguments=arguments)
    if call.execution is not None and not (call.execution.waits_for and call.result):
        return _executed(proposed, call, call.execution, needs_approval)
    if call.result is None:
        return proposed, ""
    if (
        needs_approval
        or call.result.outcome == "denied"
        or is_refusal(call.result.error if call.result.value is None else call.result.value)
    ):
        return _denied(proposed, call.result), ""
    return _not_executed(proposed, call, kind, bool(tool_kinds), is_traced)


def _executed(proposed: ToolCall, call: SpanCall, execution: Operation, needs_approval: bool) -> tuple[ToolCall, str]:
    span = execution.span
    facts: dict[str, Any] = {"server": execution.server, "started_at": span.start, "ended_at": span.end}
    if execution.waits_for or call.may_wait:
        note = "" if execution.waits_for else f"no result of {proposed.tool!r} was recorded: it may have waited"
        return proposed.model_copy(update={**facts, "ended_at": None}), note
    if is_refusal(execution.result if execution.error is None else execution.error):
        return _denied(proposed, ToolResult(value=execution.result, error=execution.error)), ""
    note, arguments = "", execution.arguments
    if arguments is None:
        arguments = proposed.proposed_arguments
        note = "" if arguments is not None else "the arguments were not recorded; the call is read without arguments"
        arguments = {} if arguments is None else arguments
    elif (text := _unnamed(arguments)) is not None and _only_value(proposed.proposed_arguments) == text:
        arguments = proposed.proposed_arguments  # a tool with one argument, recorded without the argument's name
    failed = execution.failed or (call.result is not None and call.result.outcome == "failed")
    error = execution.error or (call.result.error if call.result else None)
    outcome: Outcome = "failed" if failed else "success"
    facts |= {"arguments": arguments if execution.ran else None, "outcome": outcome}
    later = call.result.value if call.result else None  # some spans leave out the result, but the next request has it
    facts |= {"error": error} if failed else {"result": _result(execution.result, later)}
    facts |= reported_failure(facts.get("result")) if not failed and not span.is_ok else {}
    facts["approval"] = _decision(proposed.proposed_arguments, facts["arguments"], needs_approval)
    return proposed.model_copy(update=facts), note


def _result(recorded: Any, later: Any) -> Any:
    """Return the result of an execution: as its span has it, or as the next request has it, without its only block.

    :param recorded: the result in the span.
    :param later: the result in the messages; ``None`` if they have none.
    """
    is_block = isinstance(recorded, list) and len(recorded) == 1 and as_object(recorded[0]).keys() in BLOCKS
    return later if later is not None and is_block else recorded or later or recorded


def _decision(proposed: Any, executed: Any, needs_approval: bool) -> Approval:
    """Return the approval of a call that ran. Only a tool that waited for one has one.

    Executed arguments that differ from the proposed ones are not a person's decision: wrappers rename and complete
    arguments. Neither is a library's default, by which a tool needs no approval.
    """
    if not needs_approval or executed is None:
        return Approval()
    if proposed is not None and isinstance(executed, dict) and proposed != executed:
        return Approval(state="edited", note="the tool needs approval, and it ran with other arguments")
    return Approval(state="approved", note="the tool needs approval, and it ran")


def _denied(proposed: ToolCall, result: ToolResult) -> ToolCall:
    reason = error_text(result.error if result.value is None else result.value)
    approval = Approval(state="denied", note=reason)
    return proposed.model_copy(update={"outcome": "denied", "error": reason, "approval": approval})


def _not_executed(
    proposed: ToolCall, call: SpanCall, kind: str | None, all_traced: bool, is_traced: bool
) -> tuple[ToolCall, str]:
    """Return a call with a result in the messages, but without an execution span."""
    result = call.result or ToolResult()
    at_provider = call.proposal.ran_at_provider or kind in ("external", "output")
    facts: dict[str, Any]
    note = ""
    if result.outcome == "failed":
        facts = {"outcome": "failed", "error": result.error, "arguments": proposed.proposed_arguments}
    elif all_traced and not at_provider:
        facts = {"outcome": "failed", "error": error_text(result.value)}
        note = f"{proposed.tool!r} has a result but was never executed"
    elif is_traced and not at_provider:
        facts = {"result": result.value}
        note = f"{proposed.tool!r} has a result, but no span records its execution"
    else:
        facts = {"arguments": proposed.proposed_arguments, "result": result.value, "outcome": "success"}
        facts |= {} if result.is_marked else reported_failure(result.value)
    return proposed.model_copy(update=facts), note


def _unnamed(arguments: Any) -> str | None:
    """Return the text that is the only argument, recorded alone or as LangChain's callbacks write it."""
    text = arguments.get("input") if isinstance(arguments, dict) and len(arguments) == 1 else arguments
    return text if isinstance(text, str) else None


def _only_value(arguments: Any) -> Any:
    return next(iter(arguments.values())) if isinstance(arguments, dict) and len(arguments) == 1 else None

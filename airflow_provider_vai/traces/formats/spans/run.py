"""Builds a Run from spans: matches what the models proposed with what the tools executed.

Proposals are in the spans of model requests, and again in the input of every later request. Executions are in tool
spans; denials only in messages. So all messages are read first, in order of time. Then each execution is matched with
its proposal, by call id or else by tool and arguments. An execution without a proposal becomes a call of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Run, RunOutcome
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.formats.spans.call import Operation, SpanCall, merged_call
from airflow_provider_vai.traces.formats.spans.execution import reconcile
from airflow_provider_vai.traces.formats.spans.messages import ProposedCall, SpanMessage, has_generated_id
from airflow_provider_vai.traces.formats.spans.operations import Operations
from airflow_provider_vai.traces.formats.spans.span import span_order
from airflow_provider_vai.traces.formats.spans.wrappers import is_observation
from airflow_provider_vai.traces.reading.trace import Trace

SWITCHES = (
    "Switch on the recording of content and run the agent again: include_content of pydantic-ai's "
    "InstrumentationSettings, capture_content of Airflow's common.ai provider, "
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT, TRACELOOP_TRACE_CONTENT, or OPENINFERENCE_HIDE_INPUTS=false."
)

DECLARED = ("agent.tools", "gen_ai.tool.definitions", "llm.tools")
"""The ends of the names of attributes that list an agent's tools."""

Order = tuple[bool, datetime]
"""A sort key; see :func:`span_order`."""


@dataclass
class _Turns:
    """The user's requests as a tree, because every model request repeats the conversation before it."""

    texts: list[str | None] = field(default_factory=list)
    times: list[Order] = field(default_factory=list)
    following: dict[tuple[int, str | None], int] = field(default_factory=dict)

    def after(self, turn: int, text: str | None, at: Order) -> int:
        """Return the turn that ``text`` starts after ``turn`` (-1: at the beginning)."""
        if turn == -1 and (turn, text) not in self.following and text in self.texts:
            return self.texts.index(text)  # a history whose beginning was cut off
        if (turn, text) not in self.following:
            self.following[turn, text] = len(self.texts)
            self.texts.append(text)
            self.times.append(at)
        return self.following[turn, text]

    def at(self, time: Order) -> int:
        """Return the turn that is open at a time."""
        return max((turn for turn, start in enumerate(self.times) if start <= time), default=0)


@dataclass(frozen=True)
class _Context:
    """Where a message was read: its operation, the operation's scope and order, and the turn."""

    operation: Operation
    scope: str
    order: Order
    turn: int


class SpanRun:
    """One run: its operations, and the calls found in them."""

    def __init__(self, trace: Trace, operations: list[Operation]) -> None:
        self.conversation = Conversation(trace)
        self.operations = Operations(operations)
        self.turns = _Turns()
        self.calls: list[SpanCall] = []
        self.by_key: dict[tuple[str, str], list[SpanCall]] = {}
        self.batches = 0
        self._orphans: set[str] = set()
        self._noted_problems: set[str] = set()

    def run(self, run: Run, *, finished: bool = False) -> Run:
        """Return ``run`` with everything that the operations record.

        :param finished: whether the platform says that the run finished.
        :raises MalformedTrace: the exporter left out the content of the calls.
        """
        self._read_all_messages()
        tools = {call.proposal.tool for call in self.calls}
        around = self._around_calls()
        for operation in self.operations:
            is_helper = bool(operation.role) or operation in around
            if operation.kind == "other" and operation.tool in tools and not is_helper:
                operation.kind = "tool"  # some tracers have no kind of their own for a tool's execution
            elif operation.note:
                self.conversation.note(operation.span.where, operation.note)
        for execution in self.operations.of_kind("tool"):
            self._match(execution)
        self.calls = [call for call in self.calls if call.proposal.tool not in self.operations.answers]
        self._refuse_hidden_content()
        self._refuse_bare_spans()
        self._mark_waiting()
        self._add_calls()
        facts = {**self.operations.facts(), "outcome": self._outcome(finished)}
        return self.conversation.finish(run.model_copy(update=facts))

    def _around_calls(self) -> set[Operation]:
        """Return the operations named after a tool that runs inside them, such as a graph's node."""
        tools = self.operations.of_kind("tool")
        return {outer for tool in tools for outer in self.operations.above(tool) if outer.tool == tool.tool}

    # --- messages -----------------------------------------------------------------------------------------------------

    def _read_all_messages(self) -> None:
        models = self.operations.of_kind("model")
        have_calls = any(message.calls for model in models for message in model.output_messages)
        if have_calls:  # an agent's own span repeats its models' messages: it adds only those that they left out
            readable = [*models, *self.operations.of_kind("agent")]
        else:
            readable = [operation for operation in self.operations if operation.kind in ("model", "agent")]
        for operation in readable:
            self._read_messages(operation)

    def _read_messages(self, operation: Operation) -> None:
        scope, order, turn = self.operations.scope(operation), span_order(operation.span), -1
        is_copy = bool(self.turns.texts) and self.operations.is_copy(operation)
        if not scope:
            for text in operation.system:
                self.conversation.add_system_text(text)
        counts: dict[str, int] = {}
        in_batch, before = False, None
        waiting: list[SpanCall] = []
        known = self._repeated(scope, operation)
        for message in operation.input_messages:
            self._note_problems(message, operation)
            if message.role == "system" and not scope:
                self.conversation.add_system_text(message.text)
            is_request = message.role == "user" and message.text and not is_observation(message.text, before)
            if is_request and not scope and not is_copy:
                turn = self.turns.after(turn, message.text, order)
            before = message.text
            self.batches += bool(message.calls) and not in_batch
            in_batch = bool(message.calls)  # some formats write each call of a batch as an item of its own
            for proposal in message.calls:
                key = _key(proposal)
                counts[key] = counts.get(key, 0) + 1
                call = self._nth_call(scope, proposal, counts[key] - 1)
                call = call or self._under_other_id(scope, proposal, known | {id(found) for found in waiting})
                waiting.append(call or self._add(proposal, _Context(operation, scope, order, turn), is_history=True))
            for result in message.results:
                self._set_result(result, waiting, operation)
        self.batches += 1
        for message in operation.output_messages:
            self._read_output(message, _Context(operation, scope, order, turn))

    def _read_output(self, message: SpanMessage, context: _Context) -> None:
        self._note_problems(message, context.operation)
        added: list[SpanCall] = []
        for proposal in message.calls:
            earlier = [call for call in self.by_key.get((context.scope, _key(proposal)), []) if call not in added]
            if not any(self._is_repeated(call, context.operation, proposal) for call in earlier):
                added.append(self._add(proposal, context))
        for result in message.results:  # a provider's own tool has its result in the message that calls it
            self._set_result(result, list(added), context.operation)

    def _note_problems(self, message: SpanMessage, operation: Operation) -> None:
        for problem in message.problems:
            if problem not in self._noted_problems:  # every later request repeats the message
                self._noted_problems.add(problem)
                self.conversation.note(operation.span.where, problem)

    def _is_repeated(self, call: SpanCall, operation: Operation, proposal: ProposedCall) -> bool:
        """Return whether a proposal repeats a call: from another span of the same request, or from a copy of it."""
        is_inside = self.operations.is_inside
        if call.operation is operation or is_inside(call.operation, operation) or is_inside(operation, call.operation):
            return True
        return call.result is None and call.proposal.arguments == proposal.arguments and bool(proposal.id)

    def _nth_call(self, scope: str, proposal: ProposedCall, number: int) -> SpanCall | None:
        """Return the known call that an input repeats as its ``number``-th with this key."""
        known = self.by_key.get((scope, _key(proposal)), [])
        if number < len(known):
            call = known[number]
            if call.proposal.arguments is None:
                call.proposal = proposal
            return call
        if not proposal.id:
            return None
        return next((call for call in self.calls if call.proposal == proposal and call.scope != scope), None)

    def _repeated(self, scope: str, operation: Operation) -> set[int]:
        """Return the calls, by identity, that the input of an operation repeats with their own ids."""
        keys = {_key(call) for message in operation.input_messages for call in message.calls}
        return {id(call) for key in keys for call in self.by_key.get((scope, key), [])}

    def _under_other_id(self, scope: str, proposal: ProposedCall, taken: set[int]) -> SpanCall | None:
        """Return the call that an input repeats under another id, as OpenLLMetry does for the Responses API's items."""
        free = (call for call in self.calls if call.scope == scope and id(call) not in taken and call.proposal.id)
        return next(
            (call for call in free if replace(call.proposal, id=proposal.id) == proposal and not call.is_history), None
        )

    def _add(self, proposal: ProposedCall, context: _Context, *, is_history: bool = False) -> SpanCall:
        call = SpanCall(proposal, context.operation, context.scope, context.turn, context.order, self.batches)
        call.is_history = is_history
        self.calls.append(call)
        self.by_key.setdefault((context.scope, _key(proposal)), []).append(call)
        return call

    def _set_result(self, result: ToolResult, waiting: list[SpanCall], operation: Operation) -> None:
        fitting = [call for call in waiting if _fits(result, call)]
        fitting = fitting or [call for call in reversed(self.calls) if result.id and call.proposal.id == result.id][:1]
        if fitting:
            fitting[0].result = result
            if fitting[0] in waiting:
                waiting.remove(fitting[0])
        elif (name := result.id or result.tool or "no id") not in self._orphans:
            self._orphans.add(name)
            self.conversation.note(operation.span.where, f"a result for {name!r}, but there is no such call")

    # --- executions ---------------------------------------------------------------------------------------------------

    def _match(self, execution: Operation) -> None:
        """Match an execution with its call, or add a call that only the execution records."""
        scope, order = self.operations.scope(execution), span_order(execution.span)
        call = self._executed_call(execution, scope)
        if call is None:
            above = self.operations.above(execution)
            if any(outer.kind == "tool" and outer.tool == execution.tool for outer in above):
                return  # one call in two spans: the client's and the MCP session's, or a wrapper's
            same = self.by_key.get((scope, execution.call_id), []) if execution.call_id else []
            arguments = same[-1].proposal.arguments if same else None
            self.batches += 1
            proposal = ProposedCall(execution.call_id, execution.tool, arguments)
            call = self._add(proposal, _Context(execution, scope, order, self.turns.at(order)))
            call.is_unproposed = not same
        reconcile(execution, call.proposal, self._proposals_of(execution.tool))
        if call.execution is not None and call.execution.waits_for:
            call.waited_for = call.execution.waits_for
        if execution.call_id and (not call.proposal.id or has_generated_id(call.proposal)):
            call.proposal = replace(call.proposal, id=execution.call_id)
        call.execution = execution
        execution.call = call

    def _proposals_of(self, tool: str) -> Iterator[ProposedCall]:
        return (call.proposal for call in self.calls if call.proposal.tool == tool)

    def _executed_call(self, execution: Operation, scope: str) -> SpanCall | None:
        if execution.call_id:
            same = self.by_key.get((scope, execution.call_id), [])
            same = same or [call for call in self.calls if call.proposal.id == execution.call_id]
            if same:
                return next((call for call in same if call.execution is None or call.execution.waits_for), None)
        start = span_order(execution.span)
        free = [call for call in self.calls if call.execution is None and call.scope == scope]
        free = [call for call in free if call.proposal.tool == execution.tool and call.order <= start]
        if execution.call_id:
            free = [call for call in free if not call.proposal.id or has_generated_id(call.proposal)]
        recorded = (execution.arguments, execution.recorded)
        same_ones = (call for call in free if call.proposal.arguments in recorded)
        found = next(same_ones, next(iter(free), None))
        return found or self._resumed_call(execution, scope)

    def _resumed_call(self, execution: Operation, scope: str) -> SpanCall | None:
        """Return the call that waited when the trace began: the last one of the history with the same arguments."""
        recorded = (execution.arguments, execution.recorded)
        waiting = (call for call in reversed(self.calls) if call.is_history and call.execution is None)
        same_ones = (call for call in waiting if call.proposal.tool == execution.tool and call.scope == scope)
        return next((call for call in same_ones if call.proposal.arguments in recorded), None)

    def _mark_waiting(self) -> None:
        """Mark the executions without a result that no request follows: a paused run looks the same."""
        ended = [call for call in self.calls if call.execution is not None]
        if not any(call.execution and call.execution.result is not None for call in ended):
            return
        last = max((span_order(model.span) for model in self.operations.of_kind("model")), default=None)
        for call in ended:
            execution = call.execution
            is_open = execution is not None and execution.result is None and not execution.failed
            is_last = execution is not None and last is not None and span_order(execution.span) >= last
            call.may_wait = is_open and is_last and call.result is None and not call.is_unproposed

    def _refuse_hidden_content(self) -> None:
        has_content = any(call.proposal.arguments is not None or call.has_content for call in self.calls)
        models = (operation for operation in self.operations if operation.asks_for_tools and not self.calls)
        asks_for_tools = next(models, None)
        if (self.calls and not has_content) or asks_for_tools or self._lacks_results():
            where = (asks_for_tools or self.calls[0].operation).span.where
            problem = "calls tools, but the exporter left out their arguments and results"
            raise MalformedTrace(problem, where=where, remedy=SWITCHES)

    def _refuse_bare_spans(self) -> None:
        """Refuse a trace in which agents ran, but no message and no call was recorded."""
        agents = [*self.operations.of_kind("agent"), *self.operations.of_kind("model")]
        has_content = any(operation.input_messages or operation.output_messages for operation in agents)
        declares = (agent for agent in agents if any(str(name).endswith(DECLARED) for name in agent.span.attributes))
        found = next(declares, None)
        if found and not self.calls and not has_content:
            problem = "an agent with tools ran, but the exporter recorded no message and no tool call"
            raise MalformedTrace(problem, where=found.span.where, remedy=SWITCHES)

    def _lacks_results(self) -> bool:
        """Return whether the model was asked again after its calls, and yet no call has an execution or a result."""
        if not self.calls or any(call.execution or call.result for call in self.calls):
            return False
        requests = {call.operation for call in self.calls}
        return len(requests) > 1 and self._outcome(finished=False) == "success"

    # --- the run ------------------------------------------------------------------------------------------------------

    def _add_calls(self) -> None:
        for text in self.turns.texts:
            self.conversation.start_turn(text)
        batch, traced = None, {call.proposal.tool for call in self.calls if call.execution is not None}
        tool_kinds, pending, calls = self.operations.tool_kinds, self.operations.pending, self.conversation.calls
        for call in sorted(self.calls, key=lambda call: call.order):
            parent = next((outer.call for outer in self.operations.above(call.operation) if outer.call), None)
            if call.batch != batch:
                self.conversation.start_message()
            batch = call.batch
            before = call.is_history and bool(traced)  # it ran before the trace began, so no mark says how it ended
            merged, note = merged_call(call, tool_kinds, pending, call.proposal.tool in traced or before)
            if note:
                self.conversation.note(call.operation.span.where, note)
            call.turn = parent.turn if parent else call.turn
            call.position = self.conversation.add_call(merged, call.operation.span.where)
            parent_id = calls[parent.position].id if parent and parent.position is not None else None
            turn = min(max(call.turn, 0), len(self.conversation.turns) - 1)
            calls[call.position] = calls[call.position].model_copy(update={"turn": turn, "parent_id": parent_id})

    def _outcome(self, finished: bool) -> RunOutcome:
        outcome = self.operations.outcome()
        if outcome != "unknown":
            return outcome
        is_open = any(call.outcome == "unknown" for call in self.conversation.calls)
        return "success" if finished and not is_open else "unknown"


def _key(proposal: ProposedCall) -> str:
    return proposal.id or f"{proposal.tool} {json_text.canonical(proposal.arguments)}"


def _fits(result: ToolResult, call: SpanCall) -> bool:
    if result.id and call.proposal.id:
        return result.id == call.proposal.id
    return result.tool in (None, call.proposal.tool)

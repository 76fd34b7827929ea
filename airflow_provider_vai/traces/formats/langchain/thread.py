"""Reads one LangGraph thread, or one list of LangChain messages, into a conversation."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.run import Approval, ToolCall
from airflow_provider_vai.traces.formats.langchain.interrupts import reviews
from airflow_provider_vai.traces.formats.langchain.message_forms import normalized, repeated_ids
from airflow_provider_vai.traces.formats.langchain.messages import read_message
from airflow_provider_vai.traces.formats.langchain.reviews import Reviews
from airflow_provider_vai.traces.formats.langchain.state import GraphState, edits, first_proposals, writes
from airflow_provider_vai.traces.formats.shared.content import proposed_arguments
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_list, as_object


class Thread:
    """A thread: the calls in the newest state's messages, with the decisions on them.

    :param chain: the states that led to the newest one, oldest first.
    :param resume_values: the values of ``Command(resume=...)``, if the file keeps them separately.
    :raises MalformedTrace: a message breaks the format.
    """

    def __init__(self, trace: Trace, chain: list[GraphState], resume_values: list[Any]) -> None:
        self.chain = chain
        self.first = first_proposals(chain)
        self.reviews = Reviews(self.first, reviews(chain, resume_values), edits(chain))
        self.trace = trace
        self.messages = chain[-1].messages
        self.repeated = repeated_ids(self.messages)
        unclear = self.reviews.forget(self.repeated)
        self.conversation = self._read(chain[-1])
        for call_id in sorted(unclear):
            problem = f"several calls have the id {call_id!r}, so it is not known which one a person decided on"
            self.conversation.note(chain[-1].where, problem)
        self.conversation.calls[:] = [self._with_decision(call) for call in self.conversation.calls]

    def note_unseen(self, states: list[GraphState]) -> None:
        """Note calls that are only in older states, or on abandoned forks."""
        shown = {call.id for call in self.conversation.calls}
        if removed := self.first.keys() - shown:
            problem = (
                f"messages were removed: {plural(len(removed), 'older call is', 'older calls are')} not in this state"
            )
            self.conversation.note(self.chain[-1].where, problem)
        on_path = {id(state) for state in self.chain}
        forks = first_proposals([state for state in states if id(state) not in on_path])
        if abandoned := forks.keys() - self.first.keys():
            self.conversation.note(
                self.chain[-1].where,
                f"{plural(len(abandoned), 'call on an abandoned fork does', 'calls on abandoned forks do')} not count",
            )

    def add_sub_graphs(self, states: list[GraphState]) -> None:
        """Insert the calls of sub-graphs after the batch of the call that started each."""
        newest: dict[str, GraphState] = {}
        for state in sorted(states, key=lambda state: state.order):
            newest[state.fact("checkpoint_ns") or ""] = state
        for namespace, state in newest.items():
            parent = self._started_by(namespace)
            if parent is None:
                self.conversation.note(
                    state.where,
                    f"the call that started the sub-graph {namespace!r} is not known, so the sub-graph is not read",
                )
            else:
                self._insert(parent, self._read(state))

    def _read(self, state: GraphState) -> Conversation:
        conversation = Conversation(self.trace)
        for number, message in enumerate(state.messages):
            read_message(conversation, message, self.reviews.decide, f"{state.where}[{number}]")
        return conversation

    def _with_decision(self, call: ToolCall) -> ToolCall:
        """Return a call with its first proposal, and with the decision if the call has no result."""
        call = self.reviews.pending(call)
        first = proposed_arguments(as_object(self.first.get(call.id)).get("args"))
        if call.id not in self.first or call.id in self.repeated or first == call.proposed_arguments:
            return call
        note = "the message was overwritten with these arguments"
        changed = call.approval.state in ("denied", "edited")
        approval = call.approval if changed else Approval(state="edited", by=call.approval.by, note=note)
        return call.model_copy(update={"proposed_arguments": first, "approval": approval})

    def _started_by(self, namespace: str) -> ToolCall | None:
        """Return the call that started a sub-graph.

        The sub-graph's namespace ends with the id of a task, and that task wrote the call's result.
        """
        task = namespace.rsplit("|", maxsplit=1)[-1].partition(":")[2]
        written = [write[2] for state in self.chain for write in writes(state) if task and write[0] == task]
        messages = [message for value in written for message in as_list(value)]
        ids = {(normalized(message) or {}).get("tool_call_id") for message in messages}
        return next((call for call in self.conversation.calls if call.id in ids), None)

    def _insert(self, parent: ToolCall, inner: Conversation) -> None:
        calls = self.conversation.calls
        index = max(number for number, call in enumerate(calls) if call.batch == parent.batch) + 1
        top = max(call.batch for call in calls) + 1
        added = []
        for call in inner.calls:
            name = self.conversation.unique_id(call.id, self.chain[-1].where)
            update = {"id": name, "turn": parent.turn, "batch": top + call.batch, "parent_id": parent.id}
            added.append(call.model_copy(update=update))
        order: dict[int, int] = {}
        merged = [*calls[:index], *added, *calls[index:]]
        calls[:] = [call.model_copy(update={"batch": order.setdefault(call.batch, len(order))}) for call in merged]
        self.conversation.notes += inner.notes

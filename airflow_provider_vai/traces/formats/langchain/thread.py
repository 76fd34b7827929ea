"""One LangGraph thread, or one list of LangChain messages, told to a conversation."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.model.run import Approval, ToolCall
from airflow_provider_vai.traces.formats.langchain.interrupts import reviews
from airflow_provider_vai.traces.formats.langchain.message_forms import plain
from airflow_provider_vai.traces.formats.langchain.messages import read_message
from airflow_provider_vai.traces.formats.langchain.reviews import Reviews
from airflow_provider_vai.traces.formats.langchain.state import GraphState, edits, first_proposals, writes
from airflow_provider_vai.traces.formats.shared.content import proposed_arguments
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_object


class Thread:
    """A thread's calls: those in the newest state's messages.

    :param chain: the states that led to the newest one, oldest first.
    :param given: what ``Command(resume=...)`` held where the file keeps it apart.
    :raises MalformedTrace: a message breaks the format.
    """

    def __init__(self, trace: Trace, chain: list[GraphState], given: list[Any]) -> None:
        self.chain = chain
        self.first = first_proposals(chain)
        self.reviews = Reviews(self.first, reviews(chain, given), edits(chain))
        self.trace = trace
        self.messages = chain[-1].messages
        self.conversation = self._told(chain[-1])
        self.conversation.calls[:] = [self._settled(call) for call in self.conversation.calls]

    def note_unseen(self, states: list[GraphState]) -> None:
        """Note calls that are in older states only, or on forks that were left."""
        shown = {call.id for call in self.conversation.calls}
        if out_of_sight := self.first.keys() - shown:
            self.conversation.note(
                self.chain[-1].where, f"messages were taken out: {len(out_of_sight)} older calls are not in it"
            )
        on_path = {id(state) for state in self.chain}
        left = first_proposals([state for state in states if id(state) not in on_path]).keys() - self.first.keys()
        if left:
            self.conversation.note(self.chain[-1].where, f"calls on forks that were left ({len(left)}) do not count")

    def add_sub_graphs(self, states: list[GraphState]) -> None:
        """Put the calls of sub-graphs behind the batch of the call that started each."""
        newest: dict[str, GraphState] = {}
        for state in sorted(states, key=lambda state: state.order):
            newest[state.fact("checkpoint_ns") or ""] = state
        for space, state in newest.items():
            parent = self._started_by(space)
            if parent is None:
                self.conversation.note(
                    state.where, f"no call is known that started the sub-graph {space!r}: it is not read"
                )
            else:
                self._insert(parent, self._told(state))

    def _told(self, state: GraphState) -> Conversation:
        conversation = Conversation(self.trace)
        for number, message in enumerate(state.messages):
            read_message(conversation, message, self.reviews.decide, f"{state.where}[{number}]")
        return conversation

    def _settled(self, call: ToolCall) -> ToolCall:
        """Return a call with its first proposal, and the decision where no result tells of it."""
        call = self.reviews.pending(call)
        first = proposed_arguments(as_object(self.first.get(call.id)).get("args"))
        if call.id not in self.first or first == call.proposed_arguments:
            return call
        note = "the message was written over with these arguments"
        changed = call.approval.state in ("denied", "edited")
        approval = call.approval if changed else Approval(state="edited", by=call.approval.by, note=note)
        return call.model_copy(update={"proposed_arguments": first, "approval": approval})

    def _started_by(self, space: str) -> ToolCall | None:
        """Return the call whose task a sub-graph's name ends with: its result is the task's write."""
        task = space.rsplit("|", maxsplit=1)[-1].partition(":")[2]
        written = [write[2] for state in self.chain for write in writes(state) if task and write[0] == task]
        messages = [message for value in written for message in (value if isinstance(value, list) else [])]
        ids = {(plain(message) or {}).get("tool_call_id") for message in messages}
        return next((call for call in self.conversation.calls if call.id in ids), None)

    def _insert(self, parent: ToolCall, inner: Conversation) -> None:
        calls = self.conversation.calls
        behind = max(number for number, call in enumerate(calls) if call.batch == parent.batch) + 1
        top = max(call.batch for call in calls) + 1
        added = []
        for call in inner.calls:
            name = self.conversation.unique_id(call.id, self.chain[-1].where)
            update = {"id": name, "turn": parent.turn, "batch": top + call.batch, "parent_id": parent.id}
            added.append(call.model_copy(update=update))
        order: dict[int, int] = {}
        merged = [*calls[:behind], *added, *calls[behind:]]
        calls[:] = [call.model_copy(update={"batch": order.setdefault(call.batch, len(order))}) for call in merged]
        self.conversation.notes += inner.notes

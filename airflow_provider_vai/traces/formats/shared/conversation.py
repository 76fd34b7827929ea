"""What the message-like formats share: pairing results with calls, batches, turns, content parts.

An adapter walks its file once, in order, and tells a :class:`Conversation` what it meets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airflow_provider_vai.model.run import Approval, Outcome, Run, ToolCall, Turn
from airflow_provider_vai.traces.formats.shared.content import MEDIA, part_kind, part_text
from airflow_provider_vai.traces.reading.trace import Trace, record, sequence

OTHERS = frozenset({"suite_name", "thread", "agentRun", "agent_run", "simulations"})
"""Keys of formats that hold chat messages among other things."""


@dataclass(frozen=True)
class ToolAnswer:
    """What came back for a call.

    ``id`` is the call's id and ``tool`` its name, where the answer gives them. ``ran`` is false where the
    call was refused before it ran. ``arguments`` are the executed ones where the trace tells them apart.
    """

    id: str | None = None
    tool: str | None = None
    value: Any = None
    outcome: Outcome = "success"
    error: str | None = None
    ran: bool = True
    arguments: dict[str, Any] | str | None = None
    approval: Approval = field(default_factory=Approval)
    at: datetime | None = None


class Conversation:
    """Collects the turns, calls and notes of one run.

    Ids are no keys by nature: they repeat, or are missing. An answer goes to the first unanswered call with
    its id in the newest message that has one; without an id, to the first unanswered call of the newest
    message with calls.
    """

    def __init__(self, trace: Trace) -> None:
        self.turns: list[Turn] = []
        self.calls: list[ToolCall] = []
        self.notes: list[str] = []
        self._file = f"{trace}: "
        self._system: list[str] = []
        self._given: list[str] = []  # each call's id as the file gives it, "" for none
        self._open: dict[str, list[int]] = {}
        self._answered: dict[str, int] = {}
        self._names: set[str] = set()
        self._times: dict[str, int] = {}
        self._batch = -1
        self._batch_start = 0
        self._new_message = True

    def note(self, where: str, problem: str) -> None:
        """Keep what could not be read, with its place inside the file: a Run does not depend on the path."""
        self.notes.append(f"{where.removeprefix(self._file)}: {problem}")

    def system(self, words: str | None) -> None:
        """Add instruction text, once however often it is repeated."""
        if words and words not in self._system:
            self._system.append(words)

    def turn(self, words: str | None) -> None:
        """Open a turn: the user said something."""
        self.turns.append(Turn(index=len(self.turns), user_text=words))

    def message(self) -> None:
        """Say that the calls from here on stand in another assistant message."""
        self._new_message = True

    def call(self, call: ToolCall, where: str) -> int:
        """Add a call, as proposed, to the current turn and message.

        :param call: ``id`` is empty where the file has none; see :meth:`name`.
        :return: its position.
        """
        if not self.turns:
            self.turn(None)
        position = len(self.calls)
        if self._new_message:
            self._new_message = False
            self._batch += 1
            self._batch_start = position
        name = self.name(call.id, where)
        update = {"id": name, "turn": len(self.turns) - 1, "batch": self._batch}
        self.calls.append(call.model_copy(update=update))
        self._given.append(call.id)
        self._open.setdefault(call.id, []).append(position)
        return position

    def name(self, given: str, where: str) -> str:
        """Return the id that a call gets in the Run: its own, made unique where it repeats or is missing."""
        name = given
        while not name or name in self._names:
            count = self._times[given] = self._times.get(given, 0) + 1
            name = f"{given}#{count + 1}" if given else f"call-{count}"
        self._names.add(name)
        if given != name and given:
            self.note(where, f"the id {given!r} stands on more than one call; this one is named {name}")
        return name

    @property
    def is_waiting(self) -> bool:
        """Whether a call has no result yet."""
        return any(self._open.values())

    def answer(self, answer: ToolAnswer, where: str) -> int | None:
        """Give a call its result: its arguments become the executed ones where it ran.

        :return: the call's position; ``None``, with a note, where no call waits for this result.
        """
        position = self._take(answer)
        if position is None:
            position = self._answered.get(answer.id or "") if answer.id else None
            if position is None:
                self.note(where, f"a result for {answer.id or answer.tool or 'no id'!r}, but no such call")
                return None
            self.note(where, f"another result for {answer.id!r}: the last counts, except after a denial")
            if self.calls[position].outcome == "denied":
                return position
        return self.settle(position, answer)

    def settle(self, position: int, answer: ToolAnswer) -> int:
        """Give the call at a position its result, where the trace itself says whose result it is.

        :return: the position.
        """
        call = self.calls[position]
        executed = call.proposed_arguments if answer.arguments is None else answer.arguments
        if position in self._open[self._given[position]]:
            self._open[self._given[position]].remove(position)
        self.calls[position] = call.model_copy(
            update={
                "arguments": executed if answer.ran else None,
                "result": answer.value,
                "outcome": answer.outcome,
                "error": answer.error,
                "approval": answer.approval,
                "ended_at": answer.at,
            }
        )
        self._answered[self._given[position]] = position
        return position

    def run(self, run: Run) -> Run:
        """Return ``run`` with everything collected."""
        system_text = "\n\n".join(self._system) or None
        collected = {"turns": self.turns, "calls": self.calls, "notes": self.notes}
        return run.model_copy(update={**collected, "system_text": system_text})

    def text(self, content: Any, where: str) -> str | None:
        """Return the text of a message's content: a string, or a list of parts; unknown parts are noted.

        :raises MalformedTrace: the content is neither.
        """
        if content is None or isinstance(content, str):
            return content
        words = []
        for index, part in enumerate(sequence(content, where)):
            found = part if isinstance(part, str) else part_text(part)
            if found is not None:
                words.append(found)
            elif (kind := part_kind(part)) not in MEDIA:
                self.note(f"{where}[{index}]", f"unknown part {kind!r}")
        return "\n".join(words) or None

    def _take(self, answer: ToolAnswer) -> int | None:
        waiting = self._open.get(answer.id, []) if answer.id else []
        waiting = waiting or [position for position in self._newest() if self._fits(answer, position)]
        if not waiting:
            return None
        newest = self.calls[waiting[-1]].batch
        position = next(position for position in waiting if self.calls[position].batch == newest)
        self._open[self._given[position]].remove(position)
        return position

    def _newest(self) -> list[int]:
        """Return the unanswered calls of the newest message with calls."""
        span = range(self._batch_start, len(self.calls))
        return [position for position in span if position in self._open[self._given[position]]]

    def _fits(self, answer: ToolAnswer, position: int) -> bool:
        if answer.id:
            return not self._given[position]
        return answer.tool in (None, self.calls[position].tool)


def message_list(trace: Trace) -> tuple[list[Any], str]:
    """Return the messages, which are the document or stand under its key ``messages``, and their place.

    One answer of a model, as its interface gives it, is a message alone.

    :raises MalformedTrace: there is no such list.
    """
    if isinstance(trace.document, list) or _is_answer(trace.document):
        return trace.document if isinstance(trace.document, list) else [trace.document], f"{trace}: "
    messages = record(trace.document, str(trace)).get("messages")
    return sequence(messages, f"{trace}: messages"), f"{trace}: messages"


def role_messages(document: Any) -> list[Any]:
    """Return the messages of a document in the shape of a chat, of whatever provider; else an empty list."""
    messages: Any = [document] if _is_answer(document) else document
    if isinstance(messages, dict):
        messages = None if OTHERS & document.keys() else document.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    is_chat = isinstance(first, dict) and "role" in first and "parts" not in first
    return messages if is_chat and not _has_items(messages) else []


def _is_answer(document: Any) -> bool:
    return isinstance(document, dict) and document.get("type") == "message" and "messages" not in document


def _has_items(messages: list[Any]) -> bool:
    """Return whether calls stand beside the messages, not in them: then it is a list of OpenAI Responses items."""
    return any("call_id" in message and "role" not in message for message in messages if isinstance(message, dict))

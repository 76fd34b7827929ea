"""What the message-like formats share: pairing results with calls, batches, turns, the text of messages.

An adapter walks its file once, in order, and adds what it reads to a :class:`Conversation`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from airflow_provider_vai.model.run import Approval, Outcome, Run, RunOutcome, ToolCall, Turn, Usage
from airflow_provider_vai.traces.formats.shared.content import MEDIA, error_text, part_kind, part_text
from airflow_provider_vai.traces.formats.shared.refusals import LANGCHAIN, is_refusal
from airflow_provider_vai.traces.formats.shared.reported_failures import reported_failure
from airflow_provider_vai.traces.formats.shared.waiting_calls import WaitingCalls
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_list, as_object, require_list, require_object, text_or_none

OTHER_FORMATS = frozenset({"suite_name", "thread", "agentRun", "agent_run", "simulations"})
"""Keys of other formats that also hold chat messages."""


@dataclass(frozen=True)
class ToolResult:
    """The result of a call.

    ``id`` is the call's id and ``tool`` the tool's name, if the result has them. ``ran`` is false if the call was
    refused before it ran. ``arguments`` are the executed ones, if the trace records them separately. ``at`` is when
    the call ended. ``is_marked`` says that the trace itself marks the result as a success or failure; a success that it
    does not mark is a failure if its content reports one. ``marks_refusals`` says that the format marks every call that
    a person refused as an error: a success with the text of a refusal is then a result.
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
    is_marked: bool = False
    marks_refusals: bool = False


class Conversation:
    """Collects the turns, calls and notes of one run.

    The ids of a file are not unique: they repeat, or are missing. A result belongs to a pending call with its id, or,
    if it has no id, to one of the newest message with calls. If there are several, the tool's name decides first, then
    the newest message, and the order of the calls last.
    """

    def __init__(self, trace: Trace) -> None:
        self.turns: list[Turn] = []
        self.calls: list[ToolCall] = []
        self.notes: list[str] = []
        self._file = f"{trace}: "
        self._system_texts: list[str] = []
        self._file_ids: list[str] = []  # each call's id in the file, "" for none
        self._waiting = WaitingCalls()
        self._finished: dict[str, int] = {}  # position of the newest call with a result, by its id in the file
        self._run_ids: set[str] = set()
        self._repeats: dict[str, int] = {}
        self._batch = -1
        self._is_new_message = True

    def note(self, where: str, problem: str) -> None:
        """Record a problem with its place inside the file, without the file's path: equal files give equal Runs."""
        self.notes.append(f"{where.removeprefix(self._file)}: {problem}")

    def add_system_text(self, text: str | None) -> None:
        """Add instruction text; a text that was added before is ignored."""
        if text and text not in self._system_texts:
            self._system_texts.append(text)

    def start_turn(self, text: str | None) -> None:
        """Start a turn with the user's text."""
        self.turns.append(Turn(index=len(self.turns), user_text=text))

    def start_message(self) -> None:
        """Start an assistant message: the calls added next belong to a new batch."""
        self._is_new_message = True

    def add_call(self, call: ToolCall, where: str) -> int:
        """Add a proposed call to the current turn and message.

        :param call: its ``id`` is empty if the file has none; see :meth:`unique_id`.
        :return: the call's position in ``calls``.
        """
        if not self.turns:
            self.start_turn(None)
        position = len(self.calls)
        if self._is_new_message:
            self._is_new_message = False
            self._batch += 1
        update = {"id": self.unique_id(call.id, where), "turn": len(self.turns) - 1, "batch": self._batch}
        self.calls.append(call.model_copy(update=update))
        self._file_ids.append(call.id)
        self._waiting.add(position, call.id, call.tool, self._batch)
        return position

    def unique_id(self, file_id: str, where: str) -> str:
        """Return a call's id in the Run: its id in the file, made unique if it repeats or is missing."""
        unique = file_id
        while not unique or unique in self._run_ids:
            count = self._repeats[file_id] = self._repeats.get(file_id, 0) + 1
            unique = f"{file_id}#{count + 1}" if file_id else f"call-{count}"
        self._run_ids.add(unique)
        if file_id != unique and file_id:
            self.note(where, f"several calls have the id {file_id!r}; this one is renamed to {unique}")
        return unique

    @property
    def has_pending_calls(self) -> bool:
        """Whether a call has no result yet."""
        return bool(self._waiting.positions)

    def add_result(self, result: ToolResult, where: str) -> int | None:
        """Pair a result with its pending call, and set it there; see :meth:`set_result`.

        :return: the call's position; ``None``, with a note, if no call fits.
        """
        position = self._take(result)
        if position is None:
            position = self._finished.get(result.id or "") if result.id else None
            if position is None:
                self.note(where, f"a result for {result.id or result.tool or 'no id'!r}, but there is no such call")
                return None
            self.note(where, f"another result for {result.id!r}: the last one counts, unless the call was denied")
            if self.calls[position].outcome == "denied":
                return position
        return self.set_result(position, result)

    def set_result(self, position: int, result: ToolResult) -> int:
        """Set the result of the call at a position. If the call ran, its arguments become the executed ones.

        :return: the position.
        """
        call = self.calls[position]
        executed = call.proposed_arguments if result.arguments is None else result.arguments
        self._waiting.positions.discard(position)
        result = _refused(result)
        reported = reported_failure(result.value) if result.outcome == "success" and not result.is_marked else {}
        self.calls[position] = call.model_copy(
            update={
                "arguments": executed if result.ran else None,
                "result": result.value,
                "outcome": result.outcome,
                "error": result.error,
                **reported,
                "approval": result.approval,
                "ended_at": result.at,
            }
        )
        self._finished[self._file_ids[position]] = position
        return position

    def outcome(self, *, assistant_spoke_last: bool) -> RunOutcome:
        """Return ``success`` if the assistant spoke last and no call is pending, else ``unknown``."""
        return "success" if assistant_spoke_last and not self.has_pending_calls else "unknown"

    def finish(self, run: Run) -> Run:
        """Return ``run`` with everything that was collected."""
        system_text = "\n\n".join(self._system_texts) or None
        collected = {"turns": self.turns, "calls": self.calls, "notes": self.notes}
        return run.model_copy(update={**collected, "system_text": system_text})

    def text_of(self, content: Any, where: str) -> str | None:
        """Return the text of a message's content, which is a string or a list of parts. Unknown parts are noted.

        :raises MalformedTrace: the content is neither.
        """
        if content is None or isinstance(content, str):
            return content
        texts = []
        for index, part in enumerate(require_list(content, where)):
            text = part if isinstance(part, str) else part_text(part)
            if text is not None:
                texts.append(text)
            elif (kind := part_kind(part)) not in MEDIA:
                self.note(f"{where}[{index}]", f"unknown part {kind!r}")
        return "\n".join(texts) or None

    def _take(self, result: ToolResult) -> int | None:
        """Return the position of the pending call that a result belongs to, and take it off the pending ones."""
        position = self._waiting.first(result.id, result.tool) if result.id else None
        if position is None and result.id:
            position = self._waiting.first("", result.tool, batch=self._batch)
        elif position is None:
            position = self._waiting.first(None, result.tool, batch=self._batch, is_tool_certain=True)
        if position is not None:
            self._waiting.positions.discard(position)
        return position


def message_list(trace: Trace) -> tuple[list[Any], str]:
    """Return the messages and their place. They are the document itself, or are under its key ``messages``.

    A single response of Anthropic's API is one message.

    :raises MalformedTrace: there is no list of messages.
    """
    if _is_single_message(trace.document):
        return [trace.document], f"{trace}: "
    if isinstance(trace.document, list):
        return trace.document, f"{trace}: "
    messages = require_object(trace.document, str(trace)).get("messages")
    return require_list(messages, f"{trace}: messages"), f"{trace}: messages"


def chat_run(
    trace: Trace,
    format: str,
    outcome: RunOutcome,
    *,
    facts: dict[str, Any] | None = None,
    ids: Iterable[Any] = (),
    titles: Iterable[Any] = (),
    models: Iterable[Any] = (),
    times: Iterable[datetime | None] = (),
    span: tuple[datetime | None, datetime | None] = (None, None),
    agent: Any = None,
    usage: Usage | None = None,
) -> Run:
    """Return the run of a chat, without its turns and calls.

    Of several values, the first one that is text counts.

    :param format: the format's name.
    :param facts: the object with the chat's ``id``, ``title`` and ``model``; the trace's document by default.
    :param ids: ids, if they are elsewhere; without any, the run is named after the file's digest.
    :param titles: titles, if they are elsewhere.
    :param models: models, if they are elsewhere.
    :param times: when something happened, in order.
    :param span: when the run started and ended, if the chat itself records it.
    :param agent: the agent's name.
    :param usage: what the run cost.
    """
    facts = as_object(trace.document) if facts is None else facts
    known = [at for at in times if at]
    return Run(
        id=_first_text([*ids, facts.get("id")]) or trace.fallback_id,
        source="chat_thread",
        format=format,
        title=_first_text([*titles, facts.get("title")]),
        agent=text_or_none(agent),
        model=_first_text([*models, facts.get("model")]),
        started_at=known[0] if known else span[0],
        ended_at=known[-1] if known else span[1],
        outcome=outcome,
        usage=usage,
    )


def _first_text(values: Iterable[Any]) -> str | None:
    return next((text for value in values if (text := text_or_none(value))), None)


def listed_messages(document: Any) -> list[Any]:
    """Return the messages of a document: its items, or those under its key ``messages``. Never raises."""
    return as_list(document.get("messages") if isinstance(document, dict) else document)


def role_messages(document: Any) -> list[Any]:
    """Return the messages of a document that looks like a chat of any provider; else an empty list."""
    messages: Any = [document] if _is_single_message(document) else document
    if isinstance(messages, dict):
        messages = None if OTHER_FORMATS & document.keys() else document.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    is_chat = isinstance(first, dict) and "role" in first and "parts" not in first
    return messages if is_chat and not _has_response_items(messages) else []


def _is_single_message(document: Any) -> bool:
    return isinstance(document, dict) and document.get("type") == "message" and "messages" not in document


def _has_response_items(messages: list[Any]) -> bool:
    """Return whether calls are items beside the messages: then this is a list of OpenAI Responses items."""
    return any("call_id" in message and "role" not in message for message in messages if isinstance(message, dict))


def _refused(result: ToolResult) -> ToolResult:
    """Return a result as a denial if it is only a framework's text for a call that a person refused."""
    text = result.value if result.error is None else result.error
    is_result = result.is_marked or result.marks_refusals or str(text).startswith(LANGCHAIN)
    if result.outcome == "success" and is_result:
        return result  # LangChain marks a refusal as an error
    if result.outcome not in ("success", "failed") or result.approval.state != "unknown" or not is_refusal(text):
        return result
    reason = error_text(text)
    denied = Approval(state="denied", by="user", note=reason)
    return replace(result, value=None, error=reason, outcome="denied", ran=False, approval=denied)

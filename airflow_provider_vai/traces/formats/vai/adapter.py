"""The platform's own objects: an agent run or a chat thread, with its action runs.

The platform documents these objects, but no export that holds them together, so the envelope is this package's own::

    {"agentRun": {...}, "agentSpec"?: {...}, "actionRuns": [...], "approvals"?: [...]}
    {"thread": {...}, "turns"?: [...], "messages"?: [...], "actionRuns": [...], "approvals"?: [...]}

Keys are camelCase or snake_case. In a thread, an action run may have ``turnId`` and ``messageId``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome, Usage
from airflow_provider_vai.traces.formats.shared.content import total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation
from airflow_provider_vai.traces.formats.vai.action_run import (
    by_time,
    get_field,
    object_field,
    read_action_run,
    status_of,
)
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    parse_time,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

OUTCOMES: dict[str, RunOutcome] = {
    "completed": "success",
    "success": "success",
    "succeeded": "success",
    "failed": "failed",
    "error": "failed",
    "cancelled": "failed",
    "rejected": "failed",
}
PROMPT_KEYS = ("prompt", "question", "message", "text")


class VaiAdapter:
    """Reads exports of the platform's agent runs and chat threads."""

    name = "vai"
    description = "the platform's agentRun or thread with its actionRuns (the envelope is this package's own)"
    coverage = Coverage(approvals="yes", edits="yes", timing="yes", batches="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document holds an agent run, or a thread with action runs or turns."""
        if not isinstance(document, dict):
            return False
        if isinstance(document.get("thread"), dict):
            return isinstance(get_field(document, "actionRuns"), list) or isinstance(document.get("turns"), list)
        return isinstance(get_field(document, "agentRun"), dict)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: an object does not have the platform's shape.
        """
        export = _Export(trace)
        yield export.thread() if get_field(export.document, "agentRun") is None else export.agent_run()


class _Export:
    """One export: its document, and the turns read so far."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.document = require_object(trace.document, str(trace))
        self.conversation = Conversation(trace)
        self.user_texts: list[str | None] = []  # by turn
        self.turn_of: dict[tuple[str, str], int] = {}  # by ("turn", id) and ("message", id)

    def agent_run(self) -> Run:
        run = require_object(get_field(self.document, "agentRun"), f"{self.trace}: agentRun")
        input_ = object_field(run, "input")
        self.user_texts.append(next((text for key in PROMPT_KEYS if (text := text_or_none(input_.get(key)))), None))
        titles = (self._spec(run).get("name"), run.get("name"), input_.get("title"))
        facts = {"source": "agent_run", "outcome": OUTCOMES.get(status_of(run), "unknown")}
        return self._run(run, {**facts, "title": next(filter(text_or_none, titles), None)})

    def thread(self) -> Run:
        thread = require_object(self.document.get("thread"), f"{self.trace}: thread")
        self.conversation.add_system_text(text_or_none(get_field(thread, "systemPrompt")))
        last_status = ""
        for turn, where in self._records("turns"):
            self._turn(require_text(turn.get("id"), f"{where}.id"))
            last_status = status_of(turn)
        for message, where in self._records("messages"):
            self._read_message(message, where)
        statuses = [status for status in (status_of(thread, "lastTurnStatus"), last_status) if status]
        outcomes = [OUTCOMES.get(status, "unknown") for status in statuses]
        outcome = "failed" if "failed" in outcomes else next(iter(outcomes), "unknown")
        facts = {"source": "chat_thread", "outcome": outcome}
        titles = (thread.get("title"), self._spec(thread).get("name"))
        return self._run(thread, {**facts, "title": next(filter(text_or_none, titles), None)})

    def _run(self, holder: dict[str, Any], facts: dict[str, Any]) -> Run:
        spec = self._spec(holder)
        self.conversation.add_system_text(text_or_none(spec.get("markdown")))
        self._read_calls()
        for text in self.user_texts or [None]:
            self.conversation.start_turn(text)
        run = Run(
            id=text_or_none(holder.get("id")) or self.trace.fallback_id,
            format=ADAPTER.name,
            agent=text_or_none(spec.get("slug")) or text_or_none(spec.get("name")),
            model=text_or_none(object_field(spec, "frontmatter").get("model")),
            usage=_usage(object_field(holder, "usage")),
            started_at=parse_time(get_field(holder, "startedAt") or get_field(holder, "createdAt")),
            ended_at=parse_time(get_field(holder, "completedAt") or get_field(holder, "lastMessageAt")),
            **facts,
        )
        return self.conversation.finish(run)

    def _spec(self, holder: dict[str, Any]) -> dict[str, Any]:
        return object_field(self.document, "agentSpec") or object_field(holder, "agentSpec")

    def _records(self, name: str, *, is_required: bool = False) -> Iterator[PlacedObject]:
        listed = get_field(self.document, name)
        if listed is not None or is_required:
            yield from require_objects(listed, f"{self.trace}: {name}")

    def _turn(self, id: str) -> int:
        if ("turn", id) not in self.turn_of:
            self.turn_of["turn", id] = len(self.user_texts)
            self.user_texts.append(None)
        return self.turn_of["turn", id]

    def _read_message(self, message: dict[str, Any], where: str) -> None:
        role = require_text(message.get("role"), f"{where}.role").lower()
        content = self.conversation.text_of(message.get("content"), f"{where}.content")
        turn_id = text_or_none(get_field(message, "turnId"))
        if not self.user_texts or (turn_id is None and role == "user"):
            turn_id = turn_id or where  # a turn of its own
        number = self._turn(turn_id) if turn_id else len(self.user_texts) - 1
        self.turn_of["message", text_or_none(message.get("id")) or where] = number
        if role == "user":
            self.user_texts[number] = "\n".join(filter(None, (self.user_texts[number], content))) or None
        elif role == "system":
            self.conversation.add_system_text(content)
        elif role not in ("assistant", "tool"):
            self.conversation.note(where, f"unknown role {role!r}")

    def _read_calls(self) -> None:
        requests = self._requests()
        batches: dict[str, int] = {}
        for action, where in by_time(list(self._records("actionRuns", is_required=True))):
            run_id, message_id = (
                require_text(action.get("id"), f"{where}.id"),
                text_or_none(get_field(action, "messageId")),
            )
            own = [request for key in (run_id, get_field(action, "toolCallId")) for request, _ in _taken(requests, key)]
            call = read_action_run(action, where, own)
            if call.outcome == "denied" and status_of(action) in ("completed", "failed"):
                problem = f"its status is {status_of(action)}, but its approval was denied: it counts as denied"
                self.conversation.note(where, problem)
            turn_id = text_or_none(get_field(action, "turnId"))
            turn = self._turn(turn_id) if turn_id else self.turn_of.get(("message", message_id or ""), 0)
            batch = batches.setdefault(f"message {message_id}" if message_id else where, len(batches))
            place = {"id": self.conversation.unique_id(run_id, where), "turn": turn, "batch": batch}
            self.conversation.calls.append(call.model_copy(update=place))
        for _, where in (entry for remaining in requests.values() for entry in remaining):
            self.conversation.note(where, "no action run of this export belongs to this approval request")

    def _requests(self) -> dict[str, list[PlacedObject]]:
        requests: dict[str, list[PlacedObject]] = {}
        for entry, where in self._records("approvals"):
            request = object_field(entry, "approval") or entry  # the platform wraps a single request in an object
            requests.setdefault(text_or_none(get_field(request, "toolCallId")) or "", []).append((request, where))
        return requests


def _taken(requests: dict[str, list[PlacedObject]], key: Any) -> list[PlacedObject]:
    return requests.pop(key, []) if text_or_none(key) else []


def _usage(usage: dict[str, Any]) -> Usage | None:
    tokens = {"input": get_field(usage, "inputTokens"), "output": get_field(usage, "outputTokens")}
    return total_usage([tokens], tokens=("input", "output"), costs=[get_field(usage, "costUsd")])


ADAPTER = VaiAdapter()

"""Chats of GitHub Copilot in VS Code: exported with "Chat: Export Chat...", or from ``chatSessions/*.json``.

The arguments and results of the calls are in the metadata of each answer; whether a person allowed a call is in the
answer's part about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    as_list,
    as_object,
    optional_text,
    parse_time,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

INVOCATION = "toolInvocationSerialized"
SUFFIX = "__vscode"
"""What VS Code adds to the id of a call, with a number."""

APPROVALS: dict[Any, Approval] = {
    0: Approval(state="denied", by="user"),
    1: Approval(state="not_required"),
    4: Approval(state="approved", by="user"),
    5: Approval(state="denied", by="user", note="skipped"),
}
"""Kinds of a confirmation; older files have false for 0. The others are settings, not a decision about the call."""


class VSCodeChatAdapter:
    """Reads chats of GitHub Copilot in VS Code."""

    name = "vscode_chat"
    description = "GitHub Copilot chat in VS Code (chat export, chatSessions/*.json)"
    coverage = Coverage(results="partly", approvals="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document lists requests with a message, beside who answers them."""
        facts = as_object(document)
        requests = as_list(facts.get("requests"))
        named = "responderUsername" in facts
        return named and all("message" in as_object(request) for request in requests[:20])

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a request or a call breaks the format.
        """
        facts = require_object(trace.document, str(trace))
        requests = list(require_objects(facts.get("requests"), f"{trace}: requests"))
        conversation = Conversation(trace)
        for request, place in requests:
            _read(conversation, request, place)
        last = requests[-1][0] if requests else {}
        result = as_object(last.get("result"))
        spoke_last = bool(last) and not last.get("isCanceled") and "errorDetails" not in result and _answers(last)
        times = [at for request, _ in requests if (at := parse_time(request.get("timestamp")))]
        run = chat_run(
            trace,
            self.name,
            conversation.outcome(assistant_spoke_last=spoke_last),
            facts={"id": facts.get("sessionId"), "title": facts.get("customTitle")},
            models=[request.get("modelId") for request, _ in reversed(requests)],
            span=(times[0] if times else None, parse_time(facts.get("lastMessageDate"))),
        )
        yield conversation.finish(run)


def _answers(request: dict[str, Any]) -> bool:
    """Return whether an answer ends with text."""
    parts = [as_object(part) for part in as_list(request.get("response"))]
    shown = [part for part in parts if part.get("kind") in (None, INVOCATION)]
    return bool(shown) and "value" in shown[-1]


def _read(conversation: Conversation, request: dict[str, Any], place: str) -> None:
    message = request.get("message")
    conversation.start_turn(text_or_none(as_object(message).get("text")) or text_or_none(message))
    metadata = as_object(as_object(request.get("result")).get("metadata"))
    results = as_object(metadata.get("toolCallResults"))
    parts = [as_object(part) for part in as_list(request.get("response"))]
    shown = {_own_id(part.get("toolCallId")): part for part in parts if part.get("kind") == INVOCATION}
    inside = f"{place}.result.metadata.toolCallRounds"
    read: set[str] = set()
    for turn, where in require_objects(metadata.get("toolCallRounds") or [], inside):
        conversation.start_message()
        for call, at in require_objects(turn.get("toolCalls") or [], f"{where}.toolCalls"):
            call_id = optional_text(call.get("id"), f"{at}.id") or ""
            read.add(_own_id(call_id))
            _read_call(conversation, call, at, results.get(call_id), shown.get(_own_id(call_id), {}))
    for call_id in [known for known in shown if known not in read]:
        conversation.note(f"{place}.response", f"the call {call_id!r} has no arguments in the file, so it is left out")


def _own_id(value: Any) -> str:
    return value.partition(SUFFIX)[0] if isinstance(value, str) else ""


def _read_call(conversation: Conversation, call: dict[str, Any], where: str, result: Any, part: dict[str, Any]) -> None:
    source = as_object(part.get("source"))
    server = text_or_none(source.get("serverLabel")) or text_or_none(source.get("label"))
    proposal = ToolCall(
        id=text_or_none(call.get("id")) or "",
        tool=require_text(call.get("name"), f"{where}.name"),
        server=server if source.get("type") == "mcp" else None,
        proposed_arguments=proposed_arguments(call.get("arguments")),
    )
    position = conversation.add_call(proposal, where)
    confirmed = part.get("isConfirmed")
    kind = as_object(confirmed).get("type") if isinstance(confirmed, dict) else confirmed
    known = isinstance(kind, (int, bool)) and (kind is not True)
    approval = APPROVALS.get(kind, Approval()) if known else Approval()
    if approval.state == "denied":
        conversation.set_result(position, ToolResult(outcome="denied", ran=False, approval=approval))
    elif result is not None:
        conversation.set_result(position, _result(result, part, approval))


def _result(result: Any, part: dict[str, Any], approval: Approval) -> ToolResult:
    """Return a result: the texts that the model got, and the exit code of a command that ran in the terminal."""
    values = [as_object(entry).get("value") for entry in as_list(as_object(result).get("content"))]
    texts = [value for value in values if isinstance(value, str)]
    content = "\n".join(texts) if len(texts) == len(values) else values
    state = as_object(as_object(part.get("toolSpecificData")).get("terminalCommandState"))
    code = state.get("exitCode")
    if isinstance(code, int) and code != 0:
        return ToolResult(outcome="failed", error=error_text(content), approval=approval)
    return ToolResult(value=result_value(content), approval=approval, is_marked=code == 0)


ADAPTER = VSCodeChatAdapter()

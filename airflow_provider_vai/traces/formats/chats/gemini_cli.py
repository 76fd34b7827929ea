"""Sessions of Gemini CLI: an object with ``messages``, or one line for the header and one for each message.

A call is kept with its result and its status in the message of the model. A cancelled call did not run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, Outcome, Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value, total_usage
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_list,
    as_object,
    optional_text,
    parse_time,
    require_objects,
    require_text,
)

HEADER = frozenset({"sessionId", "projectHash"})
DECLINED = "did not allow"
"""What the result of a call says that a person did not allow; other cancelled calls were only interrupted."""


class GeminiCLIAdapter:
    """Reads sessions of Gemini CLI."""

    name = "gemini_cli"
    description = "Gemini CLI session (chats/session-*.json or .jsonl)"
    coverage = Coverage(approvals="partly", timing="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document, or its first line, has the header of a session."""
        first = document[0] if isinstance(document, list) and document else document
        return as_object(first).keys() >= HEADER

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message or a call breaks the format.
        """
        facts, messages = _header_and_messages(trace)
        conversation = Conversation(trace)
        for message, place in messages:
            _read(conversation, message, place)
        answers = [message for message, _ in messages if message.get("type") == "gemini"]
        last = messages[-1][0] if messages else {}
        spoke_last = last.get("type") == "gemini" and bool(last.get("content")) and not last.get("toolCalls")
        run = chat_run(
            trace,
            self.name,
            conversation.outcome(assistant_spoke_last=spoke_last),
            facts={"id": facts.get("sessionId"), "title": facts.get("summary")},
            models=[answer.get("model") for answer in reversed(answers)],
            span=(parse_time(facts.get("startTime")), parse_time(facts.get("lastUpdated"))),
            usage=total_usage(
                [as_object(answer.get("tokens")) for answer in answers], tokens=("input", "output"), costs=[]
            ),
        )
        yield conversation.finish(run)


def _header_and_messages(trace: Trace) -> tuple[dict[str, Any], list[PlacedObject]]:
    """Return the session's facts and its messages; a line ``$rewindTo`` drops that message and those after it."""
    if isinstance(trace.document, dict):
        return trace.document, list(require_objects(trace.document.get("messages"), f"{trace}: messages"))
    facts: dict[str, Any] = {}
    messages: list[PlacedObject] = []
    for line, place in require_objects(trace.document, f"{trace}: "):
        if "$rewindTo" in line:
            ids = [message.get("id") for message, _ in messages]
            del messages[ids.index(line["$rewindTo"]) if line["$rewindTo"] in ids else len(ids) :]
        elif "type" in line:
            kept = [found for found in messages if "id" not in line or found[0].get("id") != line["id"]]
            messages = [*kept, (line, place)]  # a message is written again when its calls end
        else:
            facts |= as_object(line.get("$set", line))
    return facts, messages


def _read(conversation: Conversation, message: dict[str, Any], place: str) -> None:
    kind = require_text(message.get("type"), f"{place}.type")
    if kind == "user":
        conversation.start_turn(_text(message.get("content")))
    elif kind == "gemini":
        conversation.start_message()
        for call, where in require_objects(message.get("toolCalls") or [], f"{place}.toolCalls"):
            _read_call(conversation, call, where)
    elif kind not in ("info", "warning", "error"):
        conversation.note(place, f"unknown message {kind!r}")


def _read_call(conversation: Conversation, call: dict[str, Any], where: str) -> None:
    proposal = ToolCall(
        id=optional_text(call.get("id"), f"{where}.id") or "",
        tool=require_text(call.get("name"), f"{where}.name"),
        proposed_arguments=proposed_arguments(call.get("args")),
    )
    position = conversation.add_call(proposal, where)
    response = _response(call.get("result"))
    answer, at = response.get("output", response), parse_time(call.get("timestamp"))
    match call.get("status"):
        case "success":
            result = ToolResult(value=result_value(answer), at=at, is_marked=True)
        case "error":
            result = ToolResult(outcome="failed", error=error_text(response.get("error", answer)), at=at)
        case "cancelled":
            reason = error_text(response.get("error")) or ""
            declined = DECLINED in reason
            approval = Approval(state="denied", note=reason) if declined else Approval()
            outcome: Outcome = "denied" if declined else "interrupted"
            result = ToolResult(outcome=outcome, ran=False, error=reason or None, approval=approval)
        case _:
            return
    conversation.set_result(position, result)


def _response(parts: Any) -> dict[str, Any]:
    """Return the response in a call's result, which is a list of parts."""
    responses = (as_object(as_object(part).get("functionResponse")).get("response") for part in as_list(parts))
    return next((response for response in responses if isinstance(response, dict)), {})


def _text(content: Any) -> str | None:
    if isinstance(content, str):
        return content or None
    parts = [as_object(part).get("text") if isinstance(part, dict) else part for part in as_list(content)]
    return "\n".join(part for part in parts if isinstance(part, str)) or None


ADAPTER = GeminiCLIAdapter()

"""LibreChat's export of a conversation as JSON: a list of messages, or the tree of them.

A message names the one before it. The run is the branch of the newest message. Calls are parts of the assistant's
message, with their results. The export has no approvals and no mark for failures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces.formats.chats.branches import branch, hidden_calls
from airflow_provider_vai.traces.formats.shared.content import proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_list,
    as_object,
    optional_text,
    parse_time,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

IGNORED = frozenset({"text", "think", "error", "agent_update", "image_file", "image_url"})


class LibreChatAdapter:
    """Reads LibreChat's export."""

    name = "librechat"
    description = "LibreChat export of a conversation (JSON)"
    coverage = Coverage(results="partly", batches="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a conversation whose messages say whether a person wrote them."""
        messages = as_list(as_object(document).get("messages"))
        first = as_object(messages[0]) if messages else {}
        return "conversationId" in as_object(document) and {"messageId", "isCreatedByUser"} <= first.keys()

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message or a part breaks the format.
        """
        facts = require_object(trace.document, str(trace))
        every = list(_flat(list(require_objects(facts.get("messages"), f"{trace}: messages"))))
        by_id = {str(message.get("messageId")): (message, place) for message, place in every}
        newest = max(every[::-1], key=lambda found: str(found[0].get("createdAt") or ""))[0] if every else {}
        keys = branch(newest.get("messageId"), lambda key: by_id[key][0].get("parentMessageId"), by_id)
        path = [by_id[key] for key in keys]
        conversation = Conversation(trace)
        for message, place in path:
            _read(conversation, message, place)
        calls = sum(len(_calls(message)) for message, _ in every) - sum(len(_calls(message)) for message, _ in path)
        if calls > 0:
            conversation.note(f"{trace}: messages", hidden_calls(calls))
        last = path[-1][0] if path else {}
        run = chat_run(
            trace,
            self.name,
            conversation.outcome(assistant_spoke_last=_spoke(last)),
            ids=[facts.get("conversationId")],
            models=[as_object(facts.get("options")).get("model"), last.get("model")],
            times=[parse_time(message.get("createdAt")) for message, _ in path],
        )
        yield conversation.finish(run)


def _flat(messages: list[PlacedObject]) -> Iterator[PlacedObject]:
    """Yield each message of a list or tree, a message before those that follow it."""
    waiting = messages[::-1]
    while waiting:
        message, place = waiting.pop()
        yield message, place
        waiting += reversed(list(require_objects(message.get("children") or [], f"{place}.children")))


def _calls(message: dict[str, Any]) -> list[Any]:
    return [part for part in as_list(message.get("content")) if as_object(part).get("type") == "tool_call"]


def _spoke(message: dict[str, Any]) -> bool:
    """Return whether a message is the assistant's and ends with text."""
    parts = [as_object(part).get("type") for part in as_list(message.get("content"))]
    ends_with_text = parts[-1] == "text" if parts else bool(message.get("text"))
    return message.get("isCreatedByUser") is False and ends_with_text and message.get("error") is not True


def _read(conversation: Conversation, message: dict[str, Any], place: str) -> None:
    if message.get("isCreatedByUser") is True:
        conversation.start_turn(text_or_none(message.get("text")))
        return
    conversation.start_message()
    for part, where in require_objects(message.get("content") or [], f"{place}.content"):
        kind = text_or_none(part.get("type"))
        if kind == "tool_call":
            _read_call(conversation, require_object(part.get("tool_call"), f"{where}.tool_call"), f"{where}.tool_call")
        elif kind not in IGNORED:
            conversation.note(where, f"unknown part {kind!r}")
        elif kind == "text":
            conversation.start_message()  # the model spoke after the results of the calls before


def _read_call(conversation: Conversation, call: dict[str, Any], where: str) -> None:
    nested = as_object(call.get("function"))  # calls of OpenAI's assistants
    proposal = ToolCall(
        id=optional_text(call.get("id"), f"{where}.id") or "",
        tool=require_text(call.get("name", nested.get("name")), f"{where}.name"),
        proposed_arguments=proposed_arguments(call.get("args", nested.get("arguments"))),
    )
    position = conversation.add_call(proposal, where)
    output = call.get("output", nested.get("output"))
    if output is not None:
        conversation.set_result(position, ToolResult(value=result_value(output)))


ADAPTER = LibreChatAdapter()

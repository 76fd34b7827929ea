"""Vercel AI SDK: UIMessages (``role`` and ``parts``), and the UI message stream that builds them.

The SDK writes an approval into the part of every call that asked for one, so a call of the SDK's own tool without an
approval needed none. A dynamic tool may be a call of another framework, whose approvals are not in the messages.
Arguments cannot be edited.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run, RunOutcome
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, chat_run
from airflow_provider_vai.traces.formats.vercel.parts import is_call, read_call, read_result
from airflow_provider_vai.traces.formats.vercel.stream import STREAM, messages_of
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_list,
    as_object,
    parse_time,
    require_objects,
    require_text,
)

PARTS = frozenset({"text", "reasoning", "step-start", "file", "source-url", "source-document", "dynamic-tool"})
IGNORED = PARTS | {"source", "custom", "reasoning-file"}


class VercelUIAdapter:
    """Reads UI messages and their stream."""

    name = "vercel_ui"
    description = "Vercel AI SDK UIMessages: a list, an object with messages, or the stream's chunks"
    coverage = Coverage(approvals="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document holds messages with the SDK's typed parts, or starts like its stream."""
        messages = _messages(document)
        if any(isinstance(as_object(message).get("toolInvocations"), list) for message in messages):
            return True  # version 4 keeps calls beside the text
        parts = [part for message in messages for part in as_list(_content(as_object(message)).get("parts"))]
        if any(is_call(as_object(part)) for part in parts):
            return True
        kinds = {kind for part in parts if isinstance(kind := as_object(part).get("type"), str)}
        has_text = any("text" in as_object(part) for part in parts)  # other formats use the key "content"
        is_chat = bool(messages) and "role" in as_object(messages[0])
        return (is_chat and has_text and kinds <= PARTS) or _is_stream(messages)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message, a part or a chunk breaks the format.
        """
        facts, where = (
            as_object(trace.document),
            f"{trace}: messages" if isinstance(trace.document, dict) else f"{trace}: ",
        )
        messages = facts.get("messages") if isinstance(trace.document, dict) else trace.document
        conversation = Conversation(trace)
        if isinstance(messages, list) and _is_stream(messages):
            read = [messages_of(conversation, messages, where)]
        else:
            read = [_message_and_parts(message, place) for message, place in require_objects(messages, where)]
        for message, parts in read:
            _read_message(conversation, message, parts)
        metadata = [as_object(message.get("metadata")) for message, _ in read]
        run = chat_run(
            trace,
            self.name,
            _outcome(conversation, read),
            models=[item.get("model") for item in metadata],
            times=[parse_time(message.get("createdAt")) for message, _ in read],
        )
        yield conversation.finish(run)


Parts = list[PlacedObject]


def _message_and_parts(message: dict[str, Any], place: str) -> tuple[dict[str, Any], Parts]:
    """Return a message and its parts with their places. The older form keeps calls beside the text."""
    holder = _content(message)
    if holder.get("parts") is not None:
        return message, list(require_objects(holder["parts"], f"{place}.parts"))
    texts = [({"type": "text", "text": message.get("content")}, f"{place}.content")]
    if message.get("toolInvocations") is None:
        return message, texts
    where = f"{place}.toolInvocations"
    calls = [
        ({"type": "tool-invocation", "toolInvocation": call}, at)
        for call, at in require_objects(message["toolInvocations"], where)
    ]
    return message, calls + texts


def _content(message: dict[str, Any]) -> dict[str, Any]:
    """Return what holds a message's parts: itself, or its content in Mastra's memory."""
    content = message.get("content")
    return content if isinstance(content, dict) and "parts" in content else message


def _read_message(conversation: Conversation, message: dict[str, Any], parts: Parts) -> None:
    role = message.get("role")
    text = "\n".join(part["text"] for part, _ in parts if isinstance(part.get("text"), str)) or None
    if role == "user":
        conversation.start_turn(text)
    elif role == "system":
        conversation.add_system_text(text)
    conversation.start_message()
    for part, where in parts:
        kind = require_text(part.get("type"), f"{where}.type")
        if kind == "step-start":
            conversation.start_message()
        elif is_call(part):
            result = read_result(part, where)
            position = conversation.add_call(read_call(part, where), where)
            if result is not None:
                conversation.set_result(position, result)
            if part.get("preliminary") is True:
                conversation.note(where, "the result is a preliminary one; the final one is missing")
        elif kind not in IGNORED and not kind.startswith("data-"):
            conversation.note(where, f"unknown part {kind!r}")


def _outcome(conversation: Conversation, read: list[tuple[dict[str, Any], Parts]]) -> RunOutcome:
    message, parts = read[-1] if read else ({}, [])
    last = parts[-1][0] if parts else {}
    assistant_spoke_last = message.get("role") == "assistant" and last.get("type") == "text" and bool(last.get("text"))
    return conversation.outcome(assistant_spoke_last=assistant_spoke_last)


def _messages(document: Any) -> list[Any]:
    messages = document.get("messages") if isinstance(document, dict) else document
    return as_list(messages)


def _is_stream(chunks: list[Any]) -> bool:
    kinds = [as_object(chunk).get("type") for chunk in chunks[:20]]
    return (
        bool(kinds)
        and all(isinstance(kind, str) for kind in kinds)
        and bool(STREAM.intersection(kinds))
        and not any("role" in as_object(chunk) for chunk in chunks[:20])
    )


ADAPTER = VercelUIAdapter()

"""Open WebUI's export of chats: each chat is a run.

The messages are a tree; the run is the branch that the person saw last. Calls are items of OpenAI Responses under
``output`` or, in older versions, blocks ``<details type="tool_calls">`` in the assistant's text. The export has no
approvals and no mark for failures.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces.formats.chats.branches import branch, hidden_calls
from airflow_provider_vai.traces.formats.openai.items import ResponseItems, is_items
from airflow_provider_vai.traces.formats.shared.content import proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    as_list,
    as_object,
    parse_time,
    require_object,
    require_objects,
    text_or_none,
)

BLOCK = re.compile(r'^<details type="tool_calls"([^>]*)>', re.MULTILINE)
ATTRIBUTE = re.compile(r'([a-z_]+)="([^"]*)"')
END = re.compile(r"<details\b.*?</details>", re.DOTALL)


class OpenWebUIAdapter:
    """Reads Open WebUI's export."""

    name = "open_webui"
    description = "Open WebUI export of chats (JSON): the current branch of each chat"
    coverage = Coverage(results="partly", batches="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a chat with the history of its messages."""
        history = as_object(_chat(as_object(document)).get("history"))
        return isinstance(history.get("messages"), dict) and "currentId" in history

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the chat's run.

        :raises MalformedTrace: a message or an item breaks the format.
        """
        facts = require_object(trace.document, str(trace))
        chat = _chat(facts)
        history = require_object(chat.get("history"), f"{trace}: history")
        messages = require_object(history.get("messages"), f"{trace}: history.messages")
        path = branch(history.get("currentId"), lambda key: as_object(messages[key]).get("parentId"), messages)
        conversation = Conversation(trace)
        conversation.add_system_text(text_or_none(as_object(chat.get("params")).get("system")))
        for key in path:
            _read(conversation, as_object(messages[key]), f"{trace}: history.messages.{key}")
        others = [as_object(message) for key, message in messages.items() if key not in set(path)]
        if hidden := sum(_count(message) for message in others):
            conversation.note(f"{trace}: history.messages", hidden_calls(hidden))
        last = as_object(messages[path[-1]]) if path else {}
        run = chat_run(
            trace,
            self.name,
            conversation.outcome(assistant_spoke_last=_spoke(last)),
            facts=chat,
            ids=[facts.get("id")],
            titles=[facts.get("title")],
            models=[last.get("model"), *as_list(chat.get("models"))],
            span=(parse_time(facts.get("created_at")), parse_time(facts.get("updated_at"))),
        )
        yield conversation.finish(run)


def _chat(document: dict[str, Any]) -> dict[str, Any]:
    return as_object(document.get("chat", document))


def _count(message: dict[str, Any]) -> int:
    """Return how many calls a message holds."""
    if message.get("role") != "assistant":
        return 0
    items = as_list(message.get("output"))
    if is_items(items):
        return sum(as_object(item).get("type") == "function_call" for item in items)
    return len(BLOCK.findall(text_or_none(message.get("content")) or ""))


def _spoke(message: dict[str, Any]) -> bool:
    text = message.get("content")
    return message.get("role") == "assistant" and isinstance(text, str) and bool(END.sub("", text).strip())


def _read(conversation: Conversation, message: dict[str, Any], place: str) -> None:
    role, content, output = message.get("role"), message.get("content"), message.get("output")
    if role == "user":
        conversation.start_turn(conversation.text_of(content, f"{place}.content"))
    elif role == "system":
        conversation.add_system_text(conversation.text_of(content, f"{place}.content"))
    elif role != "assistant":
        conversation.note(place, f"unknown role {role!r}")
    elif is_items(output):
        items = ResponseItems(conversation)
        conversation.start_message()
        for item, where in require_objects(output, f"{place}.output"):
            items.read(item, where)
    else:
        _read_blocks(conversation, content if isinstance(content, str) else "", f"{place}.content")


def _read_blocks(conversation: Conversation, text: str, where: str) -> None:
    """Read the calls in an assistant's text. Calls without anything between them were made together."""
    end = -1
    for block in BLOCK.finditer(text):
        if end < 0 or text[end : block.start()].rpartition("</details>")[2].strip():
            conversation.start_message()
        end = block.end()
        named = {name: html.unescape(value) for name, value in ATTRIBUTE.findall(block[1])}
        call = ToolCall(
            id=named.get("id", ""),
            tool=named.get("name") or "unknown",
            proposed_arguments=proposed_arguments(_text_in(named.get("arguments", ""))),
        )
        position = conversation.add_call(call, where)
        if named.get("done") == "true":
            value = result_value(_text_in(named.get("result", "")))
            conversation.set_result(position, ToolResult(value=value))


def _text_in(value: str) -> str:
    """Return the text that an attribute holds as a JSON string; other text unchanged."""
    if value.startswith('"') and value.endswith('"'):
        try:
            inner = json_text.loads(value, where="")
        except UnreadableTrace:
            return value
        return str(inner)
    return value


ADAPTER = OpenWebUIAdapter()

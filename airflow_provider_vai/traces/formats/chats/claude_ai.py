"""The data export of claude.ai (``conversations.json``): each conversation is a run.

Calls and their results are blocks of the assistant's message, as in Anthropic's API. If an edited message began another
branch, the run is the branch of the last message. The export has no approvals.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.anthropic.messages import CALLS, read_message
from airflow_provider_vai.traces.formats.chats.branches import branch, hidden_calls
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    PlacedObject,
    as_list,
    as_object,
    parse_time,
    require_object,
    require_objects,
    text_or_none,
)

ROLES = {"human": "user", "assistant": "assistant"}


class ClaudeAIAdapter:
    """Reads claude.ai's data export."""

    name = "claude_ai"
    description = "claude.ai data export (conversations.json): each conversation"
    coverage = Coverage(batches="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a conversation with messages of a human and the assistant."""
        messages = as_list(as_object(document).get("chat_messages"))
        return "uuid" in as_object(document) and all("sender" in as_object(message) for message in messages)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the conversation's run.

        :raises MalformedTrace: a message or a block breaks the format.
        """
        facts = require_object(trace.document, str(trace))
        every = list(require_objects(facts.get("chat_messages"), f"{trace}: chat_messages"))
        conversation, messages = Conversation(trace), _branch(facts, every)
        for message, place in messages:
            _read(conversation, message, place)
        read = {id(message) for message, _ in messages}
        if hidden := sum(_calls(message) for message, _ in every if id(message) not in read):
            conversation.note(f"{trace}: chat_messages", hidden_calls(hidden))
        last = messages[-1][0] if messages else {}
        blocks = [as_object(block).get("type") for block in as_list(last.get("content"))]
        spoke_last = last.get("sender") == "assistant" and (blocks or ["text"])[-1] == "text"
        run = chat_run(
            trace,
            self.name,
            conversation.outcome(assistant_spoke_last=spoke_last),
            facts=facts,
            ids=[facts.get("uuid")],
            titles=[facts.get("name")],
            span=(parse_time(facts.get("created_at")), parse_time(facts.get("updated_at"))),
        )
        yield conversation.finish(run)


def _branch(facts: dict[str, Any], messages: list[PlacedObject]) -> list[PlacedObject]:
    """Return the messages of the newest branch; all of them if the messages do not name the one before them."""
    by_id = {
        message.get("uuid"): (message, place) for message, place in messages if isinstance(message.get("uuid"), str)
    }
    if not messages or not all("parent_message_uuid" in message for message, _ in messages):
        return messages
    leaf = facts.get("current_leaf_message_uuid") or messages[-1][0].get("uuid")
    return [by_id[found] for found in branch(leaf, lambda key: by_id[key][0]["parent_message_uuid"], by_id)]


def _read(conversation: Conversation, message: dict[str, Any], place: str) -> None:
    content = message.get("content") or message.get("text")
    if isinstance(content, list):
        content = [_block(block) for block in content]
    role = ROLES.get(str(message.get("sender")), message.get("sender"))
    read_message(conversation, {"role": role, "content": content or ""}, place)


def _block(block: Any) -> Any:
    """Return a block as Anthropic's API has it: there, the server of a tool has another name."""
    if not isinstance(block, dict) or "integration_name" not in block:
        return block
    return {**block, "server_name": block.get("server_name", block["integration_name"])}


def _calls(message: dict[str, Any]) -> int:
    return sum(text_or_none(as_object(block).get("type")) in CALLS for block in as_list(message.get("content")))


ADAPTER = ClaudeAIAdapter()

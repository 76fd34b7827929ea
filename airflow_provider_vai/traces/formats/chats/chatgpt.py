"""ChatGPT's data export (``conversations.json``): each conversation is a run.

The messages of a conversation are a tree; the run is the branch that the person saw last. A call is an assistant's
message to a recipient other than ``all``; it has no id, so its message's id stands for it. The result is the message of
the tool that answers it. The export has no approvals, and a mark for failures only for Python code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from airflow_provider_vai.model.run import Approval, Run, ToolCall
from airflow_provider_vai.traces.formats.chats.branches import branch, hidden_calls
from airflow_provider_vai.traces.formats.shared.content import proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    as_object,
    parse_time,
    require_object,
    text_or_none,
)

DECISIONS = {"allow": "approved", "always_allow": "approved", "deny": "denied"}
"""What a user may answer when a GPT asks to confirm an action."""

IGNORED = frozenset({"thoughts", "reasoning_recap", "model_editable_context"})
"""Types of content that are neither a call nor text for a person."""


class ChatGPTAdapter:
    """Reads ChatGPT's data export."""

    name = "chatgpt"
    description = "ChatGPT data export (conversations.json): the current branch of each conversation"
    coverage = Coverage(results="partly", timing="partly", batches="no")

    def accepts(self, document: Any) -> bool:
        """Return whether the document is a conversation with its tree of messages."""
        return isinstance(as_object(document).get("mapping"), dict) and "current_node" in document

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the conversation's run.

        :raises MalformedTrace: the conversation or a message breaks the format.
        """
        facts = require_object(trace.document, str(trace))
        nodes = require_object(facts.get("mapping"), f"{trace}: mapping")
        conversation = Conversation(trace)
        path = branch(facts.get("current_node"), lambda key: as_object(nodes[key]).get("parent"), nodes)
        messages = [as_object(as_object(nodes[key]).get("message")) for key in path]
        for key, message in zip(path, messages, strict=True):
            _read(
                conversation,
                message,
                f"{trace}: mapping.{key}",
                (key, text_or_none(as_object(nodes[key]).get("parent"))),
            )
        seen = set(path)
        others = [as_object(as_object(node).get("message")) for key, node in nodes.items() if key not in seen]
        if hidden := sum(_is_call(message) for message in others):
            conversation.note(f"{trace}: mapping", hidden_calls(hidden))
        models = [as_object(message.get("metadata")).get("model_slug") for message in messages]
        last = messages[-1] if messages else {}
        run = chat_run(
            trace,
            self.name,
            conversation.outcome(assistant_spoke_last=_role(last) == "assistant" and not _is_call(last)),
            facts=facts,
            ids=[facts.get("conversation_id")],
            models=[*reversed(models), facts.get("default_model_slug")],
            span=(parse_time(facts.get("create_time")), parse_time(facts.get("update_time"))),
        )
        yield conversation.finish(run)


def _role(message: dict[str, Any]) -> Any:
    return as_object(message.get("author")).get("role")


def _is_call(message: dict[str, Any]) -> bool:
    return _role(message) == "assistant" and message.get("recipient") not in (None, "all")


def _read(conversation: Conversation, message: dict[str, Any], place: str, ids: tuple[str, str | None]) -> None:
    """Read one message.

    :param ids: the ids of the message and of the one before it.
    """
    if not message:
        return  # the root of the tree
    text = _text(conversation, as_object(message.get("content")), f"{place}.message.content")
    role = _role(message)
    is_profile = as_object(message.get("content")).get("content_type") == "user_editable_context"
    if role == "system" or (role == "user" and is_profile):
        conversation.add_system_text(text)
    elif role == "user":
        conversation.start_turn(text)
    elif _is_call(message):
        conversation.start_message()
        call = ToolCall(id=ids[0], tool=str(message["recipient"]), proposed_arguments=proposed_arguments(text))
        conversation.add_call(call.model_copy(update={"started_at": parse_time(message.get("create_time"))}), place)
    elif role == "tool" and (plugin := as_object(as_object(message.get("metadata")).get("jit_plugin_data"))):
        _decide(conversation, plugin)
    elif role == "tool":
        answered = {call.id for call in conversation.calls}
        result = _result(message, text, ids[1] if ids[1] in answered else None)
        decided = conversation.calls[-1].approval if conversation.calls else result.approval
        conversation.add_result(replace(result, approval=decided), place)
    elif role != "assistant":
        conversation.note(place, f"unknown role {role!r}")


def _decide(conversation: Conversation, plugin: dict[str, Any]) -> None:
    """Set what the user decided about the action that a GPT asked to confirm; the question itself is no result."""
    choice = as_object(plugin.get("from_client")).get("type")
    if not conversation.calls or choice not in DECISIONS:
        return
    call = conversation.calls[-1]
    if DECISIONS[choice] == "approved":
        conversation.calls[-1] = call.model_copy(update={"approval": Approval(state="approved", by="user")})
        return
    denied = Approval(state="denied", by="user")
    conversation.set_result(len(conversation.calls) - 1, ToolResult(outcome="denied", ran=False, approval=denied))


def _result(message: dict[str, Any], text: str | None, call_id: str | None) -> ToolResult:
    """Return a tool's message. Python's messages say whether the code failed."""
    tool, at = text_or_none(as_object(message.get("author")).get("name")), parse_time(message.get("create_time"))
    ended = as_object(as_object(message.get("metadata")).get("aggregate_result"))
    status = text_or_none(ended.get("status")) or ""
    if status.startswith("fail") or ended.get("in_kernel_exception"):
        return ToolResult(id=call_id, tool=tool, outcome="failed", error=text, at=at)
    return ToolResult(id=call_id, tool=tool, value=result_value(text), at=at, is_marked=status == "success")


def _text(conversation: Conversation, content: dict[str, Any], where: str) -> str | None:
    """Return the text of a message: of its parts, or under the key that its type has."""
    if text_or_none(content.get("content_type")) in IGNORED:
        return None
    parts = content.get("parts")
    if isinstance(parts, list):
        return conversation.text_of([_part(part) for part in parts], where)
    keys = ("text", "result", "user_profile", "user_instructions")
    texts = [content[key] for key in keys if isinstance(content.get(key), str)]
    if not texts and content:
        conversation.note(where, f"unknown content {content.get('content_type')!r}")
    return "\n".join(texts) or None


def _part(part: Any) -> Any:
    """Return a part of a message; pictures and recordings have a type of their own."""
    kind = as_object(part).get("content_type")
    return {"type": "file"} if isinstance(kind, str) and kind.endswith("asset_pointer") else part


ADAPTER = ChatGPTAdapter()

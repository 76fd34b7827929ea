"""Haystack's chat messages: parts ``tool_call`` and ``tool_call_result``.

The shapes are those of ``haystack.dataclasses.ChatMessage`` 3.4, and of 2.x, whose keys begin with ``_``. A result
names the call that ran and says whether it failed. The confirmation strategies leave texts: one in place of the result
of a rejected call, and one before a call whose arguments a person changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import (
    error_text,
    parse_python_repr,
    proposed_arguments,
    result_value,
    total_usage,
)
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run, listed_messages
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    as_list,
    as_object,
    optional_text,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

IGNORED = frozenset({"text", "reasoning", "image", "file"})
REJECTED = re.compile(r"Tool execution for '[^']*' was rejected by the user\.(?: With user feedback: (.*))?", re.DOTALL)
EDITED = re.compile(r"The parameters for tool '([^']*)' were updated by the user to:\n(\{.*\})", re.DOTALL)
EDIT_NOTE = "the messages hold only the arguments that the person set"


class HaystackAdapter:
    """Reads Haystack's messages."""

    name = "haystack"
    description = "Haystack chat messages (ChatMessage.to_dict): a list, or an object with messages"
    coverage = Coverage(approvals="partly", edits="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document holds messages with a part for a call or a result."""
        messages = [as_object(message) for message in listed_messages(document)[:50]]
        parts = [as_object(part) for message in messages if _get(message, "role") for part in _parts(message)]
        return any("tool_call" in part or "tool_call_result" in part for part in parts)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message or a part breaks the format.
        """
        inside = "messages" if isinstance(trace.document, dict) else ""
        messages = list(require_objects(listed_messages(trace.document), f"{trace}: {inside}"))
        conversation = Conversation(trace)
        edited: list[str] = []  # tools whose next call has arguments that a person set
        for message, place in messages:
            _read(conversation, message, place, edited)
        last = messages[-1][0] if messages else {}
        parts = [as_object(part) for part in _parts(last)]
        spoke_last = (
            _get(last, "role") == "assistant"
            and any("text" in part for part in parts)
            and not any("tool_call" in part for part in parts)
        )
        metas = [as_object(_get(message, "meta")) for message, _ in messages]
        run = chat_run(
            trace,
            self.name,
            conversation.outcome(assistant_spoke_last=spoke_last),
            models=[meta.get("model") for meta in reversed(metas)],
            usage=total_usage(
                [as_object(meta.get("usage")) for meta in metas],
                tokens=("prompt_tokens", "completion_tokens"),
                costs=[],
            ),
        )
        yield conversation.finish(run)


def _get(message: dict[str, Any], key: str) -> Any:
    return message.get(key, message.get(f"_{key}"))


def _parts(message: dict[str, Any]) -> list[Any]:
    return as_list(_get(message, "content"))


def _read(conversation: Conversation, message: dict[str, Any], place: str, edited: list[str]) -> None:
    parts = list(require_objects(_get(message, "content"), f"{place}.content"))
    texts = [part["text"] for part, _ in parts if isinstance(part.get("text"), str)]
    role = text_or_none(_get(message, "role"))
    if role == "system":
        conversation.add_system_text("\n".join(texts))
    elif role == "user":
        if edit := EDITED.match("\n".join(texts)):
            edited.append(edit[1])
        else:
            conversation.start_turn("\n".join(texts) or None)
    elif role == "assistant":
        conversation.start_message()
    for part, where in parts:
        if "tool_call" in part:
            _read_call(conversation, require_object(part["tool_call"], f"{where}.tool_call"), where, edited)
        elif "tool_call_result" in part:
            result = require_object(part["tool_call_result"], f"{where}.tool_call_result")
            conversation.add_result(_result(conversation, result, f"{where}.tool_call_result"), where)
        elif not IGNORED & part.keys():
            conversation.note(where, f"unknown part {next(iter(part), '')!r}")


def _read_call(conversation: Conversation, call: dict[str, Any], where: str, edited: list[str]) -> None:
    tool = require_text(call.get("tool_name"), f"{where}.tool_call.tool_name")
    proposal = ToolCall(
        id=optional_text(call.get("id"), f"{where}.tool_call.id") or "",
        tool=tool,
        proposed_arguments=proposed_arguments(call.get("arguments")),
    )
    if tool in edited:
        edited.remove(tool)
        approval = Approval(state="edited", by="user", note=EDIT_NOTE)
        proposal = proposal.model_copy(update={"approval": approval})
    conversation.add_call(proposal, where)


def _result(conversation: Conversation, result: dict[str, Any], where: str) -> ToolResult:
    origin = require_object(result.get("origin"), f"{where}.origin")
    call_id = optional_text(origin.get("id"), f"{where}.origin.id")
    tool, content, mark = text_or_none(origin.get("tool_name")), result.get("result"), result.get("error")
    text = error_text(content) or ""
    if mark is True and (rejected := REJECTED.fullmatch(text.strip())):
        denied = Approval(state="denied", by="user", note=rejected[1])
        return ToolResult(id=call_id, tool=tool, outcome="denied", error=text, ran=False, approval=denied)
    arguments = proposed_arguments(origin["arguments"]) if origin.get("arguments") is not None else None
    asked = [call.approval for call in conversation.calls if call.id == call_id and call.approval.state == "edited"]
    approval = asked[-1] if asked else Approval()
    if mark is True:
        return ToolResult(id=call_id, tool=tool, outcome="failed", error=text, arguments=arguments, approval=approval)
    value = parse_python_repr(result_value(content))
    return ToolResult(
        id=call_id, tool=tool, value=value, arguments=arguments, approval=approval, is_marked=mark is False
    )


ADAPTER = HaystackAdapter()

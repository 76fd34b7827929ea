"""The messages that spans carry, in whichever framework's words: turned into one plain form.

A model span's input and output are whole chats in OpenAI's, Anthropic's, Google's, LangChain's, Vercel's or the
conventions' own form, as objects, as JSON in text or flattened into attributes. One table a meaning reads them all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_vai.traces.formats.shared.content import MEDIA, TEXT, error_text, part_kind, proposed_arguments
from airflow_provider_vai.traces.formats.shared.conversation import ToolResult
from airflow_provider_vai.traces.formats.spans.span import first, read_value
from airflow_provider_vai.traces.reading.values import as_object, text_or_none

CALL_ID = ("call_id", "toolCallId", "tool_call_id", "id")
CALL_NAME = ("name", "toolName", "tool_name", "tool")
CALL_ARGUMENTS = ("arguments", "args", "input", "arguments_json")
ANSWER_ID = ("call_id", "tool_call_id", "tool_use_id", "toolCallId", "id")
ANSWER_VALUE = ("result", "response", "output", "content", "server_tool_call_response")
CALLS = frozenset(
    [
        "tool_call",
        "tool-call",
        "tool_use",
        "server_tool_use",
        "mcp_tool_use",
        "function_call",
        "server_tool_call",
        "custom_tool_call",
        "mcp_call",
        "function",
    ]
)
ANSWERS = frozenset(
    [
        "tool_call_response",
        "tool-result",
        "tool_result",
        "function_call_output",
        "custom_tool_call_output",
        "server_tool_call_response",
        "mcp_tool_result",
    ]
)
SERVER_SIDE = frozenset({"server_tool_use", "mcp_tool_use", "server_tool_call", "mcp_call"})
WRAPPED_CALLS = ("functionCall", "function_call", "tool_call")
WRAPPED_ANSWERS = ("functionResponse", "function_response")
LISTS = ("messages", "contents", "choices", "candidates", "generations", "output", "input", "items")
"""Members under which a request or a response holds its messages."""

IGNORED = MEDIA | {"reasoning", "thinking", "redacted_thinking", "blob", "uri", "compaction", "message"}
"""Parts passed over knowingly."""

ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "developer": "system", "function": "tool"}
MESSAGE = frozenset({"role", "parts", "tool_calls", "kwargs", "data"})
"""Members of which a message has one, apart from those of what holds it."""

DEEPEST = 12
SYSTEM = ("system", "instructions", "system_instruction", "systemInstruction", "systemPrompt")

_SHOWN = re.compile(r"role='(\w+)' content=(?:'(.*?)'|\"(.*?)\"|None) \w+=", re.DOTALL)
"""A message object as Python shows it: its role and its text are all that can be read safely."""


@dataclass(frozen=True)
class Asked:
    """A call as a model proposed it. ``arguments`` is ``None`` where the exporter hid them."""

    id: str
    tool: str
    arguments: dict[str, Any] | str | None
    ran_at_provider: bool = False


@dataclass
class SpanMessage:
    """One message: what it says, which calls it proposes, which results it brings, what could not be read."""

    role: str
    text: str | None = None
    calls: list[Asked] = field(default_factory=list)
    answers: list[ToolResult] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def read_chat(value: Any, role: str = "user") -> list[SpanMessage]:
    """Return the messages in a model span's input or output; none where it holds none.

    :param role: whose words plain text is.
    """
    value = read_value(value)
    if isinstance(value, str):
        if value.lstrip().startswith(('[{"', '{"')):  # an exporter cuts long attributes
            return [SpanMessage("", unread=["messages whose JSON is broken or cut off"])]
        return [SpanMessage(role, text_or_none(value))] if value.strip() not in ("", "None") else []
    return list(_messages(value, role, 0))


def read_system(value: Any) -> list[str]:
    """Return the instruction texts that stand beside the messages of a request or a response."""
    found = as_object(read_value(value))
    words = [holder.get(name) for holder in (found, as_object(found.get("config"))) for name in SYSTEM]
    return [said.text for item in words if item for said in read_chat(item, "system") if said.text]


def _messages(value: Any, role: str, depth: int) -> Iterator[SpanMessage]:
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        if any(_is_part(item) for item in value) and not any(_role(item) for item in value):
            yield _said({"content": value}, role)  # one message's parts, or a list of calls
            return
        for item in value:
            inner = read_value(item)
            yield from _messages(inner, role, depth + 1) if not isinstance(inner, str) else [_shown(inner, role)]
    elif isinstance(value, dict):
        yield from _from_object(value, role, depth)


def _shown(words: str, role: str) -> SpanMessage:
    found = _SHOWN.match(words)
    return SpanMessage(ROLES.get(found[1], found[1]), found[2] or found[3]) if found else SpanMessage(role, words)


def _from_object(value: dict[str, Any], role: str, depth: int) -> Iterator[SpanMessage]:
    if (inner := _unwrapped(value)) is not value:
        yield from _messages(inner, role, depth + 1)
    elif _role(value) or "parts" in value or "tool_calls" in value or "toolCalls" in value or _is_part(value):
        yield _said(value, role)
    elif lists := [name for name in LISTS if isinstance(read_value(value.get(name)), (list, dict))]:
        for name in lists[:1]:
            inner_role = role if name in ("messages", "contents", "input") else "assistant"
            yield from _messages(read_value(value[name]), inner_role, depth + 1)
    elif words := text_or_none(first(value, "content", "text", "prompt", "message", "output")):
        yield SpanMessage(role, words)
    elif isinstance(value.get("content"), (list, dict)):
        yield from _messages(value["content"], role, depth + 1)


def _unwrapped(value: dict[str, Any]) -> Any:
    """Return the message inside a choice, a candidate, a serialised LangChain object or a flattened one."""
    if isinstance(value.get("kwargs"), dict) and isinstance(kind := value.get("id"), list):
        name = str(kind[-1]) if kind else ""
        role = next((role for role in ("Human", "AI", "System", "Tool") if name.startswith(role)), "")
        return {"type": role.lower(), **value["kwargs"]} if role else value
    if text_or_none(value.get("type")) in ROLES and isinstance(value.get("data"), dict):
        return {"type": value["type"], **value["data"]}
    for name in ("message", "content"):
        inner = value.get(name)
        if isinstance(inner, dict) and not _role(value) and MESSAGE & inner.keys():
            return inner
    return value


def _role(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    role = text_or_none(value.get("role")) or ""
    kind = value.get("type")
    if not role and isinstance(kind, str) and kind in ("human", "ai", "system", "tool"):
        role = kind
    return ROLES.get(role, role)


def _said(value: dict[str, Any], default_role: str) -> SpanMessage:
    role = _role(value) or default_role
    content = first(value, "parts", "content", "contents")
    parts = [
        as_object(part).get("message_content", part) for part in (content if isinstance(content, list) else [content])
    ]
    said = SpanMessage(role)
    given = first(value, "tool_calls", "toolCalls") or first(as_object(value.get("additional_kwargs")), "tool_calls")
    if isinstance(given := read_value(given), list):
        typed = [{"type": "tool_call", **item} for item in given if isinstance(item, dict)]
        said.calls += [call for item in typed if (call := read_call(item))]
    elif isinstance(value.get("function_call"), dict):
        said.calls += [call for call in [read_call(value)] if call]
    if role == "tool" and not any(read_result_part(part) for part in parts):
        if not _is_definition(value):
            said.answers.append(_tool_message(value))
        return said
    if _is_part(value) and not said.calls:
        parts = [value]
    words = [found for part in parts if (found := _read_part(said, part))]
    said.text = text_or_none("\n".join(words))
    return said


def _read_part(said: SpanMessage, part: Any) -> str | None:
    """Add a part's call or result to its message, or return its text."""
    if part is None or isinstance(part, str):
        return part
    kind = part_kind(part)
    if (answer := read_result_part(part)) is not None:
        said.answers.append(answer)
    elif (call := read_call(part)) is not None:
        if call.id not in {known.id for known in said.calls if known.id}:
            said.calls.append(call)
        if call.ran_at_provider and (back := first(part, "error", "output")) is not None:
            said.answers.append(_answer(call.id, call.tool, _result(back), part.get("error") is not None))
    elif kind not in IGNORED:
        found = first(part, "text", "content") if isinstance(part, dict) else None
        if isinstance(found, str) and not ("tool" in kind or "call" in kind):
            return found
        said.unread.append(f"unknown part {kind!r}")
    return None


def read_call(part: Any) -> Asked | None:
    """Return the call in a part of a message, or ``None`` where it is none."""
    if not isinstance(part, dict):
        return None
    for name in WRAPPED_CALLS:
        if isinstance(inner := part.get(name), dict):
            found = read_call({"type": "tool_call", **inner})
            return Asked(found.id or _id(part, CALL_ID), found.tool, found.arguments) if found else None
    function = part.get("function")
    if isinstance(function, dict) and isinstance(function.get("name"), str) and "parameters" not in function:
        arguments = function.get("arguments")
        return Asked(
            _id(part, CALL_ID),
            function["name"],
            None if arguments is None else proposed_arguments(read_value(arguments)),
        )
    kind, tool = text_or_none(part.get("type")), text_or_none(first(part, *CALL_NAME))
    if tool is None or read_result_part(part) is not None:
        return None
    if kind in CALLS or "toolName" in part or (kind is None and "args" in part and "id" in part):
        arguments = first(part, *CALL_ARGUMENTS)
        hidden = arguments is None and not any(key in part for key in CALL_ARGUMENTS)
        given = None if hidden else proposed_arguments(read_value(arguments))
        return Asked(_id(part, CALL_ID), tool, given, kind in SERVER_SIDE)
    return None


def read_result_part(part: Any) -> ToolResult | None:
    """Return the result in a part of a message, or ``None`` where it is none."""
    if not isinstance(part, dict):
        return None
    for name in WRAPPED_ANSWERS:
        if isinstance(inner := part.get(name), dict):
            return read_result_part({"type": "tool_result", **inner})
    kind = part.get("type")
    if not isinstance(kind, str) or not (kind in ANSWERS or kind.endswith("_tool_result")):
        return None
    value = _result(first(part, *ANSWER_VALUE))
    failed = first(part, "is_error", "isError") is True or as_object(part.get("output")).get("type") in (
        "error-text",
        "error-json",
    )
    return _answer(_id(part, ANSWER_ID), text_or_none(first(part, *CALL_NAME)), value, failed)


def _tool_message(value: dict[str, Any]) -> ToolResult:
    """Return a message of the role tool: its whole content is the result."""
    failed = value.get("status") == "error" or value.get("error") not in (None, False, "")
    content = first(value, "artifact", "content", "parts")
    name = text_or_none(first(value, *CALL_NAME))
    return _answer(_id(value, ("tool_call_id", "toolCallId", "call_id")), name, _result(content), failed)


def _answer(id: str, tool: str | None, value: Any, failed: bool) -> ToolResult:
    if failed:
        return ToolResult(id=id, tool=tool, outcome="failed", error=error_text(value))
    return ToolResult(id=id, tool=tool, value=value)


def _result(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1 and part_kind(value[0]) in TEXT:
        value = first(value[0], "text", "content")
    if isinstance(value, dict) and "value" in value and value.keys() <= {"type", "value"}:
        value = value["value"]  # Vercel's typed output
    return read_value(value)


def _is_part(value: Any) -> bool:
    return read_call(value) is not None or read_result_part(value) is not None


def _is_definition(value: dict[str, Any]) -> bool:
    """Return whether a message of the role tool is the definition of a tool, as one tracer writes it."""
    content = as_object(read_value(value.get("content")))
    return content.get("type") == "function" and isinstance(content.get("function"), dict)


def _id(holder: dict[str, Any], names: tuple[str, ...]) -> str:
    found = first(holder, *names)
    return found.strip() if isinstance(found, str) else ""  # the specification's examples carry stray spaces

"""The messages in spans, converted from any framework's form into one.

The input and output of a model request are whole chats, in the form of OpenAI, Anthropic, Google, LangChain, Vercel or
OpenTelemetry, as objects, as JSON in text, or flattened into attributes. The tables list all names of each field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_provider_vai.traces.formats.shared.content import MEDIA, TEXT, error_text, part_kind, proposed_arguments
from airflow_provider_vai.traces.formats.shared.conversation import ToolResult
from airflow_provider_vai.traces.formats.spans.reprs import read_repr
from airflow_provider_vai.traces.formats.spans.span import first_value, read_value
from airflow_provider_vai.traces.reading.values import as_object, id_or_none, text_or_none

CALL_ID = ("call_id", "toolCallId", "tool_call_id", "toolUseId", "tool_id", "id")
CALL_NAME = ("name", "toolName", "tool_name", "tool")
CALL_ARGUMENTS = ("arguments", "args", "input", "arguments_json", "tool_kwargs")
RESULT_ID = ("call_id", "tool_call_id", "tool_use_id", "toolCallId", "toolUseId", "id")
RESULT_VALUE = ("result", "response", "output", "content", "server_tool_call_response")
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
RESULTS = frozenset(
    [
        "tool_call_response",
        "tool-result",
        "tool-return",
        "retry-prompt",
        "tool_result",
        "function_call_output",
        "custom_tool_call_output",
        "server_tool_call_response",
        "mcp_tool_result",
    ]
)
SERVER_SIDE = frozenset({"server_tool_use", "mcp_tool_use", "server_tool_call", "mcp_call"})
WRAPPED_CALLS = ("functionCall", "function_call", "tool_call", "toolUse")
WRAPPED_RESULTS = ("functionResponse", "function_response", "toolResult", "tool_call_result")
LISTS = ("messages", "contents", "choices", "candidates", "generations", "output", "input", "items")
"""The keys under which a request or a response holds its messages."""

IGNORED = MEDIA | {"reasoning", "thinking", "redacted_thinking", "blob", "uri", "compaction", "message"}
"""Parts that are skipped on purpose."""

ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "developer": "system", "function": "tool"}
MESSAGE_KEYS = frozenset({"role", "parts", "tool_calls", "kwargs", "data"})
"""Keys that a message has and an object that wraps it has not."""

AUTOGEN = {
    "SystemMessage": "system",
    "UserMessage": "user",
    "AssistantMessage": "assistant",
    "FunctionExecutionResultMessage": "tool",
}
"""The types of AutoGen's messages."""

PYDANTIC_KINDS = {"request": "user", "response": "assistant"}
"""The kinds of pydantic-ai's messages."""

DEEPEST = 12
SYSTEM = ("system", "instructions", "system_instruction", "systemInstruction", "systemPrompt")


@dataclass(frozen=True)
class ProposedCall:
    """A call as a model proposed it. ``arguments`` is ``None`` if the exporter left them out."""

    id: str
    tool: str
    arguments: dict[str, Any] | str | None
    ran_at_provider: bool = False


@dataclass
class SpanMessage:
    """One message: its role and text, the calls it proposes, the results it holds, and what could not be read."""

    role: str
    text: str | None = None
    calls: list[ProposedCall] = field(default_factory=list)
    results: list[ToolResult] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def has_generated_id(call: ProposedCall) -> bool:
    """Return whether a tracer made up a call's id, as OpenTelemetry's for Google's models does: the tool's name and the
    call's number in its message.

    :param call: the call.
    """
    return re.fullmatch(rf"{re.escape(call.tool)}_\d{{1,4}}", call.id) is not None


def read_chat(value: Any, role: str = "user") -> list[SpanMessage]:
    """Return the messages in the input or output of a model request; an empty list if it holds none.

    :param role: the role of plain text.
    """
    value = read_value(value)
    if isinstance(value, str):
        if value.lstrip().startswith(('[{"', '{"')):  # exporters cut long attributes off
            return [SpanMessage("", problems=["messages whose JSON is broken or cut off"])]
        return [SpanMessage(role, text_or_none(value))] if value.strip() not in ("", "None") else []
    return list(_messages(value, role, 0))


def read_system(value: Any) -> list[str]:
    """Return the instruction texts beside the messages of a request or a response."""
    request = as_object(read_value(value))
    values = [holder.get(name) for holder in (request, as_object(request.get("config"))) for name in SYSTEM]
    return [message.text for value in values if value for message in read_chat(value, "system") if message.text]


def _messages(value: Any, role: str, depth: int) -> Iterator[SpanMessage]:
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        if any(_is_part(item) for item in value) and not any(_role(item) for item in value):
            yield _message({"content": value}, role)  # one message's parts, or a list of calls
            return
        for item in value:
            inner = read_value(item)
            yield from _messages(inner, role, depth + 1) if not isinstance(inner, str) else [_from_repr(inner, role)]
    elif isinstance(value, dict):
        yield from _from_object(value, role, depth)


def _from_repr(text: str, role: str) -> SpanMessage:
    message = read_repr(text) or {"role": role, "content": text}
    if "tool_call_id" in message:
        return _message(message, role)
    return SpanMessage(_role(message), message["content"])


def _from_object(value: dict[str, Any], role: str, depth: int) -> Iterator[SpanMessage]:
    if (inner := _unwrapped(value)) is not value:
        yield from _messages(inner, role, depth + 1)
    elif _role(value) or "parts" in value or "tool_calls" in value or "toolCalls" in value or _is_part(value):
        yield _message(value, role)
    elif lists := [name for name in LISTS if isinstance(read_value(value.get(name)), (list, dict))]:
        for name in lists[:1]:
            inner_role = role if name in ("messages", "contents", "input") else "assistant"
            yield from _messages(read_value(value[name]), inner_role, depth + 1)
    elif text := text_or_none(first_value(value, "content", "text", "prompt", "message", "output", "task")):
        yield SpanMessage(role, text)
    elif isinstance(value.get("content"), (list, dict)):
        yield from _messages(value["content"], role, depth + 1)


def _unwrapped(value: dict[str, Any]) -> Any:
    """Return the message inside a choice, a candidate, or an object of LangChain or AutoGen."""
    if isinstance(value.get("kwargs"), dict) and isinstance(kind := value.get("id"), list):
        name = str(kind[-1]) if kind else ""
        role = next((role for role in ("Human", "AI", "System", "Tool") if name.startswith(role)), "")
        return {"type": role.lower(), **value["kwargs"]} if role else value
    if text_or_none(value.get("type")) in (*ROLES, "tool", "system") and isinstance(value.get("data"), dict):
        return {"type": value["type"], **value["data"]}
    if text_or_none(value.get("type")) in AUTOGEN and "content" in value:
        return _of_autogen(AUTOGEN[value["type"]], value["content"])
    if isinstance(results := value.get("function"), list):  # OpenInference, AutoGen: beside the message's role
        parts = [{"type": "function_call_output", **as_object(read_value(result))} for result in results]
        return {"role": "tool", "content": parts}
    for name in ("message", "content"):
        inner = value.get(name)
        if isinstance(inner, dict) and not _role(value) and MESSAGE_KEYS & inner.keys():
            raw = value.get("raw")
            selected = raw if isinstance(raw, list) and raw and all(_is_part(item) for item in raw) else None
            return {"tool_calls": selected, **inner} if selected else inner  # LlamaIndex, if the model is its own
    return value


def _of_autogen(role: str, content: Any) -> dict[str, Any]:
    results = content if role == "tool" and isinstance(content, list) else []
    parts = [{"type": "function_call_output", **result} for result in map(as_object, results)]
    return {"role": role, "content": parts or content}


def _role(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    role = text_or_none(first_value(value, "role", "_role")) or ""
    if not role and isinstance(value.get("parts"), list) and value.get("kind") in PYDANTIC_KINDS:
        return _pydantic_role(value)
    kind = value.get("type")
    if not role and isinstance(kind, str) and kind in ("human", "ai", "system", "tool"):
        role = kind
    return ROLES.get(role, role)


def _pydantic_role(value: dict[str, Any]) -> str:
    """Return the role of a message of pydantic-ai, which has a kind instead."""
    kinds = {as_object(part).get("part_kind") for part in value["parts"]}
    if value["kind"] == "response" or "user-prompt" in kinds:
        return PYDANTIC_KINDS[value["kind"]]
    return "system" if kinds == {"system-prompt"} else "tool"


def _with_type(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part with its type where others have it; pydantic-ai names it ``part_kind``."""
    return {"type": part["part_kind"], **part} if "part_kind" in part and "type" not in part else part


def _message(value: dict[str, Any], default_role: str) -> SpanMessage:
    role = _role(value) or default_role
    if role == "user" and id_or_none(value.get("tool_call_id")):  # OpenInference, Bedrock
        role = "tool"
    content = first_value(value, "parts", "content", "contents", "blocks", "_content")
    parts = [
        as_object(part).get("message_content", part) for part in (content if isinstance(content, list) else [content])
    ]
    message = SpanMessage(role)
    calls = first_value(value, "tool_calls", "toolCalls")
    calls = calls or first_value(as_object(value.get("additional_kwargs")), "tool_calls")
    if isinstance(calls := read_value(calls), list):
        typed = [{"type": "tool_call", **item} for item in calls if isinstance(item, dict)]
        message.calls += [call for item in typed if (call := read_call(item))]
    elif isinstance(value.get("function_call"), dict):
        message.calls += [call for call in [read_call(value)] if call]
    if read_result(value) is not None:
        parts = [value]
    if role == "tool" and not any(read_result(part) for part in parts):
        if not _is_definition(value):
            message.results.append(_tool_message(value))
        return message
    if _is_part(value) and not message.calls:
        parts = [value]
    texts = [text for part in parts if (text := _read_part(message, part))]
    message.text = text_or_none("\n".join(texts))
    return message


def _read_part(message: SpanMessage, part: Any) -> str | None:
    """Add a part's call or result to its message, or return the part's text."""
    if part is None or isinstance(part, str):
        return part
    part = _with_type(part) if isinstance(part, dict) else part
    kind = part_kind(part)
    if (result := read_result(part)) is not None:
        message.results.append(result)
    elif (call := read_call(part)) is not None:
        if call.id not in {other.id for other in message.calls if other.id}:
            message.calls.append(call)
        if call.ran_at_provider and (output := first_value(part, "error", "output")) is not None:
            message.results.append(
                _tool_result(call.id, call.tool, _result_value(output), part.get("error") is not None)
            )
    elif kind not in IGNORED:
        text = first_value(part, "text", "content") if isinstance(part, dict) else None
        if isinstance(text, str) and not ("tool" in kind or "call" in kind):
            return text
        message.problems.append(f"unknown part {kind!r}")
    return None


def read_call(part: Any) -> ProposedCall | None:
    """Return the call in a part of a message; ``None`` for any other part."""
    if not isinstance(part, dict):
        return None
    part = _with_type(part)
    for name in WRAPPED_CALLS:
        if isinstance(inner := part.get(name), dict):
            call = read_call({"type": "tool_call", **inner})
            return ProposedCall(call.id or _id(part, CALL_ID), call.tool, call.arguments) if call else None
    function = part.get("function")
    if isinstance(function, dict) and isinstance(function.get("name"), str) and "parameters" not in function:
        arguments = function.get("arguments")
        return ProposedCall(
            _id(part, CALL_ID),
            function["name"],
            None if arguments is None else proposed_arguments(read_value(arguments)),
        )
    kind, tool = text_or_none(part.get("type")), text_or_none(first_value(part, *CALL_NAME))
    if tool is None or read_result(part) is not None:
        return None
    is_call = kind in CALLS or "toolName" in part or "tool_kwargs" in part
    if is_call or (kind is None and "id" in part and ("args" in part or "arguments" in part)):
        arguments = first_value(part, *CALL_ARGUMENTS)
        hidden = arguments is None and not any(key in part for key in CALL_ARGUMENTS)
        proposed = None if hidden else proposed_arguments(read_value(arguments))
        return ProposedCall(_id(part, CALL_ID), tool, proposed, kind in SERVER_SIDE)
    return None


def read_result(part: Any) -> ToolResult | None:
    """Return the result in a part of a message; ``None`` for any other part."""
    if not isinstance(part, dict):
        return None
    part = _with_type(part)
    for name in WRAPPED_RESULTS:
        if isinstance(inner := part.get(name), dict):
            return read_result({**as_object(inner.get("origin")), **inner, "type": "tool_result"})
    kind = "tool_result" if {"toolUseId", "status", "content"} <= part.keys() else part.get("type")
    if not isinstance(kind, str) or not (kind in RESULTS or kind.endswith("_tool_result")):
        return None
    value = _result_value(first_value(part, *RESULT_VALUE))
    marks = (part.get("is_error"), part.get("isError"), part.get("error"))
    failed = True in marks or (kind == "tool_result" and part.get("status") == "error")
    failed = failed or as_object(part.get("output")).get("type") in ("error-text", "error-json")
    failed = failed or kind == "retry-prompt" or part.get("outcome") in ("failed", "retried", "denied")
    result = _tool_result(_id(part, RESULT_ID), text_or_none(first_value(part, *CALL_NAME)), value, failed)
    return replace(result, outcome="denied", ran=False) if part.get("outcome") == "denied" else result


def _tool_message(value: dict[str, Any]) -> ToolResult:
    """Return the result that is the whole content of a message with the role ``tool``."""
    failed = value.get("status") == "error" or value.get("error") not in (None, False, "")
    content = first_value(value, "artifact", "content", "parts")
    name = text_or_none(first_value(value, *CALL_NAME))
    return _tool_result(_id(value, ("tool_call_id", "toolCallId", "call_id")), name, _result_value(content), failed)


def _tool_result(id: str, tool: str | None, value: Any, failed: bool) -> ToolResult:
    if failed:
        return ToolResult(id=id, tool=tool, outcome="failed", error=error_text(value))
    return ToolResult(id=id, tool=tool, value=value)


def _result_value(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = _only_part(value[0])
    if isinstance(value, dict) and "value" in value and value.keys() <= {"type", "value"}:
        value = value["value"]  # Vercel's typed output
    return read_value(value)


def _only_part(part: Any) -> Any:
    """Return what the only part of a result holds: its text, or the JSON in Bedrock's form."""
    if part_kind(part) in TEXT:
        return first_value(part, "text", "content")
    is_bedrock = isinstance(part, dict) and len(part) == 1 and part.keys() <= {"text", "json"}
    return next(iter(part.values())) if is_bedrock else [part]


def _is_part(value: Any) -> bool:
    return read_call(value) is not None or read_result(value) is not None


def _is_definition(value: dict[str, Any]) -> bool:
    """Return whether a message with the role ``tool`` is a tool's definition, which one tracer writes this way."""
    content = as_object(read_value(value.get("content")))
    return content.get("type") == "function" and isinstance(content.get("function"), dict)


def _id(holder: dict[str, Any], names: tuple[str, ...]) -> str:
    return (id_or_none(first_value(holder, *names)) or "").strip()  # the specification's own examples have stray spaces

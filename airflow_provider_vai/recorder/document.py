"""Builds the trace of a recorded run in the platform's format, which the adapter ``vai`` reads.

The trace joins two sources by the calls' ids. The recorder saw each executed call at the tool itself, with its
arguments and result. pydantic-ai's messages have the model's proposals and batches, and the framework's responses, such
as denials and refused arguments.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

from airflow_provider_vai.languages import json_text

Record = dict[str, Any]

CALLS = frozenset({"tool-call", "builtin-tool-call"})
RETURNS = frozenset({"tool-return", "builtin-tool-return", "retry-prompt"})
NEVER_RAN = {"failed": "cancelled", "retried": "cancelled", "interrupted": "cancelled", "denied": "rejected"}
"""Outcome in the framework's answer to the model -> the platform's status of a call that no tool ran."""


def now() -> str:
    """Return the current time in UTC as ISO 8601 text."""
    return datetime.now(timezone.utc).isoformat()


def plain(value: Any) -> Any:
    """Return a tool's argument or result as JSON data. A text that is a JSON object or array is parsed."""
    import pydantic_core

    try:
        serialized = pydantic_core.to_json(value, fallback=str, inf_nan_mode="null", bytes_mode="base64")
    except (ValueError, RecursionError):  # the value contains itself, or text that is not valid Unicode
        return ascii(value)
    data = json.loads(serialized)
    return json_text.parsed_text(data, where="result") if isinstance(data, str) else data


def proposal(messages: Iterable[Any], call_id: str | None) -> Record | None:
    """Return the arguments that the model proposed for a call; ``None`` if no message has the call."""
    parts = [part for message in messages for part in message.parts if _is_call(part) and part.tool_call_id == call_id]
    return _arguments(parts[-1]) if parts else None


def action_runs(messages: list[Any], executed: list[Record], controls: set[str], waiting: set[str]) -> list[Record]:
    """Return every call as an action run: the calls that ran, and those that are only in the messages.

    :param messages: this run's messages, in order.
    :param executed: the calls that ran, as action runs.
    :param controls: names of the tools with which the agent returns its output. They are not calls.
    :param waiting: the ids of calls that wait for approval.
    """
    ran = {(action["id"], action["kind"]): action for action in executed}
    answers = {part.tool_call_id: part for message in messages for part in message.parts if _is_answer(part)}
    actions = []
    for number, message in enumerate(messages):
        for part in filter(_is_call, message.parts):
            if part.tool_name in controls:
                continue
            action = ran.pop((part.tool_call_id, part.tool_name), None)
            action = action or _never_ran(part, answers.get(part.tool_call_id), part.tool_call_id in waiting)
            actions.append({**action, "messageId": f"message-{number}", "createdAt": message.timestamp.isoformat()})
    return [*actions, *ran.values()]


def usage(messages: list[Any]) -> dict[str, int]:
    """Return the total token counts of the model's responses."""
    usages = [message.usage for message in messages if message.kind == "response"]
    return {name: sum(getattr(entry, name) for entry in usages) for name in ("input_tokens", "output_tokens")}


def user_prompts(messages: list[Any]) -> str:
    """Return the text of the user's prompts."""
    return "\n\n".join(text for message in messages for text in _texts(message, "user-prompt"))


def instructions(messages: list[Any]) -> str:
    """Return the model's instructions and system prompts, each once."""
    texts = [text for message in messages for text in (getattr(message, "instructions", None), *_texts(message))]
    return "\n\n".join(dict.fromkeys(filter(None, texts)))


def model(messages: list[Any]) -> str | None:
    """Return the name of the model that responded last; ``None`` if none did."""
    return next((message.model_name for message in reversed(messages) if message.kind == "response"), None)


def _never_ran(part: Any, answer: Any, is_waiting: bool) -> Record:
    """Return the action run of a call that ran outside this process or not at all.

    It was denied, refused, is waiting for approval, or the model's provider ran it.
    """
    action: Record = {"id": part.tool_call_id, "kind": part.tool_name, "definition": _arguments(part)}
    if answer is None:
        return {**action, "status": "pending" if is_waiting else "abandoned"}
    outcome = "retried" if answer.part_kind == "retry-prompt" else answer.outcome
    if outcome in NEVER_RAN:
        return {**action, "status": NEVER_RAN[outcome], "error": {"message": str(plain(answer.content))}}
    status = "completed" if part.part_kind == "builtin-tool-call" else "answered"
    return {**action, "status": status, "result": plain(answer.content)}


def _arguments(part: Any) -> Record:
    try:
        arguments = plain(part.args_as_dict())
    except (ValueError, AssertionError):  # the model's arguments are not an object
        arguments = None
    return arguments if isinstance(arguments, dict) else {"arguments": plain(part.args)}


def _is_call(part: Any) -> bool:
    return part.part_kind in CALLS


def _is_answer(part: Any) -> bool:
    return part.part_kind in RETURNS and bool(part.tool_name)


def _texts(message: Any, kind: str = "system-prompt") -> Iterator[str]:
    for part in message.parts:
        if part.part_kind == kind:
            content = [part.content] if isinstance(part.content, str) else part.content
            yield from (text for text in content if isinstance(text, str))

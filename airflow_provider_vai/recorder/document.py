"""A recorded run as a document in the platform's own format, which the adapter ``vai`` reads.

Two sources are joined by the calls' ids: what ran (each tool's executed arguments and result, seen at the tool itself)
and what the model and the framework said (pydantic-ai's messages: proposals, batches, denials, refused arguments).
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
"""The platform's status of a call that no tool ran, by what the framework told the model about it."""


def now() -> str:
    """Return the time, ISO 8601."""
    return datetime.now(timezone.utc).isoformat()


def plain(value: Any) -> Any:
    """Return a value of a tool as JSON data; text that holds a JSON object or array is parsed."""
    import pydantic_core

    try:
        written = pydantic_core.to_json(value, fallback=str, inf_nan_mode="null", bytes_mode="base64")
    except (ValueError, RecursionError):  # it contains itself, or text that is no Unicode
        return ascii(value)
    read = json.loads(written)
    return json_text.parsed_text(read, where="result") if isinstance(read, str) else read


def proposal(messages: Iterable[Any], call_id: str | None) -> Record | None:
    """Return the arguments that the model proposed for a call; ``None`` where no message has it."""
    parts = [part for message in messages for part in message.parts if _is_call(part) and part.tool_call_id == call_id]
    return _arguments(parts[-1]) if parts else None


def action_runs(messages: list[Any], executed: list[Record], controls: set[str], waiting: set[str]) -> list[Record]:
    """Return every call as an action run: those that ran, and those that only the messages tell of.

    :param messages: the run's own, in order.
    :param executed: the calls that ran, each as an action run.
    :param controls: names of the tools by which the agent gives its answer: no calls.
    :param waiting: the ids of calls that wait for a person.
    """
    ran = {(action["id"], action["kind"]): action for action in executed}
    answers = {part.tool_call_id: part for message in messages for part in message.parts if _is_answer(part)}
    found = []
    for number, message in enumerate(messages):
        for part in filter(_is_call, message.parts):
            if part.tool_name in controls:
                continue
            action = ran.pop((part.tool_call_id, part.tool_name), None)
            action = action or _never_ran(part, answers.get(part.tool_call_id), part.tool_call_id in waiting)
            found.append({**action, "messageId": f"message-{number}", "createdAt": message.timestamp.isoformat()})
    return [*found, *ran.values()]


def usage(messages: list[Any]) -> dict[str, int]:
    """Return the tokens that the model's answers cost, each counted once."""
    spent = [message.usage for message in messages if message.kind == "response"]
    return {name: sum(getattr(item, name) for item in spent) for name in ("input_tokens", "output_tokens")}


def asked(messages: list[Any]) -> str:
    """Return what the user said in these messages."""
    return "\n\n".join(text for message in messages for text in _texts(message, "user-prompt"))


def instructions(messages: list[Any]) -> str:
    """Return the instructions that the model was given, each once."""
    found = [text for message in messages for text in (getattr(message, "instructions", None), *_texts(message))]
    return "\n\n".join(dict.fromkeys(filter(None, found)))


def model(messages: list[Any]) -> str | None:
    """Return the model that answered last."""
    return next((message.model_name for message in reversed(messages) if message.kind == "response"), None)


def _never_ran(part: Any, answer: Any, is_waiting: bool) -> Record:
    """Return a call that no tool of this process ran: denied, refused, waiting, or run by the model's provider."""
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
        found = plain(part.args_as_dict())
    except (ValueError, AssertionError):  # the model wrote no object
        found = None
    return found if isinstance(found, dict) else {"arguments": plain(part.args)}


def _is_call(part: Any) -> bool:
    return part.part_kind in CALLS


def _is_answer(part: Any) -> bool:
    return part.part_kind in RETURNS and bool(part.tool_name)


def _texts(message: Any, kind: str = "system-prompt") -> Iterator[str]:
    for part in message.parts:
        if part.part_kind == kind:
            content = [part.content] if isinstance(part.content, str) else part.content
            yield from (item for item in content if isinstance(item, str))

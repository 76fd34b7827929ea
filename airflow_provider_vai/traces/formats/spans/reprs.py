"""Messages that a tracer wrote with Python's ``repr``. Only what can be read without running the text is read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

_PLAIN = re.compile(r"role='(\w+)' content=(?:'(.*?)'|\"(.*?)\"|None) \w+=", re.DOTALL)
"""A message of OpenAI's or Ollama's client, printed with ``str``."""

_CHAT_MESSAGE = re.compile(r"ChatMessage\(role=<MessageRole\.\w{1,20}: '(\w{1,20})'>, additional_kwargs=")
"""A message of LlamaIndex 0.14."""

_EXECUTION = re.compile(
    r"status='(success|failure)' result=(.{1,1000000}) error=(.{1,100000}) updated_session_state=", re.DOTALL
)
"""The result of a function of Agno 2, printed with ``str``."""

_TOOL_MESSAGE = "content="
"""The beginning of a tool message of LangChain, printed with ``str``; its other fields follow."""

_TOOL_CALL_ID = re.compile(r" tool_call_id='([^']{1,200})'")
_CALL_ID = re.compile(r"\{'(?:tool_call_id|call_id)': '([^']{1,200})'")
_TEXT = "text="
_QUOTES = "'\""


def read_repr(text: str) -> dict[str, Any] | None:
    """Return a message's role, text and, for a result, its call's id; ``None`` if the text is not a message.

    :param text: the repr.
    """
    if match := _PLAIN.match(text):
        return {"role": match[1], "content": match[2] or match[3]}
    if text.startswith(_TOOL_MESSAGE):
        return _tool_message(text)
    match = _CHAT_MESSAGE.match(text)
    if match is None:
        return None
    message: dict[str, Any] = {"role": match[1], "content": "\n".join(_texts(text[match.end() :])) or None}
    if call := _CALL_ID.match(text, match.end()):
        message["tool_call_id"] = call[1]
    return message


def read_result_repr(text: str) -> dict[str, Any] | None:
    """Return the result of a call, in the form of a tool's message; ``None`` if the text is none.

    :param text: the repr.
    """
    match = _EXECUTION.match(text)
    if match is None:
        return None
    failed = match[1] == "failure"
    try:
        content = ast.literal_eval(match[3] if failed else match[2])
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        content = match[3] if failed else match[2]
    return {"role": "tool", "tool_call_id": "", "content": content, "status": "error" if failed else "success"}


def _tool_message(text: str) -> dict[str, Any] | None:
    start = len(_TOOL_MESSAGE)
    end = _end_of_literal(text, start)
    content, call = _literal(text[start:end]), _TOOL_CALL_ID.search(text, end) if end else None
    if content is None or call is None:
        return None
    status = "error" if " status='error'" in text[end:] else "success"
    return {"role": "tool", "content": content, "tool_call_id": call[1], "status": status}


def _texts(text: str) -> Iterator[str]:
    """Yield the text of each block, in one pass."""
    at = text.find(_TEXT)
    while at >= 0:
        start = at + len(_TEXT)
        end = _end_of_literal(text, start)
        if not end:
            return
        literal = _literal(text[start:end])
        if literal is not None:
            yield literal
        at = text.find(_TEXT, end)


def _end_of_literal(text: str, start: int) -> int:
    """Return where a quoted string ends; 0 if none begins here or it has no end."""
    quote = text[start : start + 1]
    if not quote or quote not in _QUOTES:
        return 0
    at = start + 1
    while at < len(text):
        if text[at] == quote:
            return at + 1
        at += 2 if text[at] == "\\" else 1
    return 0


def _literal(text: str) -> str | None:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError):
        return None
    return value if isinstance(value, str) else None

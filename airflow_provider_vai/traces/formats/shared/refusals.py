"""What frameworks write as the result of a call that a person refused, if the call has no other mark."""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.traces.formats.shared.content import error_text
from airflow_provider_vai.traces.reading.values import parse_json

LANGCHAIN = "User rejected the tool call for `"
OPENAI_AGENTS = "Tool execution was not approved."
GOOGLE_ADK = "This tool call is rejected"
AGENT_FRAMEWORK = "Error: Tool call invocation was rejected by user."

WAITS = "This tool call requires confirmation"
"""How Google ADK's text begins for a call that waits for a person."""

AGNO = "Function call was rejected by the user"

BEGINNINGS = (LANGCHAIN, OPENAI_AGENTS, GOOGLE_ADK, AGENT_FRAMEWORK, AGNO)
"""How the texts begin. An application may set another text, which then cannot be told from a result."""


def is_refusal(result: Any) -> bool:
    """Return whether a result is a framework's text for a call that a person refused.

    :param result: JSON data: a text, an object with an ``error``, or content blocks.
    """
    return _text(result).startswith(BEGINNINGS)


def is_waiting(result: Any) -> bool:
    """Return whether a result is a framework's text for a call that waits for a person.

    :param result: JSON data: a text, an object with an ``error``, or content blocks.
    """
    return _text(result).startswith(WAITS)


def _text(result: Any) -> str:
    result = parse_json(result) if isinstance(result, str) and result.startswith("{") else result
    inner = result.get("error") if isinstance(result, dict) and len(result) == 1 else result
    return ("" if inner is None else error_text(inner)) or ""

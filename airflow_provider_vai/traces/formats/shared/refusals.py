"""What frameworks write as the result of a call that a person refused, if the call has no other mark."""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_vai.secrets.patterns import deferred
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
"""How the texts begin. An application may set another text; it counts if it is short and says nothing else."""

LONGEST = 400
"""In characters. A longer text is a result, even if it begins with a refusal."""

_PERSON = r"(?:user|human|reviewer|approver|operator|person|you)"
_CALL = r"(?:tool(?:[ -]?(?:call|use|execution|invocation|run))?|function call|call|invocation)"
_WORK = rf"(?:{_CALL}|operation|action|command|request|execution|permission|edit|patch)"
_THE = r"(?:(?:the|this|your|a) )?"
_NO = r"(?:denied|rejected|declined|refused|disapproved|not approved)"
_SAID = deferred(
    r"(?:error\s*:\s*)?(?:\[[\w ]{1,40}\]\s*)?(?:reason\s*:\s*)?(?:"
    rf"{_THE}{_PERSON} (?:has |have )?(?:{_NO}|did not approve|didn't approve|cancel+ed)"
    rf" (?:to (?:run|allow|execute|approve) )?{_THE}(?:permission for |use of )?{_THE}{_WORK}\b"
    rf"|{_THE}{_PERSON} (?:doesn't|does not|did not|didn't) want to (?:proceed with|run|allow|execute) {_THE}{_WORK}\b"
    rf"|{_THE}{_CALL} (?:was |has been |is )?{_NO}(?:[.!:]|\Z)"
    rf"|{_THE}{_WORK} (?:was |has been |is )?(?:{_NO}|cancel+ed) by {_THE}{_PERSON}\b)",
    re.IGNORECASE,
)


def is_refusal(result: Any) -> bool:
    """Return whether a result is only a text that a person refused the call, as a framework or an application says it.

    :param result: JSON data: a text, an object with an ``error``, or content blocks.
    """
    text = _text(result)
    return text.startswith(BEGINNINGS) or (len(text) <= LONGEST and _SAID.match(text.strip()) is not None)


def is_waiting(result: Any) -> bool:
    """Return whether a result is a framework's text for a call that waits for a person.

    :param result: JSON data: a text, an object with an ``error``, or content blocks.
    """
    return _text(result).startswith(WAITS)


def _text(result: Any) -> str:
    result = parse_json(result) if isinstance(result, str) and result.startswith("{") else result
    inner = result.get("error") if isinstance(result, dict) and len(result) == 1 else result
    return ("" if inner is None else error_text(inner)) or ""

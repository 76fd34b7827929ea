"""Results that say that the call failed, where the trace has no mark for that.

Tools often return an error as an ordinary result: a text that begins with ``Error:``, a traceback, ``{"error": ...}``.
Repeating such a call would repeat the failure. A result counts only if the error is all that it says: a record that has
an ``error`` among other fields is data. Fields without content say nothing. The report of a process or of a request
counts if its exit code or status says that it failed.
"""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_vai.languages import json_text
from airflow_provider_vai.secrets.patterns import deferred
from airflow_provider_vai.traces.formats.shared.content import error_text
from airflow_provider_vai.traces.reading.values import parse_json

LONGEST = 100_000
"""Characters of a text that is read as JSON to look for an error."""

_TEXT = deferred(
    r"\s*((err(or|eur|ore|o)|exception|fehler|fout|fel|błąd|ошибка|错误|錯誤|エラー|오류)\s*[:：]"  # noqa: RUF001
    r"|error (executing|calling|invoking|running)\b|an error occurred while (running|executing|calling)\b"
    r"|failed to invoke tool\b"
    r"|traceback \(most recent call last\):|(?-i:([a-z_][\w]{0,60}\.){0,6}[A-Z]\w{0,60}(Error|Exception)\s*:))",
    re.IGNORECASE,
)
_ERRORS = ("error", "errors", "error_message", "errorMessage", "exception")
_MARKS = {"isError": True, "is_error": True, "ok": False, "success": False, "status": "error"}
_COMPANIONS = frozenset(
    {
        *_ERRORS,
        *_MARKS,
        *("code", "message", "msg", "type", "detail", "details", "description", "hint", "reason", "traceback", "trace"),
        *("error_code", "errorCode", "error_type", "error_description", "statusCode", "status_code", "retry_after"),
        *("request_id", "requestId", "timestamp", "path", "name", "stack"),
    }
)
"""Keys beside an error that only describe it."""

_EXIT_CODES = ("exit_code", "exitCode", "exit_status", "returncode", "return_code", "returnCode")
_OF_PROCESS = frozenset(
    {
        *_EXIT_CODES,
        "stdout",
        "stderr",
        "output",
        "command",
        "cmd",
        "duration",
        "duration_ms",
        "pid",
        "timed_out",
        "signal",
    }
)
_STATUSES = ("status_code", "statusCode", "http_status")
_OF_REQUEST = frozenset(
    {
        *_STATUSES,
        "body",
        "text",
        "content",
        "headers",
        "url",
        "method",
        "reason",
        "ok",
        "elapsed",
        "status_text",
        "json",
    }
)
_FIRST_FAILED_STATUS = 400


def failure_text(result: Any) -> str | None:
    """Return the error that a result reports; ``None`` if it reports none.

    :param result: JSON data: a text, an object, or a list with one content block.
    """
    text = error_text(result) if isinstance(result, list) and len(result) == 1 else result
    if isinstance(text, str):
        if _TEXT.match(text):
            return text
        is_object = text.lstrip().startswith("{") and len(text) <= LONGEST
        text = parse_json(text) if is_object else None
    return _of_object(text) if isinstance(text, dict) else None


def reported_failure(result: Any) -> dict[str, Any]:
    """Return the fields of a :class:`~airflow_provider_vai.model.run.ToolCall` that a reported failure sets; empty for
    a result that reports none.
    """
    error = failure_text(result)
    return {} if error is None else {"outcome": "failed", "error": error, "failed_by_result": True}


def _is(value: Any, mark: Any) -> bool:
    """Return whether a value is a mark: 0 is not ``False``."""
    return type(value) is type(mark) and bool(value == mark)


def _of_object(value: dict[str, Any]) -> str | None:
    value = {key: part for key, part in value.items() if part is not None and part not in ("", [], {})}
    if _of_process(value) or _of_request(value):
        return json_text.canonical(value)
    if not value.keys() <= _COMPANIONS:
        return None
    errors = [value[key] for key in _ERRORS if isinstance(value.get(key), (str, dict, list)) and value[key]]
    if not errors and not any(_is(value.get(key), mark) for key, mark in _MARKS.items()):
        return None
    return errors[0] if errors and isinstance(errors[0], str) else json_text.canonical(value)


def _of_process(value: dict[str, Any]) -> bool:
    """Return whether an object is the report of a process that failed."""
    codes = [value[key] for key in _EXIT_CODES if key in value]
    return bool(codes) and value.keys() <= _OF_PROCESS and type(codes[0]) is int and codes[0] != 0


def _of_request(value: dict[str, Any]) -> bool:
    """Return whether an object is the report of an HTTP request that failed."""
    statuses = [value[key] for key in _STATUSES if key in value]
    is_report = bool(statuses) and value.keys() <= _OF_REQUEST and type(statuses[0]) is int
    return is_report and statuses[0] >= _FIRST_FAILED_STATUS

"""A result that reports a failure is one where the trace has no mark; data that only mentions errors is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_vai.traces.formats.shared.reported_failures import failure_text
from tests.unit.traces.formats.support import one_run

FAILURES: list[tuple[Any, str]] = [
    ("Error: payment amount does not add up", "Error: payment amount does not add up"),
    ("  error: x", "  error: x"),
    ("ValueError: no such table", "ValueError: no such table"),
    ("requests.exceptions.ConnectionError: refused", "requests.exceptions.ConnectionError: refused"),
    ("Traceback (most recent call last):\n  File", "Traceback (most recent call last):\n  File"),
    ("Error executing tool post: boom", "Error executing tool post: boom"),
    ("An error occurred while running the tool. Please try again.",) * 2,
    ({"error": "not found"}, "not found"),
    ({"error": {"code": 404}}, '{"error":{"code":404}}'),
    ({"isError": True, "message": "x"}, '{"isError":true,"message":"x"}'),
    ({"ok": False, "error": "channel_not_found"}, "channel_not_found"),
    ({"status": "error", "message": "x"}, '{"message":"x","status":"error"}'),
    ('{"error": "not found"}', "not found"),
    ([{"type": "text", "text": "Error: x"}], "Error: x"),
    ("Exception: no seats left", "Exception: no seats left"),
    ("Fehler: Zeitüberschreitung", "Fehler: Zeitüberschreitung"),
    ("错误：超时", "错误：超时"),  # noqa: RUF001
    ({"errors": [{"message": "nope"}], "data": None}, '{"errors":[{"message":"nope"}]}'),
    ({"error": "gone", "result": None, "rows": []}, "gone"),
    ({"success": False, "data": {}, "message": "declined"}, '{"message":"declined","success":false}'),
    ({"exit_code": 1, "stdout": "", "stderr": "no such file"}, '{"exit_code":1,"stderr":"no such file"}'),
    ({"returncode": -9, "output": "killed"}, '{"output":"killed","returncode":-9}'),
    ({"status_code": 500, "body": "boom"}, '{"body":"boom","status_code":500}'),
    ('{"statusCode": 404, "body": "", "headers": {"x": "y"}}', '{"headers":{"x":"y"},"statusCode":404}'),
]
ANSWERS: list[Any] = [
    None,
    "",
    "No error: all fine",
    "Errors: 0",
    "The text says Error: x",
    {"error": None, "rows": []},
    {"errors": [], "data": {"id": 1}},
    {"errors": [{"message": "one of two"}], "data": {"id": 1}},
    {"exit_code": 0, "stderr": "a warning"},
    {"exit_code": True, "stdout": "x"},
    {"exit_code": 1, "job_id": "j-7"},
    {"returncode": None, "output": "still running"},
    {"status_code": 201, "body": "made"},
    {"status_code": 404, "order_id": "o-1"},
    {"status_code": "500", "body": "a text"},
    "Fehlerquote: 3 %",
    "Exceptions are listed below",
    {"error": "boom", "job_id": "j-7", "state": "failed"},
    {"error": 0.03, "epoch": 4},
    {"error": ""},
    {"ok": True},
    {"status": "failed", "order_id": "o-1"},
    {"success": True, "message": "x"},
    {},
    [],
    [{"error": "x"}, {"error": "y"}],
    "{not json",
    7,
]


@pytest.mark.parametrize(("result", "expected"), FAILURES, ids=[str(it[0])[:40] for it in FAILURES])
def test_failures(result: Any, expected: str) -> None:
    assert failure_text(result) == expected


@pytest.mark.parametrize("result", ANSWERS, ids=[str(it)[:40] for it in ANSWERS])
def test_answers(result: Any) -> None:
    """An error among other fields is data: a job that failed was read successfully."""
    assert failure_text(result) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_value_is_looked_at(value: Any) -> None:
    found = failure_text(value)
    assert found is None or isinstance(found, str)


@pytest.mark.parametrize(
    ("format", "document", "outcome"),
    [
        ("anthropic_messages", {"content": "Error: x"}, "failed"),
        ("anthropic_messages", {"content": "Error: x", "is_error": False}, "success"),
        ("anthropic_messages", {"content": "fine"}, "success"),
    ],
)
def test_a_mark_in_the_trace_counts_more(format: str, document: dict[str, Any], outcome: str) -> None:
    """``is_error: false`` says that the text is an answer; the reviewer is told of it."""
    messages = [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "look", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", **document}]},
        {"role": "assistant", "content": "done"},
    ]
    (call,) = one_run(format, messages).calls
    assert (call.outcome, call.failed_by_result) == (outcome, outcome == "failed")
    assert call.result is not None


@pytest.mark.parametrize(("code", "outcome"), [(0, "success"), (1, "failed"), (None, "success")])
def test_exit_code_of_mini_swe_agent(code: int | None, outcome: str) -> None:
    """Its tool messages have the command's exit code in ``extra``."""
    extra = {} if code is None else {"extra": {"returncode": code}}
    function = {"name": "bash", "arguments": "{}"}
    messages = [
        {"role": "assistant", "content": None, "tool_calls": [{"id": "a", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "a", "content": "7 rows", **extra},
    ]
    assert one_run("openai_chat", messages).calls[0].outcome == outcome


@pytest.mark.parametrize(
    ("block", "outcome"),
    [
        ({"type": "bash_code_execution_result", "stdout": "7", "return_code": 0}, "success"),
        ({"type": "bash_code_execution_result", "stderr": "no such file", "return_code": 2}, "failed"),
        ({"type": "bash_code_execution_tool_result_error", "error_code": "unavailable"}, "failed"),
    ],
)
def test_exit_code_of_hosted_shells(block: dict[str, Any], outcome: str) -> None:
    """Anthropic's code execution returns ``return_code``."""
    use = {"type": "server_tool_use", "id": "s", "name": "bash_code_execution", "input": {"command": "wc -l a"}}
    result = {"type": "bash_code_execution_tool_result", "tool_use_id": "s", "content": block}
    messages = [{"role": "user", "content": "go"}, {"role": "assistant", "content": [use, result]}]
    assert one_run("anthropic_messages", messages).calls[0].outcome == outcome


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [
        ({"type": "exit", "exit_code": 0}, "success"),
        ({"type": "exit", "exit_code": 1}, "failed"),
        ({"type": "timeout"}, "failed"),
    ],
)
def test_outcome_of_responses_shell(ended: dict[str, Any], outcome: str) -> None:
    """Each command of a ``shell_call`` has its own outcome; one that failed makes the call a failure."""
    fine = {"stdout": "1", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}
    items = [
        {"type": "shell_call", "id": "i", "call_id": "c", "action": {"commands": ["a", "b"]}, "status": "completed"},
        {"type": "shell_call_output", "call_id": "c", "output": [fine, {"stdout": "", "stderr": "", "outcome": ended}]},
    ]
    assert one_run("openai_responses", items).calls[0].outcome == outcome


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        ({"status": "success", "report": "rain"}, "success"),
        ({"status": "error", "error_message": "no such city", "city": "x"}, "failed"),
        ({"error": "boom", "city": "x"}, "failed"),
    ],
)
def test_status_of_adk(response: dict[str, Any], outcome: str) -> None:
    """By ADK's convention, ``status`` says how a tool ended, whatever else it returned."""
    events = [
        {"author": "user", "content": {"role": "user", "parts": [{"text": "go"}]}},
        {
            "author": "bot",
            "content": {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {}, "id": "a"}}]},
        },
        {
            "author": "bot",
            "content": {
                "role": "user",
                "parts": [{"functionResponse": {"name": "look", "id": "a", "response": response}}],
            },
        },
    ]
    assert (
        one_run("google_adk", {"id": "s", "appName": "a", "userId": "u", "events": events}).calls[0].outcome == outcome
    )


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"is_error": False, "exit_code": 0}, "success"),
        ({"is_error": False, "exit_code": 1}, "failed"),
        ({"is_error": False, "metadata": {"exit_code": 2}}, "failed"),
        ({"is_error": False, "exit_code": -1}, "success"),
        ({"is_error": False, "exit_code": None, "timeout": True}, "failed"),
    ],
)
def test_exit_code_of_openhands(facts: dict[str, Any], outcome: str) -> None:
    """The terminal's exit code counts; -1 is a command that still runs."""
    content = [{"type": "text", "text": "x"}]
    events = [
        {"kind": "MessageEvent", "source": "user", "llm_message": {"role": "user", "content": content}},
        {"kind": "ActionEvent", "source": "agent", "action": {"kind": "TerminalAction", "command": "a"},
         "tool_name": "terminal", "tool_call_id": "c",
         "tool_call": {"id": "c", "name": "terminal", "arguments": "{}"}, "llm_response_id": "l"},
        {"kind": "ObservationEvent", "source": "environment", "tool_name": "terminal", "tool_call_id": "c",
         "observation": {"kind": "TerminalObservation", "content": content, **facts}},
    ]  # fmt: skip
    assert one_run("openhands", events).calls[0].outcome == outcome

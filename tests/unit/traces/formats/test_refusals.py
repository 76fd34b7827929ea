"""Texts that say that a person refused a call, in the words of any framework or application."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.traces.formats.shared.refusals import is_refusal
from tests.unit.traces.formats.support import one_run


@pytest.mark.parametrize(
    "text",
    [
        "The tool call was denied.",
        "User denied the tool call.",
        "The user denied this operation.",
        "Tool execution denied.",
        "[Operation Cancelled] Reason: User denied execution of the tool.",
        "The user has declined to run this tool. DO NOT attempt to call this tool again.",
        "The user doesn't want to proceed with this tool use. The tool use was rejected.",
        "Error: the operation was cancelled by the user",
        "Request rejected by a reviewer: too expensive",
        "The human did not approve the action",
        {"error": "Tool call rejected by user"},
    ],
)
def test_a_refusal_in_other_words(text: Any) -> None:
    """A short text that says nothing but that a person refused the call is a refusal, whatever the framework."""
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "The payment was declined.",
        "The request was rejected by the bank",
        "User declined the invitation",
        "The user cancelled the subscription in May",
        "Permission denied",
        "denied: 4, approved: 12",
        "Tool calls: 3 denied",
        "The call was declined twice, then Ana answered",
        "The tool call was denied. " * 40,
        {"status": "The tool call was denied."},
        {"error": "The tool call was denied.", "rows": 3},
    ],
)
def test_what_only_sounds_like_a_refusal(text: Any) -> None:
    """What a tool says of its own subject, and longer results, are no refusals."""
    assert not is_refusal(text)


@pytest.mark.parametrize("format", ["openai_chat"])
def test_a_refused_call_is_denied(format: str) -> None:
    """The call has no executed arguments and no result, so it can never become a step."""
    call = {"id": "c1", "type": "function", "function": {"name": "pay", "arguments": '{"amount": 5}'}}
    (read,) = one_run(
        format,
        [
            {"role": "user", "content": "pay"},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "User denied the tool call."},
            {"role": "assistant", "content": "Stopped."},
        ],
    ).calls
    assert (read.outcome, read.approval.state, read.arguments, read.result) == ("denied", "denied", None, None)

"""Anthropic Messages."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run


def test_sample_values() -> None:
    """Blocks become calls; errors are text; the MCP server is read; results are in the same message or a later one."""
    run = one_run("anthropic_messages", SAMPLES["anthropic_messages.json"])
    assert (run.model, run.system_text) == ("claude-sample", "You plan deliveries.")
    stops, road, search, save = run.calls
    assert stops.result == ["S-11", "S-12"]
    assert (road.result, road.error) == (None, "service down")
    assert search.result == [{"type": "web_search_result", "title": "Open"}]
    assert (save.server, save.result) == ("fleet", "saved")


def use(id: str, **more: Any) -> dict[str, Any]:
    """Return a tool_use block."""
    return {"type": "tool_use", "id": id, "name": "t", "input": {}, **more}


def test_text_beside_results_starts_a_turn() -> None:
    """A user message may hold results and a new request; results alone are not a turn."""
    messages = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": [use("a")]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "ok"}]},
        {"role": "assistant", "content": [use("b")]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "b"},
                {"type": "text", "text": "two"},
            ],
        },
        {"role": "assistant", "content": [use("c")]},
    ]
    run = one_run("anthropic_messages", messages)
    assert [turn.user_text for turn in run.turns] == ["one", "two"]
    assert [call.turn for call in run.calls] == [0, 0, 1]


def test_caller_is_the_parent_and_server_errors_fail() -> None:
    """A call made by code has that call as its parent; a server tool's error block is a failure."""
    block = {"type": "code_execution_tool_result_error", "error_code": "unavailable"}
    messages = [
        {
            "role": "assistant",
            "content": [
                {"type": "server_tool_use", "id": "x", "name": "code_execution", "input": {}},
                use("y", caller={"type": "code_execution", "tool_id": "x"}),
                {"type": "code_execution_tool_result", "tool_use_id": "x", "content": block},
            ],
        }
    ]
    code, inner = one_run("anthropic_messages", messages).calls
    assert inner.parent_id == "x"
    assert code.outcome == "failed"
    assert code.error is not None
    assert "unavailable" in code.error


def test_unknown_blocks_and_roles_are_noted() -> None:
    """No block is dropped silently."""
    messages = [
        {"role": "assistant", "content": [use("a"), {"type": "aroma"}]},
        {"role": "critic", "content": "meh"},
    ]
    assert one_run("anthropic_messages", messages).notes == [
        "[0].content[1]: unknown block 'aroma'",
        "[1]: unknown role 'critic'",
    ]


def test_chat_without_tool_blocks_is_not_recognised() -> None:
    """Plain role messages are left to the chat format."""
    plain = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
    assert not adapter("anthropic_messages").accepts(plain)
    assert adapter("openai_chat").accepts(plain)


def test_a_run_that_ends_with_a_call_is_unknown() -> None:
    """A conversation that ends with a call, even beside text, has not ended."""
    messages = [{"role": "assistant", "content": [use("a"), {"type": "text", "text": "let me see"}]}]
    assert one_run("anthropic_messages", messages).outcome == "unknown"


def test_bad_block_names_its_place() -> None:
    """A call without a name is malformed."""
    messages = [{"role": "assistant", "content": [{"type": "tool_use", "id": "a"}]}]
    with pytest.raises(MalformedTrace, match=r"file\.json: \[0\]\.content\[0\]\.name: expected text, found nothing"):
        one_run("anthropic_messages", messages)

"""Logs of MCP connections."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace, VaiError
from airflow_provider_vai.model.run import Run
from tests.paths import TRACES
from tests.unit.traces.formats.support import adapter, one_run, short

SAMPLE = [json.loads(line) for line in (TRACES / "mcp_log.jsonl").read_text().splitlines()]


def request(id: Any = 1, method: str = "tools/call", **params: Any) -> dict[str, Any]:
    """Return a request."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": {"name": "t", "arguments": {"x": 1}, **params}}


def result(id: Any = 1, **result: Any) -> dict[str, Any]:
    """Return a response."""
    return {"jsonrpc": "2.0", "id": id, "result": result or {"content": [{"type": "text", "text": "ok"}]}}


def run_of(*messages: Any) -> Run:
    """Read messages."""
    return one_run("mcp_log", list(messages))


def test_sample_calls_in_order() -> None:
    """Two kinds of failure, a cancelled call, and results that arrive in another order."""
    run = one_run("mcp_log", SAMPLE)
    assert [(short(call), call.arguments, call.result, call.error) for call in run.calls] == [
        (("list_files", 0, 0, "success", "unknown"), {"folder": "/in"}, {"files": ["a.csv"]}, None),
        (("free_space", 0, 0, "success", "unknown"), {}, "12 GB", None),
        (
            ("move", 0, 1, "failed", "unknown"),
            {"file": "a.csv", "to": "/gone"},
            None,
            "Error executing tool move",
        ),
        (("delete", 0, 2, "success", "unknown"), {"file": "a.csv"}, "deleted", None),
        (("shred", 0, 3, "failed", "unknown"), None, None, "Unknown tool: shred"),
        (("scan", 0, 4, "interrupted", "unknown"), {"all": True}, None, "took too long"),
    ]
    assert {call.server for call in run.calls} == {"files"}
    assert (run.agent, run.title, run.outcome, run.usage) == ("desk", "file-server", "unknown", None)
    assert run.notes == ["[12]: the server asked the user: Really?", "[13]: the user's answer to the server: accept"]
    assert all(call.started_at and call.ended_at for call in run.calls)


@pytest.mark.parametrize("form", ["bare", "batch", "text", "lines"])
def test_every_form_reads_as_the_same_calls(form: str) -> None:
    """Messages alone, in batches, or in an envelope, as objects or as text."""
    messages = [request(1), request(2), result(2), result(1)]
    documents: dict[str, Any] = {
        "bare": messages,
        "batch": [messages[:2], messages[2:]],
        "text": [{"at": 1, "payload": json.dumps(message)} for message in messages],
        "lines": [{"direction": "in", "data": message} for message in messages],
    }
    assert adapter("mcp_log").accepts(documents[form])
    run = one_run("mcp_log", documents[form])
    assert [(call.tool, call.batch, call.outcome, call.result) for call in run.calls] == [("t", 0, "success", "ok")] * 2


def test_ids_start_anew_with_each_connection() -> None:
    """Each server has its own ids, and an id may repeat after a restart."""
    one, two = {"server": "one"}, {"server": "two"}
    messages = [
        {**one, "message": request(1)},
        {**two, "message": request(1)},
        {**two, "message": result(1)},
        {**one, "message": request(0, "initialize")},
        {**one, "message": request(1)},
        {**one, "message": result(1)},
    ]
    run = run_of(*messages)
    assert [(call.id, call.server, call.outcome) for call in run.calls] == [
        ("call-1", "one", "unknown"),
        ("call-2", "two", "success"),
        ("call-3", "one", "success"),
    ]


def test_a_task_has_its_result_later() -> None:
    """A call may return a task first; the task's result is the call's."""
    task, ended = result(1, task={"taskId": "k"}), result(2, content=[])
    messages = request(1), task, request(2, "tasks/result", taskId="k"), ended
    run = run_of(*messages)
    assert [(call.outcome, call.result) for call in run.calls] == [("success", [])]
    more = run_of(request(1), result(1, inputRequests={}))
    assert (more.calls[0].outcome, len(more.notes)) == ("unknown", 1)


def test_pending_and_lost_messages() -> None:
    """A call without a response is unknown; a response without a call and a line without a message are noted."""
    run = run_of(request(1), result(9), "tea", {"jsonrpc": "1.0"})
    assert [(call.outcome, call.arguments) for call in run.calls] == [("unknown", None)]
    assert run.notes == [
        "[1]: a result for the request 9, but there is no such call",
        "[2]: not a JSON-RPC message",
        "[3]: not a JSON-RPC message",
    ]


def test_errors() -> None:
    """A protocol error about the call itself means that no tool ran; another error may come from the tool."""
    invalid = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "bad"}}
    broken = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "lost"}}
    assert run_of(request(), invalid).calls[0].arguments is None
    assert run_of(request(), broken).calls[0].arguments == {"x": 1}


def test_recognition_is_narrow() -> None:
    """Other JSON-RPC, such as that of editors, is not recognised."""
    accepts = adapter("mcp_log").accepts
    assert not accepts([request(method="textDocument/hover")])
    assert not accepts([request(method="initialize")])
    assert not accepts([{"method": "tools/call"}])
    assert not accepts(["tools/call", None, 3])


def test_broken_calls_name_their_place() -> None:
    """A call without a name is malformed, as is a document without messages."""
    with pytest.raises(MalformedTrace, match=r"file\.json: \[0\]\.params\.name: expected text"):
        run_of(request(name=3))
    with pytest.raises(VaiError, match="expected a list"):
        one_run("mcp_log", 3)

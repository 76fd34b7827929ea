"""Traces one level down, several documents in a file, and data frames: each is the same trace."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.exceptions import TraceError
from airflow_provider_vai.traces import formats as reading
from airflow_provider_vai.traces.formats import opened, read
from airflow_provider_vai.traces.reading import parquet, window
from airflow_provider_vai.traces.reading.containers import contents
from airflow_provider_vai.traces.reading.trace import Trace
from tests.paths import TRACES


def span(number: int, operation: str, **attributes: Any) -> dict[str, Any]:
    """Return a span as OpenTelemetry's console exporter prints it."""
    return {
        "name": operation,
        "context": {"trace_id": "0x1f", "span_id": f"0x{number}", "trace_state": "[]"},
        "kind": "SpanKind.INTERNAL",
        "parent_id": None if number == 1 else "0x1",
        "start_time": f"2026-02-03T10:00:0{number}.000000Z",
        "end_time": f"2026-02-03T10:00:0{number}.500000Z",
        "status": {"status_code": "UNSET"},
        "attributes": {"gen_ai.operation.name": operation, **attributes},
        "events": [],
    }


def tool_attributes(call_id: str, tool: str) -> dict[str, Any]:
    """Return the attributes of a tool's span."""
    names = {"name": tool, "call.id": call_id, "call.arguments": '{"gate": 2}', "call.result": '{"open": true}'}
    return {f"gen_ai.tool.{name}": value for name, value in names.items()}


SPANS = [
    span(1, "invoke_agent", **{"gen_ai.agent.name": "keeper"}),
    span(2, "execute_tool", **tool_attributes("l1", "look")),
    span(3, "execute_tool", **tool_attributes("l2", "open_gate")),
]
CHAT = [
    {"role": "user", "content": "go"},
    {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]},
    {"role": "tool", "tool_call_id": "c", "content": "1"},
]


def tools(path: Path) -> list[list[str]]:
    """Return the tools of each run in a file."""
    return [[call.tool for call in run.calls] for run in read(path)[1]]


def write(path: Path, text: str) -> Path:
    """Write a file."""
    path.write_text(text)
    return path


# --- several documents ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("between", ["\n", "", "\n\n \t"])
@pytest.mark.parametrize("name", ["spans.json", "spans.jsonl", "spans.log"])
@pytest.mark.parametrize("large", [False, True])
def test_documents_that_follow_one_another(
    between: str, name: str, large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the console exporter prints is read like one span a line, in a large file too."""
    if large:
        monkeypatch.setattr(reading, "LARGE", 10)
        monkeypatch.setattr(window, "CHUNK", 7)
    path = write(tmp_path / name, between.join(json.dumps(found, indent=4) for found in SPANS))
    assert tools(path) == [["look", "open_gate"]]
    with opened(path) as runs:
        assert (type(runs).__name__ == "RunIndex") == large


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{\n"a": 1}\n{"a": \n', "document 2: not JSON at line 1"),
        ('{\n"a": 1}\n{"a": tru}', "document 2: not JSON"),
        ('{\n"a": 1}\nand more', "not JSON at line 3, column 1: Extra data"),
        ('{\n"a": 1}]', "Extra data"),
    ],
)
def test_a_broken_document_is_named(text: str, words: str, tmp_path: Path) -> None:
    """The message has the number of the broken document; other text after a document is no document."""
    with pytest.raises(TraceError, match=words):
        _ = Trace(write(tmp_path / "a.json", text)).document


# --- containers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        {"items": CHAT},
        {"data": CHAT, "has_more": False, "next": None},
        {"object": "list", "results": CHAT, "links": {"self": "x"}},
        [{"direction": "in", "message": message} for message in CHAT],
        [{"ts": 1.5, "seq": 2, "payload": message} for message in CHAT],
        {"items": [{"direction": "out", "message": message} for message in CHAT]},
    ],
)
@pytest.mark.parametrize("as_lines", [False, True])
def test_containers_are_opened(document: Any, as_lines: bool, tmp_path: Path) -> None:
    """Pages and envelopes hold the trace; it keeps the digest of the file."""
    if as_lines and isinstance(document, list):
        path = write(tmp_path / "a.ndjson", "\n".join(map(json.dumps, document)))
    else:
        path = write(tmp_path / "a.json", json.dumps(document))
    trace, (run,) = read(path)
    assert [(call.tool, call.result) for call in run.calls] == [("f", "1")]
    assert run.id == trace.fallback_id
    assert read(path, "openai_chat")[1] == [run]


def test_large_containers_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large container has no runs of its own, so it is read whole."""
    monkeypatch.setattr(reading, "LARGE", 10)
    path = write(tmp_path / "a.json", json.dumps({"items": CHAT}))
    assert tools(path) == [["f"]]
    with pytest.raises(TraceError, match="no adapter recognises"):
        read(write(path, json.dumps({"items": [1]})))


@pytest.mark.parametrize(
    "document",
    [
        {"items": CHAT, "other": [1]},
        {"list": CHAT},
        [{"message": CHAT[0], "extra": {"a": 1}}],
        [{"message": CHAT[0]}, {"message": "text"}],
        {"items": "text"},
        [],
        "text",
    ],
)
def test_what_holds_something_else_is_not_opened(document: Any) -> None:
    """A container with other contents stays closed, so nothing of the trace is lost."""
    assert list(contents(document)) == []


def test_transport_of_the_claude_agent_sdk(tmp_path: Path) -> None:
    """Control messages are no lines of the session, and what the SDK sent belongs to the session of the answers."""
    use = {"type": "tool_use", "id": "u1", "name": "mcp__dock__lift", "input": {"crate": 5}}
    result = {"type": "tool_result", "tool_use_id": "u1", "content": "lifted", "is_error": False}

    def line(kind: str, session: str, content: Any) -> dict[str, Any]:
        return {"type": kind, "session_id": session, "message": {"role": kind, "content": content}}

    messages = [
        ("out", {"type": "control_request", "request_id": "r", "request": {"subtype": "initialize"}}),
        ("in", {"type": "control_response", "response": {"subtype": "success"}}),
        ("out", line("user", "default", "Lift crate 5.")),
        ("in", line("assistant", "s-1", [use])),
        ("in", line("user", "s-1", [result])),
        ("in", line("assistant", "s-1", [{"type": "text", "text": "Lifted."}])),
    ]
    lines = [json.dumps({"direction": direction, "message": message}) for direction, message in messages]
    (run,) = read(write(tmp_path / "transport.jsonl", "\n".join(lines)))[1]
    assert (run.format, run.id, [turn.user_text for turn in run.turns]) == ("claude_code", "s-1", ["Lift crate 5."])
    assert [(call.id, call.result) for call in run.calls] == [("u1", "lifted")]


# --- archives of several traces ---------------------------------------------------------------------------------------


def test_archive_of_a_folder(tmp_path: Path) -> None:
    """Every trace in it is read; a member of no known format is noted, and other files do not count."""
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("export/", "")
        made.writestr("export/conversations.json", (TRACES / "chatgpt.json").read_text())
        made.writestr("export/runs/chat.jsonl", "\n".join(map(json.dumps, CHAT)))
        made.writestr("export/user.json", '{"id": "u"}')
        made.writestr("export/chat.html", "<html>")
    with opened(path) as found:
        runs = list(found)
        assert [(run.format, len(run.calls)) for run in runs] == [("chatgpt", 2), ("openai_chat", 1)]
        assert found.matching("hive-chat") == runs[:1]
    assert (
        runs[0]
        .notes[-1]
        .startswith("(export/user.json): not read: no adapter recognises the document (an object with the keys id")
    )
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a.json", json.dumps(CHAT))
        made.writestr("a.html", "<html>")
    assert tools(path) == [["f"]]
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a.json", json.dumps(CHAT))
        made.writestr("b.json", json.dumps([*CHAT, *CHAT]))
    assert len({run.id for run in read(path)[1]}) == 2
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a.json", '{"a": 1}')
        made.writestr("b.json", '{"b": 1}')
    with pytest.raises(TraceError, match=r"export\.zip \(a\.json\): no adapter recognises"):
        read(path)


# --- Parquet ----------------------------------------------------------------------------------------------------------


def frame(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows to a Parquet file."""
    arrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(arrow.Table.from_pylist(rows), path)
    return path


def test_parquet_of_spans(tmp_path: Path) -> None:
    """A data frame of spans, with columns for attributes, is read like the spans."""
    rows = []
    for found in SPANS:
        flat = {f"attributes.{name}": value for name, value in found["attributes"].items()}
        identity = {f"context.{name}": value for name, value in found["context"].items()}
        facts = {key: found[key] for key in ("name", "parent_id", "start_time", "end_time")}
        rows.append({**facts, **identity, **flat, "score": float("nan"), "raw": b"\xff"})
    rows[0] |= dict.fromkeys(rows[1].keys() - rows[0].keys())
    path = frame(tmp_path / "spans.parquet", rows)
    assert tools(path) == [["look", "open_gate"]]
    assert Trace(path).document[0]["score"] is None
    assert "gen_ai.tool.name" not in Trace(path).document[0]["attributes"]


def test_parquet_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that stands for very many values is refused."""
    path = frame(tmp_path / "a.parquet", [{"a": "x" * 100}] * 5000)
    assert path.stat().st_size < 5000
    for name, value in (("MOST_VALUES", 100), ("LIMIT_BYTES", 10_000)):
        with monkeypatch.context() as patch:
            patch.setattr(parquet, name, value)
            with pytest.raises(TraceError, match="its rows hold more than"):
                _ = Trace(path).document


def test_parquet_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken file is refused; without the library, the message names the extra."""
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1" + b"\0" * 40)
    pytest.importorskip("pyarrow")
    with pytest.raises(TraceError, match="not a readable Parquet file"):
        read(path)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(TraceError, match=r"without pyarrow\n.*airflow-provider-vai\[parquet\]"):
        read(path)

"""Shapes that other versions of a recorder write: read in the same way, or refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.exceptions import TraceError
from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces.formats import read

OI = "openinference.span.kind"


def run_of(path: Path, document: Any) -> Run:
    """Return the one run of a document, which is written as JSON lines if the file's name says so."""
    lines = "\n".join(map(json.dumps, document)) if path.suffix == ".jsonl" else json.dumps(document)
    path.write_text(lines, encoding="utf-8")
    (run,) = read(path)[1]
    return run


def short(call: ToolCall) -> tuple[str, str, str, Any, Any]:
    """Return what matters of a call."""
    return call.id, call.tool, call.outcome, call.proposed_arguments or call.arguments, call.result


def span(number: int, name: str, parent: int | None = None, **attributes: Any) -> dict[str, Any]:
    """Return a span, with ``__`` for dots in the names of its attributes."""
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    facts = {"trace_id": "t", "span_id": f"s{number}", "parent_id": parent and f"s{parent}", "name": name}
    times = {"start_time": f"2026-03-04T05:06:{number:02}Z", "end_time": f"2026-03-04T05:06:{number:02}.5Z"}
    return {**facts, **times, "attributes": named}


def call_of(number: int, tool: str, arguments: str, name: str = "output", message: int = 0) -> dict[str, Any]:
    """Return the attributes of a message with a call, as OpenInference writes them."""
    start = f"llm__{name}_messages__{message}__message__"
    inner = f"{start}tool_calls__0__tool_call__"
    return {
        f"{start}role": "assistant",
        f"{inner}id": f"c{number}",
        f"{inner}function__name": tool,
        f"{inner}function__arguments": arguments,
    }


# --- OpenInference ----------------------------------------------------------------------------------------------------


def test_bedrock_results_are_in_user_messages(tmp_path: Path) -> None:
    """A message of the user with a call's id is the call's result, and no turn."""
    asked = {"llm__input_messages__0__message__role": "user", "llm__input_messages__0__message__content": "parken"}
    answer = {"role": "user", "tool_call_id": "c1", "content": "gebucht"}
    later = call_of(1, "book_bay", '{"bay": 7}', "input", 1)
    later |= {f"llm__input_messages__2__message__{key}": value for key, value in answer.items()}
    spans = [
        span(1, "bedrock.converse", **{OI: "LLM"}, **asked, **call_of(1, "book_bay", '{"bay": 7}')),
        span(2, "bedrock.converse", **{OI: "LLM"}, **asked, **later, llm__output_messages__0__message__content="ok"),
    ]
    run = run_of(tmp_path / "a.json", spans)
    assert list(map(short, run.calls)) == [("c1", "book_bay", "success", {"bay": 7}, "gebucht")]
    assert [turn.user_text for turn in run.turns] == ["parken"]


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("instructor.patch", {"input.value": '{"response_model": "Ticket"}', "output.value": '{"seat": 4}'}),
        ("final_answer", {"tool.name": "final_answer", "input.value": '{"response": "2"}', "output.value": "sent"}),
    ],
)
def test_spans_that_are_no_action(name: str, attributes: dict[str, Any], tmp_path: Path) -> None:
    """Instructor's call of the model and BeeAI's answer have the kind of a tool, but are no calls of one."""
    own = {"tool.name": "count", "input.value": '{"what": "eggs"}', "output.value": "2"}
    spans = [span(1, "agent", **{OI: "AGENT"}), span(2, "count", 1, **{OI: "TOOL"}, **own)]
    run = run_of(tmp_path / "a.json", [*spans, span(3, name, 1, **{OI: "TOOL"}, **attributes)])
    assert [call.tool for call in run.calls] == ["count"]


def test_ids_that_are_numbers(tmp_path: Path) -> None:
    """A result is paired with its call by a number, as by a text."""
    parts = [{"type": "tool_call", "id": number, "name": "look", "arguments": {"n": number}} for number in (1, 2)]
    own = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look"}
    messages = json.dumps([{"role": "assistant", "parts": parts}])
    spans = [
        span(1, "chat m", **{"gen_ai.operation.name": "chat", "gen_ai.output.messages": messages}),
        span(2, "execute_tool look", **own, **{"gen_ai.tool.call.id": 2, "gen_ai.tool.call.result": "two"}),
        span(3, "execute_tool look", **own, **{"gen_ai.tool.call.id": 1, "gen_ai.tool.call.result": "one"}),
    ]
    run = run_of(tmp_path / "a.json", spans)
    assert [(call.id, call.result) for call in run.calls] == [("1", "one"), ("2", "two")]


# --- rows, log records and older exports ------------------------------------------------------------------------------

CHOICE = {"role": "assistant", "tool_calls": [{"id": "l1", "function": {"name": "reserve", "arguments": {"table": 4}}}]}


def rows(**more: Any) -> list[dict[str, Any]]:
    """Return Logfire's rows of a call."""
    events = [{"event.name": "gen_ai.user.message", "content": "Tisch 4", "role": "user"}]
    attributes = {"all_messages_events": json.dumps([*events, {"event.name": "gen_ai.choice", **CHOICE}])}
    own = {"gen_ai.tool.name": "reserve", "gen_ai.tool.call.id": "l1", "tool_arguments": '{"table": 4}'}
    facts = {"trace_id": "t", "kind": "span", "otel_status_code": None, "is_exception": False}
    first = {**facts, "span_id": "1", "parent_span_id": None, "span_name": "agent run", "attributes": attributes}
    return [
        first,
        {**facts, "span_id": "2", "parent_span_id": "1", "span_name": "running tool", "attributes": own} | more,
    ]


@pytest.mark.parametrize("shape", ["list", "rows", "columns"])
@pytest.mark.parametrize("mark", [{"otel_status_code": "ERROR"}, {"is_exception": True}])
def test_a_failure_in_logfires_rows(shape: str, mark: dict[str, Any], tmp_path: Path) -> None:
    """A row marks a failure beside its attributes; the answer of the API is rows, or a table column by column."""
    found = rows(**mark, exception_type="ValueError", exception_message="voll")
    for row in found:
        row.setdefault("exception_message", None)
        row.setdefault("exception_type", None)
    names = list(found[0])
    columns = [{"name": name, "datatype": "x", "values": [row[name] for row in found]} for name in names]
    document = {"list": found, "rows": {"columns": [], "rows": found}, "columns": {"columns": columns}}[shape]
    run = run_of(tmp_path / "a.json", document)
    assert list(map(short, run.calls)) == [("l1", "reserve", "failed", {"table": 4}, None)]
    assert run.calls[0].error == "voll"


def test_columns_of_another_table(tmp_path: Path) -> None:
    """A table whose columns have not one length is no container."""
    columns = [{"name": "trace_id", "values": ["t"]}, {"name": "span_id", "values": []}]
    with pytest.raises(TraceError, match="no adapter recognises"):
        run_of(tmp_path / "a.json", {"columns": columns})


@pytest.mark.parametrize("is_otlp", [False, True])
def test_messages_in_log_records(is_otlp: bool, tmp_path: Path) -> None:
    """The events of a request are log records of its span, in OTLP's JSON or as a console exporter prints them."""
    choice = {"message": {"role": "assistant", "tool_calls": CHOICE["tool_calls"]}, "index": 0}
    bodies = [
        ("1", "gen_ai.user.message", {"content": "Tisch 4"}),
        ("1", "gen_ai.choice", choice),
        ("2", "gen_ai.user.message", {"content": "Tisch 4"}),
        ("2", "gen_ai.assistant.message", {"tool_calls": CHOICE["tool_calls"]}),
        ("2", "gen_ai.tool.message", {"id": "l1", "content": "ja"}),
        ("2", "gen_ai.choice", {"message": {"role": "assistant", "content": "reserviert"}, "index": 0}),
    ]
    records: list[dict[str, Any]] = [
        {"trace_id": "t", "span_id": id_, "timestamp": f"2026-03-04T05:06:0{n}Z", "attributes": {"event.name": name}}
        | {"body": body}
        for n, (id_, name, body) in enumerate(bodies)
    ]
    if is_otlp:
        for record, (_, name, body) in zip(records, bodies, strict=True):
            del record["attributes"]
            record |= {"eventName": name, "body": {"stringValue": json.dumps(body)}}
        document: Any = {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}
    run = run_of(tmp_path / "a.json", document if is_otlp else records)
    assert list(map(short, run.calls)) == [("l1", "reserve", "success", {"table": 4}, "ja")]
    assert ([turn.user_text for turn in run.turns], run.outcome) == (["Tisch 4"], "success")


def test_mlflow_2_numbers_equal_names(tmp_path: Path) -> None:
    """``forecast_1`` and ``forecast_2`` are two calls of the tool that the model named."""
    calls = [{"name": "forecast", "args": {"q": n}, "id": f"m{n}", "type": "tool_call"} for n in (1, 2)]
    outputs = {"generations": [[{"text": "", "message": {"content": "", "type": "ai", "tool_calls": calls}}]]}
    kinds = [("llm", "CHAT_MODEL", [], outputs, "OK"), ("forecast_1", "TOOL", {"q": 1}, None, "ERROR")]
    kinds += [("forecast_2", "TOOL", {"q": 2}, "regen", "OK")]
    spans = [
        {
            "name": name,
            "context": {"trace_id": "0x1", "span_id": f"0x{n}"},
            "parent_id": None,
            "start_time": n,
            "end_time": n + 1,
            "status_code": status,
            "attributes": {
                "mlflow.spanType": json.dumps(kind),
                "mlflow.spanInputs": json.dumps(inputs),
                "mlflow.spanOutputs": json.dumps(found),
            },
        }
        for n, (name, kind, inputs, found, status) in enumerate(kinds, 1)
    ]
    run = run_of(tmp_path / "a.json", {"info": {"request_id": "tr", "status": "OK"}, "data": {"spans": spans}})
    assert [(call.id, call.tool, call.outcome) for call in run.calls] == [
        ("m1", "forecast", "failed"),
        ("m2", "forecast", "success"),
    ]


def test_langsmith_bulk_export_has_json_in_texts(tmp_path: Path) -> None:
    """Inputs, outputs and extra are read from their text."""
    message = {"content": "hit", "tool_call_id": "z1", "type": "tool", "status": "success"}
    facts = {"trace_id": "r1", "status": "success", "error": None, "extra": '{"metadata": {"thread_id": "talk"}}'}
    runs = [
        {
            "id": "r1",
            "run_type": "chain",
            "name": "agent",
            "parent_run_id": None,
            "inputs": "{}",
            "outputs": "{}",
            **facts,
        },
        {"id": "r2", "run_type": "tool", "name": "find", "parent_run_id": "r1", **facts}
        | {"inputs": '{"q": "ä"}', "outputs": json.dumps({"output": message})},
    ]
    run = run_of(tmp_path / "a.jsonl", runs)
    assert run.id == "talk"
    assert list(map(short, run.calls)) == [("z1", "find", "success", {"q": "ä"}, "hit")]


# --- coding agents and chats ------------------------------------------------------------------------------------------


REJECTED = 'exec_command failed for `rm x`: CreateProcess { message: "Rejected(\\"rejected by user\\")" }'


@pytest.mark.parametrize(
    ("output", "outcome"),
    [
        (REJECTED, "denied"),
        ('exec_command failed for `rm x`: CreateProcess { message: "No such file" }', "failed"),
        ("apply_patch verification failed: Failed to find expected lines", "failed"),
        ("exec_command failed, says the log of the last run", "success"),
    ],
)
def test_codex_tools_that_did_not_run(output: str, outcome: str, tmp_path: Path) -> None:
    """Codex writes a refusal, and a failure before the command began, as text without an exit code."""
    items = [
        {"type": "function_call", "name": "exec_command", "arguments": '{"cmd": "rm x"}', "call_id": "c"},
        {"type": "function_call_output", "call_id": "c", "output": output},
    ]
    lines = [{"timestamp": "2026-03-04T05:06:07Z", "type": "session_meta", "payload": {"id": "0198"}}]
    lines += [{"timestamp": "2026-03-04T05:06:08Z", "type": "response_item", "payload": item} for item in items]
    assert [call.outcome for call in run_of(tmp_path / "a.jsonl", lines).calls] == [outcome]


@pytest.mark.parametrize(
    ("choice", "outcome", "state"), [("allow", "success", "approved"), ("deny", "denied", "denied")]
)
def test_an_action_of_a_gpt_that_asks(choice: str, outcome: str, state: str, tmp_path: Path) -> None:
    """The question is no result; the user's answer is the decision, and the result is the action's own."""
    plugin = "lager__jit_plugin"
    asks = {"from_server": {"type": "confirm_action", "body": {}}}
    nodes = [
        ("user", None, "all", "lager", {}),
        ("assistant", None, f"{plugin}.getStock", '{"sku": "ß"}', {}),
        ("tool", plugin, "all", "The requested operation requires user confirmation", {"jit_plugin_data": asks}),
        ("tool", plugin, "all", "Response received.", {"jit_plugin_data": {"from_client": {"type": choice}}}),
        *([("tool", f"{plugin}.getStock", "all", '{"n": 3}', {})] if choice == "allow" else []),
        ("assistant", None, "all", "fertig", {}),
    ]
    mapping = {
        str(n): {"id": str(n), "parent": str(n - 1) if n else None}
        | {
            "message": {"author": {"role": role, "name": name}, "recipient": to, "metadata": metadata}
            | {"content": {"content_type": "text", "parts": [text]}}
        }
        for n, (role, name, to, text, metadata) in enumerate(nodes)
    }
    run = run_of(
        tmp_path / "a.json", [{"conversation_id": "c", "current_node": str(len(nodes) - 1), "mapping": mapping}]
    )
    (call,) = run.calls
    assert (call.outcome, call.approval.state, call.result) == (outcome, state, {"n": 3} if choice == "allow" else None)
    assert run.notes == []


# --- refused by name --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"completion": [{"trace": {"trace": {"orchestrationTrace": {}}}}]}, "Amazon Bedrock agent"),
        ([{"agentId": "A", "trace": {"preProcessingTrace": {}}}], "Amazon Bedrock agent"),
    ],
)
def test_documents_of_other_recorders(document: Any, name: str, tmp_path: Path) -> None:
    """The refusal says what the document is."""
    with pytest.raises(TraceError, match=name):
        run_of(tmp_path / "a.json", document)


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize(
    ("tables", "name"),
    [
        ("CREATE TABLE sessions (id TEXT, working_dir TEXT)", "Goose"),
        ("CREATE TABLE ItemTable (key TEXT UNIQUE)", "Cursor or VS Code"),
        ("CREATE TABLE session (id); CREATE TABLE message (id); CREATE TABLE part (id)", "OpenCode"),
        ("CREATE TABLE t (id)", "a SQLite database, not"),
    ],
)
def test_databases(tables: str, name: str, is_large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database is refused with its owner and the export that works, however large it is."""
    from airflow_provider_vai.traces import formats

    monkeypatch.setattr(formats, "LARGE", 10 if is_large else formats.LARGE)
    path = tmp_path / "sessions.db"
    path.write_bytes(b"SQLite format 3\0" + bytes(50) + tables.encode())
    with pytest.raises(TraceError, match=name):
        read(path)

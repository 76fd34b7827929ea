"""Exports of chat applications, command-line agents and n8n: what their samples and vectors do not show."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Usage
from airflow_provider_vai.traces.formats import read
from tests.paths import TRACES
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, short, trace


def sample(name: str) -> Any:
    """Return a copy of a format's sample."""
    return copy.deepcopy(SAMPLES[f"{name}.json"])


@pytest.mark.parametrize("name", ["chatgpt", "claude_ai", "librechat", "open_webui"])
def test_calls_on_left_branches_are_no_calls_of_the_run(name: str) -> None:
    """An edited or regenerated message leaves a branch behind: its calls are counted in a note, and are no steps."""
    run = one_run(name, sample(name))
    (note,) = run.notes
    assert "1 call is on branches that the chat left" in note
    assert not any(call.id in ("old-call", "x0", "k-old", "t0") for call in run.calls)


@pytest.mark.parametrize("name", ["chatgpt", "claude_ai", "open_webui"])
def test_each_conversation_of_an_export_is_a_run(name: str, tmp_path: Any) -> None:
    """The exports are lists of conversations."""
    path = tmp_path / "conversations.json"
    path.write_text(trace([sample(name), sample(name)]).content.decode())
    found = read(path)[1]
    assert [run.format for run in found] == [name, name]
    assert found[0].calls == found[1].calls


def test_the_other_branch_is_read_if_it_is_current() -> None:
    """The current branch is what counts, not the newest message."""
    chat = sample("chatgpt")
    chat["current_node"] = "old-tool"
    assert [call.id for call in one_run("chatgpt", chat).calls] == ["old-call"]
    history = sample("open_webui")
    history["chat"]["history"]["currentId"] = "o2"
    assert [call.id for call in one_run("open_webui", history).calls] == ["t0"]


def test_a_loop_of_messages_ends() -> None:
    """Messages that name each other as parents are read once."""
    chat = sample("chatgpt")
    chat["mapping"]["ask"]["parent"] = "answer"
    assert len(one_run("chatgpt", chat).calls) == 2


def test_a_parent_that_is_no_id() -> None:
    """A message whose parent is no text begins the chat; a result after it belongs to no call."""
    chat = sample("chatgpt")
    roles = {key: (node["message"] or {}).get("author", {}).get("role") for key, node in chat["mapping"].items()}
    chat["current_node"] = next(key for key, role in roles.items() if role == "tool")
    chat["mapping"][chat["current_node"]]["parent"] = ["x"]
    run = one_run("chatgpt", chat)
    assert run.calls == []
    assert any("no such call" in note for note in run.notes)


def test_chatgpt_values() -> None:
    """Python's mark decides about failure; the code stays text; the model is that of the last answer."""
    run = one_run("chatgpt", sample("chatgpt"))
    weighed, divided = run.calls
    assert (weighed.arguments, weighed.result) == ({"hive": 4}, {"kg": 31})
    assert (divided.tool, divided.proposed_arguments, divided.error) == ("python", "31 / 0", "ZeroDivisionError")
    assert (run.id, run.title, run.model) == ("hive-chat", "Hive 4", "model-sample")


def test_claude_ai_names_the_server() -> None:
    """The integration is the MCP server; an export without parents is read from start to end."""
    document = sample("claude_ai")
    assert [call.server for call in one_run("claude_ai", document).calls] == ["orchard"] * 3
    for message in document["chat_messages"]:
        del message["parent_message_uuid"]
    assert [call.id for call in one_run("claude_ai", document).calls] == ["x0", "x1", "x2", "x3"]


def test_librechat_tree() -> None:
    """An export as a tree has the same run."""
    document = sample("librechat")
    first, *others = document["messages"]
    document["messages"] = [{**first, "children": others}]
    assert one_run("librechat", document).calls == one_run("librechat", sample("librechat")).calls


def test_a_person_who_quotes_a_block_makes_no_call() -> None:
    """Only the assistant's text holds calls; a call that is not done has no result."""
    document = sample("open_webui")
    messages = document["chat"]["history"]["messages"]
    block = '<details type="tool_calls" done="false" id="q" name="erase" arguments="&quot;{}&quot;"></details>'
    messages["o1"]["content"] += f"\n{block}"
    assert "erase" not in [call.tool for call in one_run("open_webui", document).calls]
    messages["o3"]["content"] = block
    assert short(one_run("open_webui", document).calls[0]) == ("erase", 0, 0, "unknown", "unknown")


def test_n8n_without_steps_or_data() -> None:
    """Without the agent's steps the calls are the runs of the tools; without data the message says how to get it."""
    document = sample("n8n")
    del document["data"]["resultData"]["runData"]["AI Agent"]
    run = one_run("n8n", document)
    assert [(call.id, call.tool) for call in run.calls] == [
        ("call-1", "Stock_list"),
        ("call-2", "Stock_list"),
        ("call-3", "Send_order"),
    ]
    assert all(call.started_at and call.ended_at for call in run.calls)
    document["data"] = "[{}]"
    with pytest.raises(MalformedTrace, match=r"no data of its nodes.*\n.*includeData=true"):
        one_run("n8n", document)


def test_codex_values() -> None:
    """The exit code and the event at the end of an MCP call decide; turns that were rolled back are not read."""
    run = one_run("codex", sample("codex"))
    assert [turn.user_text for turn in run.turns] == ["Tidy the samples."]
    assert (run.calls[1].result, run.calls[1].server) == ({"boxes": 5}, "lab")
    assert run.calls[3].approval.note == "exec command rejected by user"
    assert (run.usage, run.system_text) == (Usage(input_tokens=900, output_tokens=70), "You tidy the lab.")


@pytest.mark.parametrize(
    ("output", "outcome"),
    [
        ('{"output": "x", "metadata": {"exit_code": 0}}', "success"),
        ('{"output": "x", "metadata": {"exit_code": 2}}', "failed"),
        ("Chunk ID: 1\nWall time: 1 s\nProcess exited with code 3\nOutput:\n", "failed"),
        ("aborted by user after 2.1s", "interrupted"),
        ("patch rejected by user", "denied"),
        ("user cancelled MCP tool call", "denied"),
    ],
)
def test_codex_outcomes(output: str, outcome: str) -> None:
    """Each version writes the end of a command in its own way."""
    document = sample("codex")
    next(line["payload"] for line in document if line["payload"].get("output", "").startswith("Exit code: 0\nWall"))[
        "output"
    ] = output
    assert one_run("codex", document).calls[0].outcome == outcome


def test_codex_exec_values() -> None:
    """Of a changed file only the path is recorded, so its arguments are unknown; a command that runs has no result."""
    document = sample("codex_exec")
    changed = {"id": "c", "type": "file_change", "changes": [{"path": "a", "kind": "add"}], "status": "completed"}
    running = {"id": "r", "type": "command_execution", "command": "sleep 9", "status": "in_progress"}
    document += [{"type": "item.completed", "item": changed}, {"type": "item.started", "item": running}]
    run = one_run("codex_exec", document)
    assert [(call.outcome, call.arguments) for call in run.calls[-2:]] == [("success", None), ("unknown", None)]
    assert run.outcome == "unknown"
    document.append({"type": "turn.failed", "error": {"message": "no quota"}})
    assert one_run("codex_exec", document).outcome == "failed"


def test_gemini_cli_lines() -> None:
    """A newer session is lines: a message is written again when its calls end, and a rewind drops messages."""
    session = sample("gemini_cli")
    user, answer, info, last = session.pop("messages")
    begun = {**answer, "toolCalls": [{**answer["toolCalls"][0], "status": "executing", "result": None}]}
    again = {**user, "id": "g9"}
    lines = [session, user, begun, answer, info, again, {"$rewindTo": "g9"}, last, {"$set": {"summary": "Mill"}}]
    run = one_run("gemini_cli", lines)
    assert [call.outcome for call in run.calls] == ["success", "failed", "denied"]
    assert (run.title, len(run.turns), run.outcome) == ("Mill", 1, "success")


def test_gemini_cli_call_that_was_stopped() -> None:
    """A cancelled call without a reason was interrupted: nothing says that a person refused it."""
    session = sample("gemini_cli")
    session["messages"][1]["toolCalls"][2]["result"] = None
    call = one_run("gemini_cli", session).calls[2]
    assert (call.outcome, call.approval.state, call.arguments) == ("interrupted", "unknown", None)


@pytest.mark.parametrize(
    ("output", "value", "outcome"),
    [
        ({"type": "content", "value": [{"type": "text", "text": "[1]"}]}, [1], "success"),
        ({"type": "error-json", "value": {"code": 4}}, None, "failed"),
        ({"type": "json", "value": None}, None, "success"),
    ],
)
def test_vercel_outputs(output: Any, value: Any, outcome: str) -> None:
    """The kind of an output says whether the call failed."""
    document = sample("vercel_model")
    document["messages"][3]["content"][0]["output"] = output
    call = one_run("vercel_model", document).calls[0]
    assert (call.result, call.outcome) == (value, outcome)


def test_vercel_version_4() -> None:
    """Version 4 has ``args`` and ``result`` in its parts; its UI messages have calls beside the text."""
    messages = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [{"type": "tool-call", "toolCallId": "a", "toolName": "f", "args": {"x": 1}}]},
        {
            "role": "tool",
            "content": [{"type": "tool-result", "toolCallId": "a", "toolName": "f", "result": "no", "isError": True}],
        },
    ]
    (call,) = one_run("vercel_model", messages).calls
    assert (call.arguments, call.outcome, call.error) == ({"x": 1}, "failed", "no")
    invocation = {"state": "result", "toolCallId": "a", "toolName": "f", "args": {"x": 1}, "result": 2}
    shown = [{"role": "assistant", "content": "done", "toolInvocations": [invocation]}]
    mastra = [
        {
            "role": "assistant",
            "content": {"format": 2, "parts": [{"type": "tool-invocation", "toolInvocation": invocation}]},
        }
    ]
    for document in (shown, mastra):
        assert adapter("vercel_ui").accepts(document)
        assert not adapter("openai_chat").accepts(document)
        assert one_run("vercel_ui", document).calls[0].result == 2


CHAT = [{"role": "user", "content": "go"}, {"role": "assistant", "content": "done"}]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "contents": [{"type": "function_call"}]},
        {"role": "assistant", "items": [{"content_type": "function_call"}]},
        {"role": "assistant", "content": [{"tool_call": {"tool_name": "f"}}]},
        {"role": "assistant", "content": [{"type": "toolRequest", "id": "a"}]},
        {"role": "assistant", "content": [{"type": "function_call", "name": "f"}]},
        {"role": "assistant", "content": {"parts": []}},
        {"role": "assistant", "blocks": [], "additional_kwargs": {"tool_calls": []}},
        {"role": "assistant", "content": "Thought: look\nAction: f\nAction Input: {}"},
        {"role": "assistant", "content": [{"type": "text", "text": "<execute_command>ls</execute_command>"}]},
    ],
)
def test_openai_chat_claims_only_what_it_understands(message: Any) -> None:
    """A chat with calls in the way of another format is not read as one without calls."""
    assert adapter("openai_chat").accepts(CHAT)
    assert not adapter("openai_chat").accepts([*CHAT, message])


def test_several_results_in_one_message() -> None:
    """AG2 collects the results of a message's calls in one message."""
    calls = [{"id": name, "function": {"name": "f", "arguments": "{}"}} for name in "ab"]
    answers = [{"tool_call_id": name, "role": "tool", "content": f"[{number}]"} for number, name in enumerate("ab")]
    messages = [
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "content": "[0]\n[1]", "tool_responses": answers},
    ]
    assert [call.result for call in one_run("openai_chat", messages).calls] == [[0], [1]]


def test_samples_of_lines_are_read_as_lines(tmp_path: Any) -> None:
    """Sessions of Codex are JSONL files."""
    for name in ("codex", "codex_exec"):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("\n".join(trace(line).content.decode() for line in sample(name)))
        assert read(path)[1][0].calls == read(TRACES / f"{name}.json")[1][0].calls


def n8n_workflow(**parameters: Any) -> dict[str, Any]:
    """Return an execution of a workflow with a trigger, a list of rooms, an HTTP request and a node in between."""

    def ran(at: int, *items: dict[str, Any], before: str = "", **more: Any) -> list[dict[str, Any]]:
        source = [{"previousNode": before}] if before else []
        data = {"main": [[{"json": item} for item in items]]}
        return [{"startTime": 1773036000000 + at, "executionTime": 5, "source": source, "data": data, **more}]

    kinds = {"Start": "scheduleTrigger", "Rooms": "postgres", "Pick": "filter", "Close door": "httpRequest"}
    nodes = [{"name": name, "type": f"n8n-nodes-base.{kind}", "parameters": {}} for name, kind in kinds.items()]
    nodes[1]["parameters"] = {"operation": "executeQuery", "query": "select room"}
    nodes[3]["parameters"] = parameters
    run_data = {
        "Close door": ran(3, {"closed": True}, before="Pick"),
        "Start": ran(0, {}),
        "Rooms": ran(1, {"room": 1}, {"room": 2}, before="Start"),
        "Pick": ran(2, {"room": 2}, before="Rooms"),
    }
    facts = {"id": "7", "workflowId": "w", "mode": "trigger", "startedAt": "2026-03-09T06:00:00Z", "status": "success"}
    return {**facts, "workflowData": {"name": "Doors", "nodes": nodes}, "data": {"resultData": {"runData": run_data}}}


def test_n8n_plain_nodes_are_calls_in_the_order_of_their_start() -> None:
    """Nodes that act are calls with their parameters and items; triggers and filters are none."""
    run = one_run("n8n", n8n_workflow(method="POST", url="https://door.example/2"))
    assert [(call.tool, call.arguments, call.result, call.outcome) for call in run.calls] == [
        ("Rooms", {"operation": "executeQuery", "query": "select room"}, [{"room": 1}, {"room": 2}], "success"),
        ("Close_door", {"method": "POST", "url": "https://door.example/2"}, {"closed": True}, "success"),
    ]


def test_n8n_plain_nodes_whose_values_are_not_recorded() -> None:
    """An expression's value is not in the execution, and a node with several items acted several times."""
    run = one_run("n8n", n8n_workflow(url="=https://door.example/{{ $json.room }}", body={"a": ["=b"]}))
    assert run.calls[1].arguments == (
        "parameters with expressions, whose values the execution does not hold: url, body"
    )
    document = n8n_workflow(url="https://door.example")
    document["data"]["resultData"]["runData"]["Close door"][0]["source"] = [{"previousNode": "Rooms"}]
    assert one_run("n8n", document).calls[1].arguments == "the node acted once for each of 2 items"


def test_n8n_pinned_nodes_did_not_run() -> None:
    """The editor can pin the data of a node: then its result is made up."""
    document = n8n_workflow(url="https://door.example")
    document["data"]["resultData"]["pinData"] = {"Rooms": [{"json": {"room": 9}}]}
    run = one_run("n8n", document)
    assert [call.tool for call in run.calls] == ["Close_door"]
    assert run.notes == ["data.resultData.runData.Rooms[0]: the node 'Rooms' did not run: its data was pinned"]


def test_n8n_numbers_of_any_size_are_an_order() -> None:
    """A time that no clock has is no time, and no traceback."""
    document = n8n_workflow(url="https://door.example")
    document["data"]["resultData"]["runData"]["Rooms"][0]["startTime"] = 10**400
    run = one_run("n8n", document)
    assert [(call.tool, call.started_at is None) for call in run.calls] == [("Close_door", False), ("Rooms", True)]

"""Claude Code sessions and the Agent SDK's message stream."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run, ToolCall, Usage
from airflow_provider_vai.traces.formats import read
from tests.paths import TRACES
from tests.recordings import listed, recording
from tests.unit.traces.formats.support import adapter, one_run, runs, short

SAMPLE = [json.loads(line) for line in (TRACES / "claude_code.jsonl").read_text().splitlines()]
REFUSED = "The user doesn't want to proceed with this tool use. The tool use was rejected."


def call_line(id: str | None, message: str = "m", uuid: str | None = None, **more: Any) -> dict[str, Any]:
    """Return an assistant line with one call."""
    block = {"type": "tool_use", "id": id, "name": "T", "input": {"x": 1}}
    line = {"type": "assistant", "sessionId": "s", "message": {"id": message, "content": [block]}}
    return {**line, **({"uuid": uuid} if uuid else {}), **more}


def result(id: str | None, content: Any = "text", **more: Any) -> dict[str, Any]:
    """Return a user line with one result."""
    block = {"type": "tool_result", "tool_use_id": id, "content": content}
    block |= {"is_error": more.pop("is_error")} if "is_error" in more else {}
    return {"type": "user", "sessionId": "s", "message": {"content": [block]}, **more}


def user_line(content: Any, **more: Any) -> dict[str, Any]:
    """Return a user line with text."""
    return {"type": "user", "sessionId": "s", "message": {"role": "user", "content": content}, **more}


def run_of(*lines: dict[str, Any]) -> Run:
    """Read lines that are one session."""
    return one_run("claude_code", list(lines))


def call_of(*lines: dict[str, Any]) -> ToolCall:
    """Read lines with one call."""
    (call,) = run_of(*lines).calls
    return call


def test_sample_calls_in_order() -> None:
    """Parallel calls share a batch, an abandoned branch has no calls, and sub-agents' calls have a parent."""
    run = one_run("claude_code", SAMPLE)
    assert [(call.id, *short(call), call.parent_id, call.actor) for call in run.calls] == [
        ("t1", "Read", 0, 0, "success", "unknown", None, "agent"),
        ("t2", "mcp__shop__stock", 0, 0, "success", "unknown", None, "agent"),
        ("t4", "Write", 0, 1, "denied", "denied", None, "agent"),
        ("t5", "Bash", 0, 2, "failed", "unknown", None, "agent"),
        ("t6", "Task", 0, 3, "success", "unknown", None, "agent"),
        ("t7", "Bash", 0, 4, "success", "unknown", "t6", "agent"),
        ("call-1", "Bash", 0, 5, "unknown", "unknown", None, "user"),
        ("t8", "Bash", 1, 6, "interrupted", "unknown", None, "agent"),
    ]
    assert run.notes == ["[6]: a rewind abandoned this branch: its 1 call ran but does not count"]
    assert [turn.user_text for turn in run.turns] == ["Tidy the price list", "Now stop early", "Say done"]


def test_sample_values() -> None:
    """The richer result is preferred, a denial has a reason but no executed arguments, usage counts once a message."""
    run = one_run("claude_code", SAMPLE)
    calls = {call.id: call for call in run.calls}
    assert calls["t1"].result["file"]["content"] == "sku,price"
    assert (calls["t2"].result, calls["t2"].server) == ({"left": 3}, "shop")
    assert (calls["t4"].arguments, calls["t4"].result, calls["t4"].approval.note) == (None, None, "use a copy")
    assert calls["t4"].approval.by == "user"
    assert (calls["t5"].arguments, calls["t5"].error) == (
        {"command": "cat /data/none"},
        "Exit code 1\ncat: /data/none: No such file",
    )
    assert calls["call-1"].result == "prices.csv"
    assert (run.id, run.title, run.model, run.outcome) == ("5f0c-session", "Price list", "model-sample", "success")
    assert run.usage == Usage(input_tokens=800, output_tokens=40)
    assert run.started_at is not None
    assert calls["t8"].started_at is not None
    assert calls["t8"].ended_at is not None


def test_parallel_results_may_come_between_the_calls() -> None:
    """A tool may run while its message still streams in; the calls are one batch."""
    calls = run_of(call_line("a"), result("a"), call_line("b"), result("b"), call_line("c", "n")).calls
    assert [(call.id, call.batch, call.outcome) for call in calls] == [
        ("a", 0, "success"),
        ("b", 0, "success"),
        ("c", 1, "unknown"),
    ]


def test_a_message_repeated_by_a_stream_counts_once() -> None:
    """Each line of one message may hold all of its blocks."""
    assert call_of(call_line("a"), call_line("a"), result("a")).outcome == "success"


@pytest.mark.parametrize(
    ("line", "outcome", "approval", "has_arguments"),
    [
        (result("a", REFUSED, is_error=True), "denied", "denied", False),
        (result("a", "no", is_error=True, toolUseResult="User rejected tool use"), "denied", "denied", False),
        (result("a", "Permission to use T has been denied.", is_error=True), "denied", "denied", False),
        (result("a", "Hook PreToolUse:T denied this tool", is_error=True), "denied", "denied", False),
        (
            result("a", "The user doesn't want to take this action right now.", is_error=True),
            "interrupted",
            "unknown",
            0,
        ),
        (result("a", "<tool_use_error>InputValidationError: x", is_error=True), "failed", "unknown", False),
        (result("a", "<tool_use_error>File has not been read", is_error=True), "failed", "unknown", True),
        (result("a", [{"type": "text", "text": "Exit code 2"}], is_error=True), "failed", "unknown", True),
        (result("a", REFUSED), "success", "unknown", True),
        (result("a", None), "success", "unknown", True),
        (result("a", "", toolUseResult={"interrupted": True}), "interrupted", "unknown", True),
        (user_line("hello"), "unknown", "unknown", False),
    ],
)
def test_outcomes(line: dict[str, Any], outcome: str, approval: str, has_arguments: bool) -> None:
    """A denial is recognised by the program's own text in an error, never by a tool's output."""
    call = call_of(call_line("a"), line)
    assert (call.outcome, call.approval.state) == (outcome, approval)
    assert (call.arguments is not None) == has_arguments


def test_broken_links_lose_nothing() -> None:
    """If a parent is missing, the line before it is used, and a note says so; compaction is followed."""
    lines = [
        user_line("one", uuid="1"),
        call_line("a", uuid="2", parentUuid="1"),
        result("a", uuid="3", parentUuid="missing"),
        {"type": "system", "subtype": "compact_boundary", "uuid": "4", "parentUuid": None, "logicalParentUuid": "3"},
        user_line("summary of all", uuid="5", parentUuid="4", isCompactSummary=True),
        call_line("b", "n", uuid="6", parentUuid="5"),
    ]
    run = run_of(*lines)
    assert [call.id for call in run.calls] == ["a", "b"]
    assert [turn.user_text for turn in run.turns] == ["one"]
    assert run.notes == ["[2]: its parent is not in the file; the line before it is used instead"]


def test_a_compacted_start_is_noted() -> None:
    """A file that starts with a summary does not hold the calls that were summarised."""
    run = run_of(user_line("summary", isCompactSummary=True), call_line("a"))
    assert run.notes == [
        "[0].message.content: the session begins with a summary: the summarised calls are not in the file"
    ]


def test_circular_links_end() -> None:
    """Lines that point at each other are read once."""
    run = run_of(call_line("a", uuid="1", parentUuid="2"), result("a", uuid="2", parentUuid="1"))
    assert [call.outcome for call in run.calls] == ["success"]


def test_repeated_and_missing_ids() -> None:
    """A repeated id is made unique, and results without ids are paired by order."""
    lines = [
        call_line("a"),
        result("a"),
        call_line("a", "n"),
        result("a", "two"),
        call_line(None, "o"),
        result(None, "three"),
    ]
    run = run_of(*lines)
    assert [(call.id, call.result) for call in run.calls] == [("a", "text"), ("a#2", "two"), ("call-1", "three")]


def test_sub_agents_of_every_shape() -> None:
    """They are found by the call's id, by the agent's id in the result, or by the prompt; others are noted."""
    task = call_line("p")
    task["message"]["content"][0]["input"] = {"prompt": "count"}
    stream = run_of(task, call_line("c", "n", parent_tool_use_id="p"), result("c", parent_tool_use_id="p"), result("p"))
    assert [(call.id, call.parent_id, call.outcome) for call in stream.calls] == [
        ("p", None, "success"),
        ("c", "p", "success"),
    ]
    older = run_of(
        task,
        user_line("count", uuid="1", isSidechain=True),
        call_line("c", "n", "2", parentUuid="1", isSidechain=True),
    )
    assert [(call.id, call.parent_id) for call in older.calls] == [("p", None), ("c", "p")]
    report = {"type": "progress", "sessionId": "s", "parentToolUseID": "p"}
    inner = run_of(task, {**report, "data": {"type": "agent_progress", "message": call_line("c", "n")}})
    assert [(call.id, call.parent_id) for call in inner.calls] == [("p", None), ("c", "p")]
    lost = run_of(task, call_line("c", "n", isSidechain=True, agentId="x"))
    assert lost.calls[1].parent_id is None
    assert lost.notes == ["[1].message.content[0]: the call that started the sub-agent 'x' is not known"]


def test_a_sub_agents_own_file() -> None:
    """In its own file a sub-agent is the main conversation."""
    lines = [user_line("count", isSidechain=True, agentId="x"), call_line("c", isSidechain=True, agentId="x")]
    run = run_of(*lines)
    assert (run.id, run.source, run.agent, len(run.calls)) == ("s/x", "agent_run", "x", 1)
    assert run.turns[0].user_text == "count"


def test_an_abandoned_branch_has_its_sub_agents_removed() -> None:
    """The calls of a sub-agent that an abandoned branch started do not count either."""
    lines = [
        user_line("one", uuid="1"),
        call_line("p", uuid="2", parentUuid="1"),
        call_line("c", "n", uuid="3", isSidechain=True, parent_tool_use_id="p"),
        call_line("b", "o", uuid="4", parentUuid="1"),
    ]
    assert [call.id for call in run_of(*lines).calls] == ["b"]


def test_the_end_of_a_stream_has_denials_and_cost() -> None:
    """The Agent SDK lists denied calls at the end, whatever their result text was."""
    end = {"type": "result", "subtype": "success", "session_id": "s", "total_cost_usd": 0.5}
    end["permission_denials"] = [{"tool_name": "T", "tool_use_id": "a", "tool_input": {}}]
    run = run_of(call_line("a"), result("a", "not on a Sunday", is_error=True), end)
    (call,) = run.calls
    assert (call.outcome, call.approval.state, call.approval.note, call.arguments) == (
        "denied",
        "denied",
        "not on a Sunday",
        None,
    )
    assert (run.outcome, run.usage) == ("success", Usage(cost_usd=0.5))
    assert run_of(call_line("a"), {**end, "subtype": "error_max_turns"}).outcome == "failed"


def test_sessions_of_one_file() -> None:
    """Two sessions are two runs; a session that continues from a line of another is one run with it."""
    other = {"sessionId": "s2"}
    assert [run.id for run in runs("claude_code", [call_line("a"), {**call_line("b"), **other}])] == [
        "s",
        "s2",
    ]
    resumed = runs("claude_code", [call_line("a", uuid="1"), {**call_line("b", "n", "2", parentUuid="1"), **other}])
    assert [[call.id for call in run.calls] for run in resumed] == [["a", "b"]]
    assert adapter("claude_code").line_key(other) == "s2"  # type: ignore[attr-defined]
    assert adapter("claude_code").line_key([]) is None  # type: ignore[attr-defined]


def test_unknown_parts_are_noted() -> None:
    """An unknown block, and an unknown line that may hold a message, are noted with their place."""
    lines = [
        call_line("a"),
        {"type": "tool_burst", "sessionId": "s"},
        user_line([{"type": "tea"}]),
        {"type": "mode"},
    ]
    assert run_of(*lines).notes == [
        "[1]: unknown kind of line 'tool_burst'",
        "[2].message.content[0]: unknown block 'tea'",
    ]


def test_user_text() -> None:
    """Lines that the program wrote start no turn; a command that was queued while the agent worked does."""
    queued = {"type": "attachment", "sessionId": "s", "attachment": {"type": "queued_command", "prompt": "also b"}}
    lines = [
        user_line("a"),
        user_line("<local-command-stdout>x"),
        user_line("note", isMeta=True),
        queued,
        user_line("[Request interrupted by user]"),
    ]
    assert [turn.user_text for turn in run_of(*lines).turns] == ["a", "also b"]


def test_broken_lines_name_their_place() -> None:
    """A call without a name is malformed."""
    line = call_line("a")
    del line["message"]["content"][0]["name"]
    with pytest.raises(MalformedTrace, match=r"file\.json: \[0\]\.message\.content\[0\]\.name: expected text"):
        run_of(line)


@pytest.mark.parametrize("name", ["representative_messages.jsonl", "sample_session.json"])
def test_recordings(name: str) -> None:
    """Real files have as many calls and failures as their manifest says."""
    (run,) = read(recording(f"claude-code/{name}"))[1]
    (entry,) = listed("claude-code", ending=f"/{name}")
    failed = [call for call in run.calls if call.outcome == "failed"]
    assert (run.format, len(run.calls), len(failed)) == ("claude_code", entry["tool_calls"], entry["failed_tool_calls"])
    assert run.notes == []
    assert len({call.batch for call in run.calls}) == len(run.calls)
    if name.startswith("sample"):
        assert [call.id for call in failed] == ["toolu_bash_004"]
        assert (run.calls[5].tool, run.calls[5].turn, run.calls[5].result) == (
            "Glob",
            1,
            "/project/math_utils.py\n/project/tests/test_math.py",
        )
    else:
        assert [(call.tool, call.turn, call.arguments is not None) for call in run.calls] == [
            ("Edit", 1, True),
            ("Bash", 2, True),
        ]
        assert run.usage == Usage(input_tokens=218, output_tokens=445)


# --- sessions in several files, and files that are not whole ----------------------------------------------------------


def lines_text(*lines: Any) -> str:
    """Return lines as JSONL without a last line end."""
    return "\n".join(json.dumps(line) for line in lines)


def half_call(*inputs: Any) -> list[dict[str, Any]]:
    """Return a line of the same call for each input, as a stream writes it."""
    lines = [call_line("p1", "m", f"u{number}") for number in range(len(inputs))]
    for line, value in zip(lines, inputs, strict=True):
        line["message"]["content"][0] = {**line["message"]["content"][0], "input": value}
    return lines


@pytest.mark.parametrize(
    "inputs", [({}, {"n": 1}), ({"n": None}, {}, {"n": 1}), ({"n": 1}, {}), ({}, {"n": 1}, {"n": 1})]
)
def test_a_call_is_complete_in_a_later_line_of_its_message(inputs: Any) -> None:
    """The first lines of a message may have been written before the arguments arrived."""
    call = call_of(*half_call(*inputs), result("p1"))
    assert (call.id, call.proposed_arguments, call.arguments) == ("p1", {"n": 1}, {"n": 1})


def test_a_result_between_the_lines_of_a_message_is_kept() -> None:
    """A call that has its result is not changed any more."""
    first, second = half_call({"n": 1}, {"n": 2})
    first["message"]["id"] = second["message"]["id"] = ""
    run = run_of(first, result("p1"), second)
    assert [call.arguments for call in run.calls] == [{"n": 1}, None]


@pytest.mark.parametrize("odd", [None, 7, "note", ["a"], True])
def test_lines_that_are_no_object_are_left_out_with_a_note(odd: Any) -> None:
    """They hold no call."""
    run = one_run("claude_code", [user_line("go"), call_line("c1"), odd, result("c1")])
    assert [call.outcome for call in run.calls] == ["success"]
    assert run.notes == ["[2]: not an object; it was left out"]


def test_lines_that_may_hold_a_call_are_refused() -> None:
    """Leaving them out would lose the call."""
    with pytest.raises(MalformedTrace, match="expected an object, found list") as refusal:
        run_of(user_line("go"), [call_line("c1")], result("c1"))  # type: ignore[arg-type]
    assert refusal.value.where == "file.json: [1]"


def test_a_cut_off_session_is_read_up_to_the_cut(tmp_path: Path) -> None:
    """The program was stopped while it wrote a line."""
    path = tmp_path / "s.jsonl"
    path.write_text(lines_text(user_line("go"), call_line("c1"), result("c1"), call_line("c2"))[:-30])
    (run,) = read(path)[1]
    assert [(call.id, call.outcome) for call in run.calls] == [("c1", "success")]
    assert len(run.notes) == 1
    assert run.notes[0].startswith("line 4: cut off after ")
    assert run.outcome == "unknown"


def timed(minute: int, **more: Any) -> dict[str, Any]:
    """Return what ties a line to its session's tree: its id, its parent and its time."""
    parent = None if minute == 0 else f"u{minute - 1}"
    return {"uuid": f"u{minute}", "parentUuid": parent, "timestamp": f"2026-02-03T04:{minute:02}:00.000Z", **more}


def session(name: str) -> list[dict[str, Any]]:
    """Return a session with one call; the same lines under another name are its resumed copy."""
    lines = [user_line("go", **timed(0)), call_line("c1", "m1", **timed(1)), result("c1", **timed(2))]
    return [{**line, "sessionId": name} for line in lines]


def continued(name: str) -> list[dict[str, Any]]:
    """Return what a session did after it was resumed."""
    lines = [user_line("again", **timed(3)), call_line("c2", "m2", **timed(4)), result("c2", **timed(5))]
    return [{**line, "sessionId": name} for line in lines]


@pytest.mark.parametrize("is_copied", [True, False])
def test_a_resumed_session_in_a_folder_is_one_run(is_copied: bool, tmp_path: Path) -> None:
    """Its file begins with a copy of the older one, or only with a link to it."""
    (tmp_path / "a.jsonl").write_text(lines_text(*session("a")))
    (tmp_path / "b.jsonl").write_text(lines_text(*(session("b") if is_copied else []), *continued("b")))
    (run,) = read(tmp_path)[1]
    assert [(call.id, call.turn, call.outcome) for call in run.calls] == [("c1", 0, "success"), ("c2", 1, "success")]
    assert [turn.user_text for turn in run.turns] == ["go", "again"]


@pytest.mark.parametrize("has_meta", [True, False])
def test_a_folder_with_sub_agents_is_one_run(has_meta: bool, tmp_path: Path) -> None:
    """Their calls have the call that started them as parent: by the file beside theirs, or by the agent's id."""
    inner = [
        user_line("count", **timed(1, uuid="s1", parentUuid=None)),
        call_line("d1", "n1", **timed(1, uuid="s2", parentUuid="s1")),
        result("d1", **timed(1, uuid="s3", parentUuid="s2")),
    ]
    inner = [{**line, "isSidechain": True, "agentId": "f00"} for line in inner]
    lines = [user_line("go", **timed(0)), call_line("c1", "m1", **timed(1)), result("c1", **timed(2))]
    lines[2] |= {} if has_meta else {"toolUseResult": {"agentId": "f00", "status": "completed"}}
    lines += [user_line("again", **timed(3)), call_line("c2", "m2", **timed(4)), result("c2", **timed(5))]
    (tmp_path / "s.jsonl").write_text(lines_text(*lines))
    folder = tmp_path / "s" / "subagents"
    folder.mkdir(parents=True)
    (folder / "agent-f00.jsonl").write_text(lines_text(*inner))
    if has_meta:
        (folder / "agent-f00.meta.json").write_text('{"toolUseId": "c1"}')
    (run,) = read(tmp_path)[1]
    assert [(call.id, call.parent_id, call.turn) for call in run.calls] == [
        ("c1", None, 0),
        ("d1", "c1", 0),
        ("c2", None, 1),
    ]
    assert run.notes == []

"""Claude Code sessions and the Agent SDK's message stream."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run, ToolCall, Usage
from airflow_provider_vai.traces.formats import read
from tests.paths import TRACES
from tests.unit.traces.formats.support import adapter, one_run, runs, short
from tests.unit.traces.formats.test_recordings import RECORDINGS

SAMPLE = [json.loads(line) for line in (TRACES / "claude_code.jsonl").read_text().splitlines()]
REFUSED = "The user doesn't want to proceed with this tool use. The tool use was rejected."


def asked(id: str | None, message: str = "m", uuid: str | None = None, **more: Any) -> dict[str, Any]:
    """Return an assistant line with one call."""
    block = {"type": "tool_use", "id": id, "name": "T", "input": {"x": 1}}
    line = {"type": "assistant", "sessionId": "s", "message": {"id": message, "content": [block]}}
    return {**line, **({"uuid": uuid} if uuid else {}), **more}


def result(id: str | None, content: Any = "text", **more: Any) -> dict[str, Any]:
    """Return a user line with one result."""
    block = {"type": "tool_result", "tool_use_id": id, "content": content}
    block |= {"is_error": more.pop("is_error")} if "is_error" in more else {}
    return {"type": "user", "sessionId": "s", "message": {"content": [block]}, **more}


def said(words: Any, **more: Any) -> dict[str, Any]:
    """Return a user line with text."""
    return {"type": "user", "sessionId": "s", "message": {"role": "user", "content": words}, **more}


def run_of(*lines: dict[str, Any]) -> Run:
    """Read lines that are one session."""
    return one_run("claude_code", list(lines))


def call_of(*lines: dict[str, Any]) -> ToolCall:
    """Read lines with one call."""
    (call,) = run_of(*lines).calls
    return call


def test_sample_calls_in_order() -> None:
    """Parallel calls share a batch, the branch that a rewind left has no calls, a sub-agent's calls know theirs."""
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
    assert run.notes == ["[6]: a rewind left this branch: its calls (1) ran, but do not count"]
    assert [turn.user_text for turn in run.turns] == ["Tidy the price list", "Now stop early", "Say done"]


def test_sample_values() -> None:
    """The richer result is preferred, a denial has a reason and no executed arguments, usage counts once a message."""
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


def test_parallel_results_may_stand_between_the_calls() -> None:
    """A tool runs while its message streams in: the calls are one batch all the same."""
    calls = run_of(asked("a"), result("a"), asked("b"), result("b"), asked("c", "n")).calls
    assert [(call.id, call.batch, call.outcome) for call in calls] == [
        ("a", 0, "success"),
        ("b", 0, "success"),
        ("c", 1, "unknown"),
    ]


def test_a_message_repeated_by_a_stream_counts_once() -> None:
    """Lines of one message may each hold all its blocks."""
    assert call_of(asked("a"), asked("a"), result("a")).outcome == "success"


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
        (said("hello"), "unknown", "unknown", False),
    ],
)
def test_outcomes(line: dict[str, Any], outcome: str, approval: str, has_arguments: bool) -> None:
    """A refusal is told by the program's own words in an error, never by a tool's output."""
    call = call_of(asked("a"), line)
    assert (call.outcome, call.approval.state) == (outcome, approval)
    assert (call.arguments is not None) == has_arguments


def test_links_that_lead_nowhere_lose_nothing() -> None:
    """Where a parent is missing the line before it stands in, and a note says so; compaction is followed."""
    lines = [
        said("one", uuid="1"),
        asked("a", uuid="2", parentUuid="1"),
        result("a", uuid="3", parentUuid="missing"),
        {"type": "system", "subtype": "compact_boundary", "uuid": "4", "parentUuid": None, "logicalParentUuid": "3"},
        said("summary of all", uuid="5", parentUuid="4", isCompactSummary=True),
        asked("b", "n", uuid="6", parentUuid="5"),
    ]
    run = run_of(*lines)
    assert [call.id for call in run.calls] == ["a", "b"]
    assert [turn.user_text for turn in run.turns] == ["one"]
    assert run.notes == ["[2]: its parent is not in the file: the line before it is taken for that"]


def test_compacted_start_says_that_calls_are_out_of_sight() -> None:
    """A file that starts with a summary does not hold what it stands for."""
    run = run_of(said("summary", isCompactSummary=True), asked("a"))
    assert run.notes == [
        "[0].message.content: a summary stands for what was said before: calls made there are out of sight"
    ]


def test_circular_links_end() -> None:
    """Lines that point at each other are read once."""
    run = run_of(asked("a", uuid="1", parentUuid="2"), result("a", uuid="2", parentUuid="1"))
    assert [call.outcome for call in run.calls] == ["success"]


def test_repeated_and_missing_ids() -> None:
    """An id on two messages is made unique, and results go by order where there is none."""
    lines = [asked("a"), result("a"), asked("a", "n"), result("a", "two"), asked(None, "o"), result(None, "three")]
    run = run_of(*lines)
    assert [(call.id, call.result) for call in run.calls] == [("a", "text"), ("a#2", "two"), ("call-1", "three")]


def test_sub_agents_of_every_shape() -> None:
    """They are told by the call's id, by the agent's id in the result, by the prompt, or noted."""
    task = asked("p")
    task["message"]["content"][0]["input"] = {"prompt": "count"}
    stream = run_of(task, asked("c", "n", parent_tool_use_id="p"), result("c", parent_tool_use_id="p"), result("p"))
    assert [(call.id, call.parent_id, call.outcome) for call in stream.calls] == [
        ("p", None, "success"),
        ("c", "p", "success"),
    ]
    older = run_of(
        task, said("count", uuid="1", isSidechain=True), asked("c", "n", "2", parentUuid="1", isSidechain=True)
    )
    assert [(call.id, call.parent_id) for call in older.calls] == [("p", None), ("c", "p")]
    report = {"type": "progress", "sessionId": "s", "parentToolUseID": "p"}
    inner = run_of(task, {**report, "data": {"type": "agent_progress", "message": asked("c", "n")}})
    assert [(call.id, call.parent_id) for call in inner.calls] == [("p", None), ("c", "p")]
    lost = run_of(task, asked("c", "n", isSidechain=True, agentId="x"))
    assert lost.calls[1].parent_id is None
    assert lost.notes == ["[1].message.content[0]: no call is known that started the sub-agent 'x'"]


def test_a_sub_agents_own_file() -> None:
    """In its own file a sub-agent is the run."""
    lines = [said("count", isSidechain=True, agentId="x"), asked("c", isSidechain=True, agentId="x")]
    run = run_of(*lines)
    assert (run.id, run.source, run.agent, len(run.calls)) == ("s/x", "agent_run", "x", 1)
    assert run.turns[0].user_text == "count"


def test_left_branch_takes_its_sub_agents_along() -> None:
    """What a sub-agent did on a branch that was left does not count either."""
    lines = [
        said("one", uuid="1"),
        asked("p", uuid="2", parentUuid="1"),
        asked("c", "n", uuid="3", isSidechain=True, parent_tool_use_id="p"),
        asked("b", "o", uuid="4", parentUuid="1"),
    ]
    assert [call.id for call in run_of(*lines).calls] == ["b"]


def test_end_of_a_stream_tells_denials_and_cost() -> None:
    """The Agent SDK lists refused calls at the end, whatever the refusal's own words were."""
    end = {"type": "result", "subtype": "success", "session_id": "s", "total_cost_usd": 0.5}
    end["permission_denials"] = [{"tool_name": "T", "tool_use_id": "a", "tool_input": {}}]
    run = run_of(asked("a"), result("a", "not on a Sunday", is_error=True), end)
    (call,) = run.calls
    assert (call.outcome, call.approval.state, call.approval.note, call.arguments) == (
        "denied",
        "denied",
        "not on a Sunday",
        None,
    )
    assert (run.outcome, run.usage) == ("success", Usage(cost_usd=0.5))
    assert run_of(asked("a"), {**end, "subtype": "error_max_turns"}).outcome == "failed"


def test_sessions_of_one_file() -> None:
    """Two sessions are two runs; a session that goes on from a line of another is one with it."""
    other = {"sessionId": "s2"}
    assert [run.id for run in runs("claude_code", [asked("a"), {**asked("b"), **other}])] == ["s", "s2"]
    resumed = runs("claude_code", [asked("a", uuid="1"), {**asked("b", "n", "2", parentUuid="1"), **other}])
    assert [[call.id for call in run.calls] for run in resumed] == [["a", "b"]]
    assert adapter("claude_code").line_key(other) == "s2"  # type: ignore[attr-defined]
    assert adapter("claude_code").line_key([]) is None  # type: ignore[attr-defined]


def test_unknown_parts_are_noted() -> None:
    """An unknown block, and an unknown line that may hold a message, are reported with their place."""
    lines = [asked("a"), {"type": "tool_burst", "sessionId": "s"}, said([{"type": "tea"}]), {"type": "mode"}]
    assert run_of(*lines).notes == [
        "[1]: unknown kind of line 'tool_burst'",
        "[2].message.content[0]: unknown block 'tea'",
    ]


def test_what_the_user_said() -> None:
    """The program's own lines open no turn; what was queued while the agent worked does."""
    queued = {"type": "attachment", "sessionId": "s", "attachment": {"type": "queued_command", "prompt": "also b"}}
    lines = [
        said("a"),
        said("<local-command-stdout>x"),
        said("note", isMeta=True),
        queued,
        said("[Request interrupted by user]"),
    ]
    assert [turn.user_text for turn in run_of(*lines).turns] == ["a", "also b"]


def test_broken_lines_name_their_place() -> None:
    """A call without a name is malformed."""
    line = asked("a")
    del line["message"]["content"][0]["name"]
    with pytest.raises(MalformedTrace, match=r"file\.json: \[0\]\.message\.content\[0\]\.name: expected text"):
        run_of(line)


@pytest.mark.parametrize("name", ["representative_messages.jsonl", "sample_session.json"])
def test_recordings(name: str) -> None:
    """Real files have as many calls and failures as their manifest says."""
    if not (RECORDINGS / "MANIFEST.json").is_file():
        pytest.skip(f"no recordings in {RECORDINGS}")
    entries = json.loads((RECORDINGS / "MANIFEST.json").read_text())["files"]
    entry = next(entry for entry in entries if entry["path"] == f"claude-code/{name}")
    (run,) = read(RECORDINGS / entry["path"])[1]
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

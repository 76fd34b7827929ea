"""LangChain messages, and LangGraph states, histories and checkpoints."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Run, ToolCall, Usage
from tests.paths import TRACES
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, runs, short

NOTICE = "Note: a human reviewer replaced this tool call before it ran. Executed instead: "


def call(id: str | None = "c", name: str = "t", **args: Any) -> dict[str, Any]:
    """Return a call in an AI message."""
    return {"name": name, "args": args or {"x": 1}, "id": id, "type": "tool_call"}


def ai(*calls: dict[str, Any], content: Any = "", **more: Any) -> dict[str, Any]:
    """Return an AI message."""
    return {"type": "ai", "content": content, "tool_calls": list(calls), **more}


def tool(content: Any = "ok", id: str | None = "c", **more: Any) -> dict[str, Any]:
    """Return a result."""
    return {"type": "tool", "content": content, "tool_call_id": id, **more}


def state(id: str, before: str | None, *messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a state in the form of LangGraph's server history."""
    facts = {"checkpoint": {"thread_id": "th", "checkpoint_ns": "", "checkpoint_id": id}}
    parent = {"parent_checkpoint": {"thread_id": "th", "checkpoint_id": before} if before else None}
    at = {"created_at": f"2026-01-01T00:00:0{id[-1]}+00:00"}
    return {"values": {"messages": list(messages)}, "next": [], **facts, **parent, **at, **more}


def run_of(*messages: dict[str, Any]) -> Run:
    """Read messages."""
    return one_run("langchain", list(messages))


def call_of(*messages: dict[str, Any]) -> ToolCall:
    """Read messages with one call."""
    (found,) = run_of(*messages).calls
    return found


@pytest.mark.parametrize("name", ["langchain.json", "langchain_per_call.json"])
def test_recorded_decisions(name: str) -> None:
    """Checkpoints record each decision: proposed and executed arguments differ; a person's response is recorded."""
    run = one_run("langchain", SAMPLES[name])
    assert [short(found) for found in run.calls] == [
        ("read_order", 0, 0, "success", "unknown"),
        ("refund", 0, 1, "success", "edited"),
        ("close", 0, 1, "denied", "denied"),
        ("ask", 0, 1, "unknown", "unknown"),
        ("refund", 0, 1, "success", "approved"),
    ]
    read, edited, denied, responded, approved = run.calls
    assert (read.arguments, read.result) == ({"order": 7}, {"order": 7, "total": 40})
    assert edited.proposed_arguments == {"order": 7, "amount": 90}
    assert edited.arguments == {"order": 7, "amount": 40}
    assert edited.result == "refunded 40 for 7"
    assert (denied.arguments, denied.result, denied.approval.note) == (None, None, "The order stays open.")
    assert (responded.arguments, responded.result) == (None, "Damaged.")
    assert responded.approval.note == "a person responded in place of the tool, which never ran"
    assert (approved.arguments, approved.approval.by) == ({"order": 8, "amount": 1}, "user")
    assert (run.id, run.outcome, run.notes) == ("thread-1", "success", [])
    assert run.usage == Usage(input_tokens=300, output_tokens=30)
    assert run.started_at is not None


def test_recorded_messages_alone() -> None:
    """Messages record a rejection and an edit in their text, and nothing about a response in place of a tool."""
    run = one_run("langchain", SAMPLES["langchain_messages.json"])
    assert [short(found)[3:] for found in run.calls] == [
        ("success", "unknown"),
        ("success", "edited"),
        ("denied", "denied"),
        ("success", "unknown"),
        ("success", "unknown"),
    ]
    assert run.calls[1].arguments == {"order": 7, "amount": 40}
    assert run.calls[1].approval.note == "recorded only in the result's text"


def test_library_reads_the_sample() -> None:
    """LangChain itself reads the messages."""
    messages = pytest.importorskip("langchain_core.messages")
    assert len(messages.messages_from_dict(SAMPLES["langchain_messages.json"])) == 9


@pytest.mark.parametrize("form", ["data", "flat", "lc", "state", "channels", "bare state"])
def test_every_form_reads_as_the_same_calls(form: str) -> None:
    """Messages may be flat, under ``data``, serialised, or in a state."""
    flat = [{"type": "human", "content": "go"}, ai(call()), tool('{"a": 1}'), ai(content="done")]
    classes = {"human": "HumanMessage", "ai": "AIMessage", "tool": "ToolMessage"}
    path = ["langchain", "schema", "messages"]
    lc = [{"lc": 1, "type": "constructor", "id": [*path, classes[m["type"]]], "kwargs": m} for m in flat]
    documents: dict[str, Any] = {
        "data": [{"type": message["type"], "data": message} for message in flat],
        "flat": flat,
        "lc": lc,
        "state": {"values": {"messages": flat}},
        "channels": [{"checkpoint": {"channel_values": {"messages": lc}}}],
        "bare state": {"messages": flat},
    }
    assert adapter("langchain").accepts(documents[form])
    run = one_run("langchain", documents[form])
    assert [(short(found), found.result) for found in run.calls] == [(("t", 0, 0, "success", "unknown"), {"a": 1})]
    assert (run.outcome, run.turns[0].user_text, run.notes) == ("success", "go", [])


@pytest.mark.parametrize(
    ("answer", "outcome", "approval", "executed"),
    [
        (tool(), "success", "unknown", {"x": 1}),
        (tool("Error: no", status="error"), "failed", "unknown", {"x": 1}),
        (tool("User rejected the tool call for `t` with id c.", status="error"), "denied", "denied", None),
        (tool("User rejected the tool call for `t`."), "success", "unknown", {"x": 1}),
        (tool(NOTICE + 't with arguments {"x": 2}.\n\nTool response:\nok'), "success", "edited", {"x": 2}),
        (tool(NOTICE + 'rm with arguments {"x": 2}.'), "success", "edited", 'rm {"x":2}'),
        (tool(NOTICE + "t with arguments {broken"), "success", "unknown", {"x": 1}),
        (tool('Executed instead: t with arguments {"x": 2}.'), "success", "unknown", {"x": 1}),
    ],
)
def test_notices_in_results(answer: dict[str, Any], outcome: str, approval: str, executed: Any) -> None:
    """A notice counts only in the library's own form, and never for another tool."""
    found = call_of(ai(call()), answer)
    assert (found.tool, found.outcome, found.approval.state, found.arguments) == ("t", outcome, approval, executed)


def test_results() -> None:
    """A structured result is preferred; JSON and a Python repr in text are parsed."""
    assert call_of(ai(call()), tool("text", artifact={"structured_content": {"a": 1}})).result == {"a": 1}
    assert call_of(ai(call()), tool("text", artifact=[1])).result == [1]
    assert call_of(ai(call()), tool("{'a': None}")).result == {"a": None}
    assert call_of(ai(call()), tool([{"type": "text", "text": "[1]"}])).result == [1]


def test_calls_from_other_places() -> None:
    """Invalid calls keep their text; repeated calls count once; older messages have them in other places."""
    broken = {"name": "t", "args": "{oops", "id": "c", "error": "bad", "type": "invalid_tool_call"}
    assert call_of(ai(invalid_tool_calls=[broken])).proposed_arguments == "{oops"
    extra = {"tool_calls": [{"id": "c", "type": "function", "function": {"name": "t", "arguments": '{"x": 1}'}}]}
    assert call_of(ai(call(), additional_kwargs=extra), tool()).outcome == "success"
    assert call_of(ai(additional_kwargs=extra), tool()).arguments == {"x": 1}
    oldest = {"function_call": {"name": "t", "arguments": "{}"}}
    answer = {"type": "function", "name": "t", "content": "ok"}
    assert call_of(ai(additional_kwargs=oldest), answer).outcome == "success"


def test_streamed_chunks_are_joined() -> None:
    """Arguments arrive in pieces, with the pieces of several calls mixed."""

    def chunk(index: int, args: str, **more: Any) -> dict[str, Any]:
        pieces = [{"index": index, "args": args, "id": None, "name": None, **more}]
        return {"type": "AIMessageChunk", "id": "m", "content": "", "tool_call_chunks": pieces}

    stream: list[Any] = [chunk(0, '{"x"', id="a", name="t"), chunk(1, "{}", id="b", name="u"), chunk(0, ": 1}")]
    for document in (stream, [[piece, {"langgraph_node": "model"}] for piece in stream]):
        found = one_run("langchain", document).calls
        assert [(one.id, one.tool, one.batch, one.proposed_arguments) for one in found] == [
            ("a", "t", 0, {"x": 1}),
            ("b", "u", 0, {}),
        ]


def test_forks_and_removed_messages() -> None:
    """Only the path to the newest state counts; calls whose messages were removed on it are noted."""
    one = state("s1", None, ai(call("a")))
    two = state("s2", "s1", ai(call("a")), tool(id="a"), ai(call("gone")))
    left = state("s3", "s1", ai(call("a")), tool(id="a"), ai(call("fork")))
    four = state("s4", "s2", ai(call("b", "u")))
    run = one_run("langchain", [four, left, two, one])
    assert [found.id for found in run.calls] == ["b"]
    assert run.notes == [
        "[0].values.messages: messages were removed: 2 older calls are not in this state",
        "[0].values.messages: 1 call on an abandoned fork does not count",
    ]


def test_an_edit_that_overwrites_the_proposal() -> None:
    """Older middleware rewrites the message; the older state still has the proposal."""
    before = state("s1", None, ai(call("c", x=1)))
    after = state("s2", "s1", ai(call("c", x=2)), tool())
    (run,) = runs("langchain", [after, before])
    (found,) = run.calls
    assert (found.proposed_arguments, found.arguments, found.approval.state) == ({"x": 1}, {"x": 2}, "edited")


@pytest.mark.parametrize(
    ("decision", "outcome", "approval"),
    [
        ({"type": "approve"}, "success", "approved"),
        ({"type": "edit", "edited_action": {"name": "u", "args": {"x": 2}}}, "success", "edited"),
        ({"type": "edit", "edited_action": {"name": "t", "args": {"x": 1}}}, "success", "approved"),
        ({"type": "reject"}, "denied", "denied"),
        ({"type": "respond", "message": "hi"}, "unknown", "unknown"),
        ({"type": ["odd"]}, "success", "unknown"),
        (None, "success", "unknown"),
    ],
)
def test_commands_beside_a_state(decision: Any, outcome: str, approval: str) -> None:
    """A command that resumed the run decides the calls of the interrupt by position."""
    request = {"action_requests": [{"name": "t", "args": {"x": 1}}], "review_configs": []}
    waiting = state("s1", None, ai(call()), tasks=[{"id": "k", "interrupts": [{"id": "i", "value": request}]}])
    done = state("s2", "s1", ai(call()), tool())
    commands = [] if decision is None else [{"resume": {"decisions": [decision]}}]
    (run,) = runs("langchain", [waiting, *commands, done])
    assert [(found.outcome, found.approval.state) for found in run.calls] == [(outcome, approval)]
    assert run.calls[0].tool == ("u" if decision and "'u'" in str(decision) else "t")
    if decision:
        pending = runs("langchain", [waiting, {"command": {"resume": {"i": {"decisions": [decision]}}}}])[0].calls[0]
        assert (pending.arguments, pending.outcome in ("unknown", "denied")) == (None, True)


def test_older_prebuilt_interrupts() -> None:
    """The prebuilt agent's form: a list with one request each, and other names of the decisions."""
    request = [{"action_request": {"action": "t", "args": {"x": 1}}, "config": {}}]
    answer = [{"type": "edit", "args": {"action": "t", "args": {"x": 3}}}]
    waiting = state("s1", None, ai(call()), interrupts=[{"id": "i", "value": request}])
    (run,) = runs("langchain", [waiting, state("s2", "s1", ai(call()), tool()), {"resume": answer}])
    assert (run.calls[0].arguments, run.calls[0].approval.state) == ({"x": 3}, "edited")


def test_sub_graphs() -> None:
    """The calls of a sub-graph come after the call that started it and have it as their parent."""
    writes = [["k", "messages", [tool(id="p")]]]
    main = state("s1", None, ai(call("p", "task"), call("q")), pending_writes=writes)
    after = state("s3", "s1", ai(call("p", "task"), call("q")), tool(id="p"), tool(id="q"), ai(call("z")))
    inner = state("s2", None, ai(call("p", "look")), tool(id="p"))
    inner["checkpoint"]["checkpoint_ns"] = "tools:k"
    lost = copy.deepcopy(inner)
    lost["checkpoint"]["checkpoint_ns"] = "tools:other"
    (run,) = runs("langchain", [after, inner, main, lost])
    assert [(found.id, found.tool, found.batch, found.parent_id) for found in run.calls] == [
        ("p", "task", 0, None),
        ("q", "t", 0, None),
        ("p#2", "look", 1, "p"),
        ("z", "t", 2, None),
    ]
    problem = "the call that started the sub-graph 'tools:other' is not known, so the sub-graph is not read"
    assert f"[3].values.messages: {problem}" in run.notes


def test_threads_are_runs() -> None:
    """States of two threads are two runs."""
    other = state("s1", None, ai(call()))
    other["checkpoint"]["thread_id"] = "other"
    assert [run.id for run in runs("langchain", [state("s1", None, ai(call())), other])] == ["th", "other"]
    assert adapter("langchain").line_key(other) == "other"  # type: ignore[attr-defined]
    assert adapter("langchain").line_key(3) is None  # type: ignore[attr-defined]


def test_missing_and_repeated_ids() -> None:
    """Results without ids are paired by order; a repeated id is made unique."""
    run = run_of(ai(call(None), call(None)), tool("1", None), tool("2", None), ai(call()), tool("3"), ai(call()))
    assert [(found.id, found.batch, found.result) for found in run.calls] == [
        ("call-1", 0, "1"),
        ("call-2", 0, "2"),
        ("c", 1, "3"),
        ("c#2", 2, None),
    ]


def test_unknown_parts_are_noted() -> None:
    """Unknown messages and content blocks are noted; blocks that repeat the calls are not."""
    blocks = [{"type": "tool_use", "id": "c"}, {"type": "server_tool_use", "id": "d"}]
    run = run_of(ai(call(), content=blocks), {"type": "tea", "content": "?"}, {"type": "remove", "id": "m"})
    assert run.notes == ["[0].content[0]: unknown part 'server_tool_use'", "[1]: unknown message 'dict'"]


def test_recognition_is_narrow() -> None:
    """Chats with roles, and lists of other typed objects, are not recognised."""
    accepts = adapter("langchain").accepts
    assert not accepts([{"role": "user", "content": "x"}])
    assert not accepts({"messages": [{"role": "user", "content": "x"}]})
    assert not accepts([{"type": "user", "content": "x"}, {"type": "system", "content": "y"}])
    assert not accepts({"messages": "ai"})


def test_broken_calls_name_their_place() -> None:
    """A call without a name is malformed."""
    with pytest.raises(MalformedTrace, match=r"file\.json: \[0\]\.tool_calls\[0\]\.name: expected text"):
        run_of(ai({"args": {}}))


@pytest.mark.parametrize("kind", [[], {}, 7, None])
def test_a_block_without_a_type(kind: Any) -> None:
    """A content block whose type is not text is noted, without a traceback."""
    blocks = [{"type": "text", "text": "Looking."}, {"type": kind, "id": "t2"}]
    messages = [{"role": "user", "content": "go"}, {"role": "assistant", "content": blocks}]

    assert one_run("langchain", {"messages": messages}).calls == []


MATRIX = TRACES / "matrix/langgraph.checkpoints.json"
"""Recorded checkpoints with a pause for two calls."""

FIELDS = ("config", "checkpoint", "metadata", "parent_config", "pending_writes")


def printed(interrupt: dict[str, Any], *, is_older: bool = False) -> str:
    """Return an interrupt as Python prints it."""
    if is_older:
        return f"Interrupt(value={interrupt['value']!r}, resumable=True, ns=['tools:1'])"
    return f"Interrupt(value={interrupt['value']!r}, id={interrupt['id']!r})"


def not_implemented(interrupt: dict[str, Any]) -> dict[str, Any]:
    """Return an interrupt as ``dumpd`` writes it."""
    return {"lc": 1, "type": "not_implemented", "id": ["langgraph", "types", "Interrupt"], "repr": printed(interrupt)}


def rewritten(write: Callable[[dict[str, Any]], Any]) -> list[dict[str, Any]]:
    """Return the recorded checkpoints with the interrupt written in another way, and with the decisions on it."""
    checkpoints: list[dict[str, Any]] = json.loads(MATRIX.read_text())
    ((task, channel, interrupts),) = checkpoints[1]["pending_writes"]
    decisions = [{"type": "approve"}, {"type": "reject", "message": "Øst is wet."}]
    resumed = [task, "__resume__", [{"decisions": decisions}]]
    checkpoints[1]["pending_writes"] = [[task, channel, [write(interrupt) for interrupt in interrupts]], resumed]
    return checkpoints


@pytest.mark.parametrize(
    "write",
    [not_implemented, printed, lambda interrupt: printed(interrupt, is_older=True)],
    ids=["dumpd", "str", "str of earlier versions"],
)
@pytest.mark.parametrize("as_lists", [False, True], ids=["objects", "lists"])
def test_interrupts_that_json_dumps_wrote(write: Callable[[dict[str, Any]], Any], *, as_lists: bool) -> None:
    """With ``default=dumpd`` or ``default=str``, and with checkpoints as lists of their fields, no decision is lost."""
    expected = one_run("langchain", rewritten(lambda interrupt: interrupt)).calls
    assert {call.approval.state for call in expected} == {"approved", "denied", "unknown"}
    checkpoints: Any = rewritten(write)
    if as_lists:
        checkpoints = [[checkpoint[field] for field in FIELDS] for checkpoint in checkpoints]
    assert adapter("langchain").accepts(checkpoints)
    assert one_run("langchain", checkpoints).calls == expected


@pytest.mark.parametrize(
    "interrupt",
    ["Interrupt(value=Question(text='ok?'), id='i')", "Interrupt(value={'a': Question()}, id='i')", "Interrupt(", 7,
     {"lc": 1, "type": "not_implemented", "id": ["x"], "repr": None}],
)  # fmt: skip
def test_interrupt_that_cannot_be_read_is_refused(interrupt: Any) -> None:
    """Without the question, a decision would be lost in silence."""
    waiting = state("s1", None, ai(call()), pending_writes=[["k", "__interrupt__", [interrupt]]])
    with pytest.raises(MalformedTrace, match=r"file\.json: .*an interrupt is a text"):
        runs("langchain", [waiting, state("s2", "s1", ai(call()), tool())])


def test_snapshot_as_a_list_of_its_fields() -> None:
    """A single ``StateSnapshot``, and the tasks in it, that ``json.dumps`` wrote as lists."""
    request = {"action_requests": [{"name": "t", "args": {"x": 1}}], "review_configs": []}
    task = ["k", "review", [], None, [printed({"value": request, "id": "i"})], None, None]
    config = {"configurable": {"thread_id": "th", "checkpoint_id": "s1"}}
    snapshot = [{"messages": [ai(call())]}, ["review"], config, {}, "2026-01-01T00:00:00Z", None, [task], []]
    assert adapter("langchain").accepts(snapshot)
    (run,) = runs("langchain", snapshot)
    assert run.id == "th"
    assert run.calls[0].approval.note == "the call waited for a person, but the decision is not recorded"


def test_a_decision_on_a_repeated_id_belongs_to_no_call() -> None:
    """It is not known which of the calls the person saw, so neither is approved; the note says so."""
    request = {"action_requests": [{"name": "t", "args": {"x": 2}}], "review_configs": []}
    waiting = state("s1", None, ai(call(x=1)), tool(), ai(call(x=2)), interrupts=[{"id": "i", "value": request}])
    done = state("s2", "s1", ai(call(x=1)), tool(), ai(call(x=2)), tool())
    (run,) = runs("langchain", [waiting, {"resume": {"decisions": [{"type": "approve"}]}}, done])
    assert [(found.arguments, found.approval.state) for found in run.calls] == [
        ({"x": 1}, "unknown"),
        ({"x": 2}, "unknown"),
    ]
    assert any("it is not known which one a person decided on" in note for note in run.notes)

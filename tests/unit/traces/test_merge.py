"""Several exports of one run: each field comes from the export that can record it, and contradictions are noted."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.cli import main as cli
from airflow_provider_vai.crystallizer.several.recording import runs_of
from airflow_provider_vai.exceptions import AmbiguousRun
from airflow_provider_vai.model.run import Approval, Run, ToolCall, Turn, Usage
from airflow_provider_vai.traces.merge import Export, digest, is_same_run, merged
from airflow_provider_vai.traces.reading.coverage import Coverage

NOON = datetime(2025, 1, 2, 12, tzinfo=timezone.utc)
MESSAGES = Coverage(approvals="partly")
SPANS = Coverage(edits="partly", timing="yes", batches="no")
STORE = Coverage(results="partly", approvals="yes", edits="yes", batches="no")


def call(tool: str, name: str = "", **facts: Any) -> ToolCall:
    """Return a call that ran as proposed, unless the facts say otherwise."""
    arguments = facts.pop("proposed", {})
    recorded = {"proposed_arguments": arguments, "arguments": arguments, "outcome": "success", **facts}
    return ToolCall(id=name or tool, tool=tool, **recorded)


def export(name: str, coverage: Coverage, *calls: ToolCall, **facts: Any) -> Export:
    """Return an export of the run ``r``."""
    run = Run(**{"id": "r", "source": "agent_run", "format": name, "calls": list(calls), **facts})
    return Export(f"{name}.json", run, coverage)


def one(*exports: Export) -> ToolCall:
    """Return the merged run's only call."""
    (found,) = merged(exports).calls
    return found


def test_executed_arguments_come_from_spans() -> None:
    """The executed arguments come from spans, the proposal from messages; the difference is no decision."""
    exports = (
        export("spans", SPANS, call("f", proposed={"n": 2}, result="ok", started_at=NOON, ended_at=NOON)),
        export("messages", MESSAGES, call("f", proposed={"n": 1}, result={"ok": True})),
    )
    for order in (exports, exports[::-1]):
        run = merged(order)
        (found,) = run.calls
        assert (found.proposed_arguments, found.arguments, found.result) == ({"n": 1}, {"n": 2}, {"ok": True})
        assert (found.approval.state, found.started_at, found.outcome) == ("unknown", NOON, "success")
        assert run.notes[1:] == [
            "call 'f': proposed_arguments differs between messages.json and spans.json: messages.json counts",
            "call 'f': arguments differs between spans.json and messages.json: spans.json counts",
        ]


def test_denial_wins_over_everything() -> None:
    """A denial in one export counts, even if another export has the refusal's text as the result."""
    denied = call("f", outcome="denied", arguments=None, error="no", approval=Approval(state="denied", by="eve"))
    for exports in (
        (export("messages", MESSAGES, denied), export("spans", SPANS, call("f", result="no", started_at=NOON))),
        (export("messages", MESSAGES, call("f", result="no")), export("store", STORE, denied)),
    ):
        found = one(*exports)
        assert (found.outcome, found.arguments, found.result, found.error) == ("denied", None, None, "no")
        assert (found.approval.state, found.approval.by) == ("denied", "eve")
        assert any("outcome differs" in note for note in merged(exports).notes)


def test_denial_in_the_store_alone() -> None:
    """The decision is enough: a call that a person refused did not run."""
    refused = call("f", outcome="unknown", arguments=None, approval=Approval(state="denied"))
    found = one(export("messages", MESSAGES, call("f", result="text")), export("store", STORE, refused))
    assert (found.outcome, found.arguments, found.result) == ("denied", None, None)


def test_approval_comes_from_the_store() -> None:
    """An unknown approval never hides a known one, and of two known ones the store's counts."""
    approved = call("f", approval=Approval(state="approved", by="ann", at=NOON))
    free = call("f", approval=Approval(state="not_required"))
    found = one(export("messages", MESSAGES, free), export("store", STORE, approved), export("spans", SPANS, call("f")))
    assert (found.approval.state, found.approval.by, found.approval.at) == ("approved", "ann", NOON)
    assert one(export("messages", MESSAGES, free), export("store", STORE, call("f"))).approval.state == "not_required"


def test_failure_and_its_error() -> None:
    """A known outcome counts before an unknown one, and its error comes with it."""
    failed = call("f", outcome="failed", error="boom")
    found = one(
        export("messages", MESSAGES, call("f", outcome="unknown", arguments=None)), export("spans", SPANS, failed)
    )
    assert (found.outcome, found.error) == ("failed", "boom")


def test_calls_of_one_export_alone_keep_their_place() -> None:
    """A call that only one file has comes after its predecessor in that file, in a batch of its own."""
    messages = export("messages", MESSAGES, call("a", batch=0), call("b", batch=0), call("d", batch=1, turn=1))
    spans = export("spans", SPANS, call("z"), call("b"), call("c", parent_id="b", batch=1), call("d", batch=2))
    run = merged([spans, messages])
    assert [(found.id, found.turn, found.batch) for found in run.calls] == [
        ("z", 0, 0),
        ("a", 0, 1),
        ("b", 0, 1),
        ("c", 0, 2),
        ("d", 1, 3),
    ]
    assert run.notes[0] == (
        "one run, exported 2 times: spans.json as spans (4 calls) and messages.json as messages (3 calls); "
        "2 calls in several, 2 only in spans.json, 1 only in messages.json"
    )


def test_calls_without_ids_are_joined_by_what_they_did() -> None:
    """Without ids in one export, calls match by tool, arguments and order; the other export's id is kept."""
    without_ids = [call("f", f"call-{n}", proposed={"n": n % 2}, started_at=NOON.replace(hour=n)) for n in range(1, 5)]
    with_ids = [call("f", f"toolu_{n}", proposed={"n": n % 2}) for n in range(1, 5)]
    run = merged([export("spans", SPANS, *without_ids), export("messages", MESSAGES, *with_ids)])
    assert [(found.id, found.started_at and found.started_at.hour) for found in run.calls] == [
        (f"toolu_{n}", n) for n in range(1, 5)
    ]


def test_the_id_of_a_span_is_no_id_of_a_call() -> None:
    """The OpenAI Agents SDK's spans have ids of their own: the call keeps the id that the model gave."""
    messages, spans = export("a", MESSAGES, call("f", "c1")), export("b", SPANS, call("f", "span_0f"))
    assert [one(messages, spans).id, one(spans, messages).id] == ["c1", "c1"]


def test_repeated_ids_are_joined_in_order() -> None:
    """Several attempts under one id stay separate calls."""
    attempts = [call("f", "c", outcome="failed", error="x"), call("f", "c#2", result=1)]
    run = merged([export("messages", MESSAGES, *attempts), export("spans", SPANS, *attempts)])
    assert [(found.id, found.outcome) for found in run.calls] == [("c", "failed"), ("c#2", "success")]
    assert len(run.notes) == 1


def test_the_run_itself() -> None:
    """Usage and times come from spans, texts from messages, the id from whichever export has one."""
    words = {"id": "sha256:1", "turns": [Turn(index=0, user_text="go")], "title": "T", "notes": ["messages[3]: odd"]}
    facts = {"id": "run-7", "outcome": "failed", "ended_at": NOON, "model": "m"}
    messages = export("messages", MESSAGES, call("f"), usage=Usage(input_tokens=9), **words)
    run = merged([messages, export("spans", SPANS, call("f"), usage=Usage(input_tokens=4), **facts)])
    assert (run.id, run.format, run.title, run.model, run.outcome) == ("run-7", "messages+spans", "T", "m", "failed")
    assert (run.usage, run.ended_at, run.turns[0].user_text) == (Usage(input_tokens=4), NOON, "go")
    assert run.notes[1:] == ["messages.json: messages[3]: odd"]
    assert Run.model_validate_json(run.model_dump_json()) == run


@pytest.mark.parametrize(
    ("mine", "theirs", "is_same"),
    [
        (export("a", MESSAGES, id="1"), export("b", SPANS, id="1"), True),
        (
            export("a", MESSAGES, call("f", "x"), id="1"),
            export("b", SPANS, call("f", "x"), call("g", "y"), id="2"),
            True,
        ),
        (export("a", MESSAGES, call("f", "x"), id="1"), export("b", SPANS, call("g", "x"), id="2"), False),
        (export("a", MESSAGES, call("f", "x"), id="1"), export("b", SPANS, call("f", "y"), id="2"), False),
        (export("a", MESSAGES, call("f", "x"), id="1"), export("b", SPANS, call("f", "call-1"), id="2"), True),
        (export("a", MESSAGES, call("f", "call-1"), id="1"), export("a", MESSAGES, call("f", "call-1"), id="2"), False),
        (export("a", MESSAGES, id="1"), export("b", SPANS, call("f", "call-1"), id="2"), False),
        (export("a", MESSAGES, call("g"), call("f"), id="1"), export("b", SPANS, call("f", "call-1"), id="2"), True),
        (export("a", MESSAGES, call("g"), id="1"), export("b", SPANS, call("f", "call-1"), id="2"), False),
        (export("a", MESSAGES, call("f", "c"), id="1"), export("b", SPANS, call("f", "span_0f"), id="2"), True),
        (export("a", MESSAGES, call("g", "c"), id="1"), export("b", SPANS, call("f", "span_0f"), id="2"), False),
    ],
)
def test_which_runs_are_one(mine: Export, theirs: Export, is_same: bool) -> None:
    """By the run's id, by the calls' ids, and between formats by the calls themselves."""
    assert is_same_run(mine.run, theirs.run) is is_same_run(theirs.run, mine.run) is is_same


def test_different_runs_are_refused() -> None:
    """Several runs of one task are not merged into something that never happened."""
    with pytest.raises(AmbiguousRun, match=r"are exports of different runs"):
        merged([export("a", MESSAGES, call("f"), id="1"), export("b", SPANS, call("g"), id="2")])


def test_digest_is_of_the_files_in_any_order() -> None:
    """The provenance of a merged run does not depend on the order of the arguments."""
    assert digest(["b", "a"]) == digest(["a", "b"]) != digest(["a", "c"])


# --- the commands -----------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Write one run twice: as OpenAI chat and as Anthropic messages."""
    function = {"name": "find", "arguments": '{"q": 1}'}
    chat = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "c1", "content": "boom"},
        {"role": "assistant", "content": "done"},
    ]
    blocks = [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "find", "input": {"q": 1}}]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "boom", "is_error": True}],
        },
        {"role": "assistant", "content": [{"type": "text", "text": "done"}]},
    ]
    paths = tmp_path / "chat.json", tmp_path / "blocks.json"
    for path, document in zip(paths, (chat, blocks), strict=True):
        path.write_text(json.dumps(document))
    return str(paths[0]), str(paths[1])


def test_inspect_merges(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """`vai inspect A B` shows the merged run, how it understood the files, and where they differ."""
    assert cli.main(["inspect", *files]) == 0
    output = capsys.readouterr().out
    assert "1 call: 1 failed" in output
    assert "note: one run, exported 2 times: " in output
    assert "chat.json as openai_chat (1 call)" in output
    assert "outcome differs between" in output


def test_unrelated_traces_are_refused(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Runs of different tasks do not become a DAG, and --all takes only one file."""
    other = tmp_path / "other.json"
    other.write_text(json.dumps([{"role": "user", "content": "hi"}]))
    assert cli.main(["inspect", files[0], str(other)]) == 0
    assert cli.main(["crystallize", files[0], str(other), "--out", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()
    assert cli.main(["inspect", *files, "--all"]) == 1
    assert "--all works only with one trace" in capsys.readouterr().err


def test_the_common_run_is_found(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From a file with several runs, the run that the other file also holds is chosen."""
    many = tmp_path / "many.jsonl"
    document = json.loads(Path(files[0]).read_text())
    other = json.loads(Path(files[0]).read_text().replace("c1", "c9"))
    many.write_text(
        "\n".join(json.dumps({"id": name, "messages": messages}) for name, messages in (("x", other), ("y", document)))
    )
    assert cli.main(["inspect", str(many), files[1], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "y"
    assert cli.main(["inspect", str(many), str(many)]) == 1
    assert "2 runs, and none was chosen" in capsys.readouterr().err


# --- a session in several files ---------------------------------------------------------------------------------------


def session(id: str, *calls: ToolCall, **facts: Any) -> Export:
    """Return one file of a session."""
    run = Run(**{"id": id, "source": "chat_thread", "format": "claude_code", "calls": list(calls), **facts})
    return Export(f"{id}.jsonl", run, MESSAGES)


def test_a_resumed_session_is_one_run() -> None:
    """The copy has the same calls at the same times; the file with more calls is the whole session."""
    first = session("a", call("f", started_at=NOON), turns=[Turn(index=0, user_text="go")])
    turns = [Turn(index=0, user_text="go"), Turn(index=1, user_text="again")]
    second = session("b", call("f", started_at=NOON), call("g", started_at=NOON, turn=1), turns=turns)
    for exports in ([first, second], [second, first]):
        (group,) = runs_of(exports)
        run = merged(group)
        assert [(found.id, found.turn) for found in run.calls] == [("f", 0), ("g", 1)]
        assert len(run.turns) == 2


@pytest.mark.parametrize(
    "other",
    [
        session("b", call("f", started_at=datetime(2025, 1, 3, tzinfo=timezone.utc))),
        session("b", call("f", started_at=NOON, proposed={"n": 2})),
        session("b", call("f", started_at=None)),
        session("b", call("f", started_at=NOON), call("h", started_at=NOON)),
    ],
    ids=["another time", "other arguments", "no time", "resumed twice"],
)
def test_equal_call_ids_alone_are_no_resumed_session(other: Export) -> None:
    """Some programs number the calls of each run, and a session resumed twice is two runs."""
    mine = session("a", call("f", started_at=NOON), call("g", started_at=NOON))
    assert len(runs_of([mine, other])) == 2


@pytest.mark.parametrize("is_by_prompt", [True, False])
def test_a_sub_agents_file_joins_the_call_that_started_it(is_by_prompt: bool) -> None:
    """By the prompt, or by the agent's id in the call's result."""
    started = {"proposed": {"prompt": "count"}} if is_by_prompt else {"result": {"agentId": "f00"}}
    outer = session("s", call("Task", "t1", **started), call("g", turn=1), turns=[Turn(index=0), Turn(index=1)])
    turns = [Turn(index=index, user_text=text) for index, text in enumerate(("count", "more", "stop"))]
    inner = session("s/f00", call("f", "d1"), call("f", "d2"), turns=turns)
    for exports in ([outer, inner], [inner, outer]):
        (group,) = runs_of(exports)
        run = merged(group)
        assert [(found.id, found.parent_id, found.turn) for found in run.calls] == [
            ("t1", None, 0),
            ("d1", "t1", 0),
            ("d2", "t1", 0),
            ("g", None, 1),
        ]
        assert (run.id, len(run.turns)) == ("s", 2)

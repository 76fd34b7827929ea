"""OpenAI Responses: items, Response objects, chains, streams."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Approval, Run, Usage
from airflow_provider_vai.traces.formats import read
from tests.recordings import listed, recording
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, runs

SAMPLE = SAMPLES["openai_responses.json"]
NAME = "openai_responses"


def proposal(call_id: str = "c", **more: Any) -> dict[str, Any]:
    """Return a function call."""
    return {"type": "function_call", "call_id": call_id, "name": "t", "arguments": '{"x": 1}', **more}


def output(call_id: str = "c", **more: Any) -> dict[str, Any]:
    """Return a function call's output."""
    return {"type": "function_call_output", "call_id": call_id, "output": "text", **more}


def assistant_text(text: str = "Done.") -> dict[str, Any]:
    """Return an assistant message."""
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


def response(id: str, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a Response."""
    return {"object": "response", "id": id, "status": "completed", "model": "m", "output": list(items), **more}


def facts(run: Run) -> list[tuple[Any, ...]]:
    """Return each call's id, batch, executed arguments, result and outcome."""
    return [(call.id, call.batch, call.arguments, call.result, call.outcome) for call in run.calls]


def test_sample_values() -> None:
    """Pairs are made by call_id; JSON text, a Python repr and a single text part are parsed once."""
    run = one_run(NAME, SAMPLE)
    assert run.system_text == "You keep a harbour. Be brief."
    assert [turn.user_text for turn in run.turns] == [
        "Which berths are free, and what do they cost?",
        "Book A1 and cancel all others.",
    ]
    free, price, search, log, book, cancel, bill = run.calls
    assert free.result == [{"berth": "A1", "free": True}, {"berth": "A2", "free": False}]
    assert (price.tool, price.result) == ("tariff.price", {"euro": 40})
    assert (search.arguments, search.result) == (
        {"query": "harbour weather"},
        [{"type": "url", "url": "https://weather.example/harbour"}],
    )
    assert (log.proposed_arguments, log.outcome) == ("{free text} berth A1", "failed")
    assert (book.id, book.server, book.result) == ("mcpr_1", "booking", {"booking": 17})
    assert (cancel.arguments, cancel.approval) == (None, Approval(state="denied", note="They paid."))
    assert (bill.parent_id, bill.result) == ("call_4", "sent")
    assert run.notes == ["[18]: a program of the model; its calls are read, its code is not"]


def test_items_listed_newest_first_are_reversed() -> None:
    """The API lists a conversation's items from the last to the first, page by page."""
    page = {"object": "list", "data": SAMPLE[::-1], "has_more": True}
    assert adapter(NAME).accepts(page)
    run = one_run(NAME, page)
    assert facts(run) == facts(one_run(NAME, SAMPLE))
    assert run.notes[-1] == "data: the list continues: this is one page of it"


def test_calls_without_an_output_between_share_a_batch() -> None:
    """Reasoning does not separate batches, outputs do."""
    items = [
        proposal("a"),
        {"type": "reasoning"},
        proposal("b"),
        output("b"),
        output("a"),
        proposal("c"),
    ]
    assert [call.batch for call in one_run(NAME, items).calls] == [0, 0, 1]


@pytest.mark.parametrize(
    ("answer", "outcome", "approval", "ran"),
    [
        (output(), "success", "unknown", True),
        (output(status="completed"), "success", "unknown", True),
        (output(status="incomplete"), "interrupted", "unknown", False),
        (output(status="in_progress"), "unknown", "unknown", False),
        (output(output="Tool execution was not approved."), "denied", "denied", False),
        (
            output(output="An error occurred while running the tool. Please try again. Error: x"),
            "failed",
            "unknown",
            True,
        ),
        (output(output="Error: not found"), "failed", "unknown", True),
        (output(output="There was no error: all fine"), "success", "unknown", True),
        (assistant_text(), "unknown", "unknown", False),
    ],
)
def test_outcomes_of_local_calls(answer: dict[str, Any], outcome: str, approval: str, ran: bool) -> None:
    """A status, the SDK's own text or a result that reports an error means that a call did not succeed."""
    (call,) = one_run(NAME, [proposal(), answer]).calls
    assert (call.outcome, call.approval.state, call.arguments is not None) == (outcome, approval, ran)


@pytest.mark.parametrize(
    ("item", "tool", "arguments", "result"),
    [
        (
            {"type": "file_search_call", "queries": ["a"], "results": [{"text": "b"}]},
            "file_search",
            {"queries": ["a"]},
            [{"text": "b"}],
        ),
        (
            {"type": "code_interpreter_call", "code": "1+1", "outputs": [{"type": "logs", "logs": "2"}]},
            "code_interpreter",
            {"code": "1+1"},
            [{"type": "logs", "logs": "2"}],
        ),
        (
            {"type": "image_generation_call", "revised_prompt": "p", "result": "aGk="},
            "image_generation",
            {"revised_prompt": "p"},
            "aGk=",
        ),
        (
            {"type": "web_search_call", "action": {"type": "open_page", "url": "u"}},
            "web_search.open_page",
            {"url": "u"},
            None,
        ),
        ({"type": "mcp_call", "name": "n", "arguments": '{"sources": 1}', "output": "{}"}, "n", {"sources": 1}, {}),
    ],
)
def test_hosted_calls(item: dict[str, Any], tool: str, arguments: Any, result: Any) -> None:
    """A hosted tool's call and result are one item."""
    (call,) = one_run(NAME, [{"id": "h", "status": "completed", **item}]).calls
    assert (call.id, call.tool, call.arguments, call.result) == ("h", tool, arguments, result)
    assert (call.outcome, call.approval.state) == ("success", "unknown")


@pytest.mark.parametrize(
    ("more", "outcome", "error"),
    [
        ({"status": "failed"}, "failed", None),
        ({"error": "no such tool"}, "failed", "no such tool"),
        ({"error": {"type": "http_error", "code": 500, "message": "m"}}, "failed", '"http_error"'),
        ({"status": "calling"}, "unknown", None),
        ({"status": "incomplete"}, "interrupted", None),
    ],
)
def test_hosted_calls_that_did_not_succeed(more: dict[str, Any], outcome: str, error: str | None) -> None:
    """An error object, an error text and a status each mark a failure."""
    (call,) = one_run(NAME, [{"type": "mcp_call", "id": "m", "name": "n", "arguments": "{}", **more}]).calls
    assert call.outcome == outcome
    assert (call.error is None) if error is None else (error in (call.error or ""))


def test_local_calls_of_other_kinds() -> None:
    """Shell, patch, computer and tool search calls each have their own kind of output."""
    items = [
        {"type": "shell_call", "call_id": "s", "action": {"commands": ["ls"]}},
        {"type": "shell_call_output", "call_id": "s", "output": [{"stdout": "a", "stderr": ""}]},
        {"type": "local_shell_call", "call_id": "l", "action": {"command": ["ls"], "env": {}}},
        {"type": "local_shell_call_output", "id": "l", "output": '{"stdout": "a"}'},
        {"type": "apply_patch_call", "call_id": "p", "operation": {"type": "delete_file", "path": "x"}},
        {"type": "apply_patch_call_output", "call_id": "p", "status": "failed", "output": "no such file"},
        {"type": "computer_call", "call_id": "k", "actions": [{"type": "wait"}]},
        {"type": "computer_call_output", "call_id": "k", "output": {"type": "computer_screenshot"}},
        {"type": "tool_search_call", "call_id": None, "arguments": {"query": "x"}},
        {"type": "tool_search_output", "call_id": None, "tools": []},
    ]
    assert facts(one_run(NAME, items)) == [
        ("s", 0, {"commands": ["ls"]}, [{"stdout": "a", "stderr": ""}], "success"),
        ("l", 1, {"command": ["ls"], "env": {}}, {"stdout": "a"}, "success"),
        ("p", 2, {"type": "delete_file", "path": "x"}, None, "failed"),
        ("k", 3, {"actions": [{"type": "wait"}]}, {"type": "computer_screenshot"}, "success"),
        ("call-1", 4, {"query": "x"}, [], "success"),
    ]


def test_approval_of_mcp_calls() -> None:
    """Pending, decided outside the file, edited, without approval, and a decision without a call."""
    ask = {"type": "mcp_approval_request", "id": "r", "name": "n", "server_label": "s", "arguments": '{"a": 1}'}
    yes = {"type": "mcp_approval_response", "approval_request_id": "r", "approve": True}
    call = {"type": "mcp_call", "id": "m", "name": "n", "server_label": "s", "arguments": '{"a": 2}', "output": "o"}
    tied = {**call, "approval_request_id": "r"}

    def state(*items: dict[str, Any]) -> tuple[str, str, Any]:
        (found,) = one_run(NAME, list(items)).calls
        return found.approval.state, found.outcome, found.arguments

    assert state(ask) == ("unknown", "unknown", None)
    assert state(ask, yes) == ("approved", "unknown", None)
    assert state(ask, yes, tied) == ("edited", "success", {"a": 2})
    assert state(tied) == ("approved", "success", {"a": 2})
    assert state(call) == ("unknown", "success", {"a": 2})
    (note,) = one_run(NAME, [yes, call]).notes
    assert note.startswith("[0]: a decision on 'r' without such a request")
    never: dict[str, Any] = {"type": "mcp", "server_label": "s", "require_approval": {"never": {"tool_names": ["n"]}}}
    (found,) = one_run(NAME, response("x", call, tools=[never])).calls
    assert found.approval.state == "not_required"


def test_chain_by_previous_id_and_by_calls() -> None:
    """Responses are chained by id, or by the calls whose outputs are in the next request."""
    first = response("r1", proposal("a"), usage={"input_tokens": 5, "output_tokens": 1}, created_at=1_760_000_000)
    second = response("r2", assistant_text(), previous_response_id="r1", usage={"input_tokens": 7, "output_tokens": 2})
    log = [{"request": {"input": "Go."}, "response": first}, {"request": {"input": [output("a")]}, "response": second}]
    run = one_run(NAME, log)
    assert (run.id, run.outcome, run.usage) == ("r1", "success", Usage(input_tokens=12, output_tokens=3))
    assert facts(run) == [("a", 0, {"x": 1}, "text", "success")]
    del second["previous_response_id"]
    assert facts(one_run(NAME, log)) == facts(run)


def test_requests_that_repeat_the_history_count_it_once() -> None:
    """Without a server-side state each request repeats everything."""
    log = [
        {"request": {"input": "Go."}, "response": response("r1", proposal("a"))},
        {"request": {"input": [proposal("a"), output("a")]}, "response": response("r2", proposal("b"))},
        {
            "request": {"input": [proposal("a"), output("a"), proposal("b"), output("b")]},
            "response": response("r3", assistant_text()),
        },
    ]
    assert [call.id for call in one_run(NAME, log).calls] == ["a", "b"]


def test_forks_and_unrelated_responses() -> None:
    """Of a fork, the branch that ends last counts; Responses outside any chain are runs of their own."""
    log = [
        response("r1", proposal("a")),
        response("r2", proposal("dead"), previous_response_id="r1"),
        response("r3", assistant_text(), previous_response_id="r1"),
        response("s1", proposal("s"), previous_response_id="elsewhere"),
        response("v1", proposal("v"), conversation={"id": "conv"}, created_at=2),
        response("v0", proposal("u"), conversation={"id": "conv"}, created_at=1),
    ]
    found = runs(NAME, log)
    assert [(run.id, [call.id for call in run.calls]) for run in found] == [
        ("r1", ["a"]),
        ("s1", ["s"]),
        ("conv", ["u", "v"]),
    ]
    assert found[0].notes == ["[0]: abandoned branches hold 1 more Responses"]
    assert found[1].notes == ["[3]: the Response before it, 'elsewhere', is not in this file"]


def test_a_cycle_of_responses_ends() -> None:
    """Ids that point at each other are not a chain, and cause no endless loop."""
    ring = [response("r1", previous_response_id="r2"), response("r2", previous_response_id="r1")]
    assert len(runs(NAME, ring)) == 1


def test_batch_lines_are_runs() -> None:
    """A batch's output has one Response in each line's body."""
    lines = [
        {"custom_id": f"q{n}", "response": {"status_code": 200, "body": response(f"r{n}", proposal())}} for n in (1, 2)
    ]
    assert [run.id for run in runs(NAME, lines)] == ["r1", "r2"]
    assert adapter(NAME).line_key(lines[0]) == "q1"  # type: ignore[attr-defined]
    assert adapter(NAME).line_key(response("r")) is None  # type: ignore[attr-defined]


def test_streams() -> None:
    """A finished stream ends with the Response; the pieces of a broken one are joined."""
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": response("r1", status="in_progress")},
        {"type": "response.output_item.added", "output_index": 0, "item": proposal("a", arguments="")},
        {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": '{"x"'},
        {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": ": 1}"},
        {"type": "response.output_item.done", "output_index": 0, "item": proposal("a")},
        {"type": "response.output_item.added", "output_index": 1, "item": proposal("b", arguments="")},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"x": 2'},
    ]
    assert adapter(NAME).accepts(events)
    run = one_run(NAME, events)
    assert [(call.id, call.proposed_arguments, call.outcome) for call in run.calls] == [
        ("a", {"x": 1}, "unknown"),
        ("b", '{"x": 2', "interrupted"),
    ]
    assert (run.id, run.outcome) == ("r1", "unknown")
    whole = [*events, {"type": "response.completed", "response": response("r1", proposal("a"), assistant_text())}]
    assert [call.id for call in one_run(NAME, whole).calls] == ["a"]


def test_outcome_of_the_run() -> None:
    """A failed or cancelled Response is a failure; with a pending call the outcome is unknown."""
    assert one_run(NAME, response("r", assistant_text())).outcome == "success"
    assert one_run(NAME, response("r", proposal())).outcome == "unknown"
    assert one_run(NAME, response("r", assistant_text(), status="failed")).outcome == "failed"
    assert one_run(NAME, response("r", assistant_text(), status="incomplete")).outcome == "unknown"


def test_odd_items_are_noted() -> None:
    """Unknown items and references are noted, and repeated ids are made unique."""
    items = [
        proposal("a"),
        proposal("a"),
        {"type": "quantum_call"},
        {"type": "item_reference", "id": "i"},
        output("z"),
    ]
    run = one_run(NAME, items)
    assert [call.id for call in run.calls] == ["a", "a#2"]
    assert run.notes == [
        "[1]: several calls have the id 'a'; this one is renamed to a#2",
        "[2]: unknown item 'quantum_call'",
        "[3]: refers to an item that is not in this file",
        "[4]: a result for 'z', but there is no such call",
    ]


def test_broken_item_names_its_place() -> None:
    """A call without a name is malformed."""
    with pytest.raises(MalformedTrace, match=r"file\.json: \[0\]\.name: expected text"):
        one_run(NAME, [proposal(name=None)])
    with pytest.raises(MalformedTrace, match=r"file\.json: output\[0\]\.name: expected text"):
        one_run(NAME, response("r", proposal(name=3)))


@pytest.mark.parametrize(
    "document", [[{"role": "user", "content": "x"}], [assistant_text()], {"output": "x"}, [], {}, "x", None]
)
def test_other_documents_are_not_recognised(document: Any) -> None:
    """Neither a plain chat nor a document without items is."""
    assert not adapter(NAME).accepts(document)


def test_sample_is_what_the_library_reads() -> None:
    """OpenAI's own types accept the sample's items."""
    responses = pytest.importorskip("openai.types.responses")
    from pydantic import TypeAdapter

    reader = TypeAdapter(responses.ResponseInputItemParam)
    assert all(reader.validate_python(item) for item in SAMPLE)


RECORDED = {
    "openai-mcp-tool.1.json": [("web_search_exa", "dmcp", "success", "not_required")],
    "openai-web-search-tool.1.json": [
        (f"web_search{action}", None, "success", "unknown") for action in ("", ".open_page", ".find_in_page")
    ],
}


@pytest.mark.parametrize("name", RECORDED)
def test_recordings(name: str) -> None:
    """Two real Responses: a hosted MCP call that needed no approval, and three searches."""
    (run,) = read(recording(f"vercel-ai/{name}"))[1]
    (entry,) = listed("vercel-ai", ending=f"/{name}")
    assert (run.format, run.outcome, run.model) == (NAME, "success", "gpt-5-mini-2025-08-07")
    assert len(run.calls) == entry["tool_calls"]
    assert [(call.tool, call.server, call.outcome, call.approval.state) for call in run.calls] == RECORDED[name]
    assert [call.batch for call in run.calls] == list(range(len(run.calls)))
    assert run.notes == []
    first = run.calls[0]
    if first.server:
        assert first.arguments == {"query": "NYC mayoral election results 2025 latest", "numResults": 5}
        assert first.result["requestId"] == "c72ab09f496225ba33162f7aca08ef60"
    else:
        assert first.arguments == {"query": "tech news today December 5 2025"}
        assert first.result[0]["url"].startswith("https://www.theverge.com/podcast/838932/")

"""LangSmith run trees."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Usage
from airflow_provider_vai.traces.formats import read
from tests.recordings import recording
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, runs

SAMPLE = SAMPLES["langsmith.json"]


def test_sample_merges_starts_and_ends() -> None:
    """Recorded with LangSmith's own client: inputs are in the post, outputs and errors in the patch."""
    run = one_run("langsmith", SAMPLE)
    assert [(call.id, call.arguments, call.result, call.error) for call in run.calls] == [
        ("c1", {"parcel": "P1"}, {"parcel": "P1", "grams": 420}, None),
        ("c2", {"parcel": "P9"}, None, "LookupError('no parcel P9')"),
        ("c3", {"parcel": "P1", "grams": 420}, "P1-420", None),
    ]
    assert (run.title, run.usage) == ("post office", Usage(input_tokens=21, output_tokens=9))
    assert run.notes == []


def whole() -> list[dict[str, Any]]:
    """Return the sample's runs, complete."""
    ends = {item["id"]: item for item in SAMPLE["patch"]}
    return [{**item, **ends[item["id"]]} for item in SAMPLE["post"]]


def tree() -> dict[str, Any]:
    """Return the sample as one run with its children inside."""
    first, *others = whole()
    return {**first, "child_runs": [{**item, "trace_id": None} for item in others]}


@pytest.mark.parametrize(
    "document",
    [
        whole(),
        list(reversed(whole())),
        {"runs": whole()},
        tree(),
        [{"post": SAMPLE["post"]}, {"patch": SAMPLE["patch"]}],
    ],
    ids=["list", "unsorted", "runs", "tree", "batches"],
)
def test_every_shape_is_the_same_run(document: Any) -> None:
    """A list, lines, the API's response, a tree, several uploads."""
    assert adapter("langsmith").accepts(document)
    assert one_run("langsmith", document) == one_run("langsmith", SAMPLE)


def lc(kind: str, **kwargs: Any) -> dict[str, Any]:
    """Return a serialised LangChain message."""
    return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", kind], "kwargs": kwargs}


def item(id: str, run_type: str, name: str, **more: Any) -> dict[str, Any]:
    """Return a run of the trace ``r``."""
    order = f"20260101T000000000000Zr.20260101T0000{id.zfill(2)}000000Z{id}"
    start = f"2026-01-01T00:00:{id.zfill(2)}"
    return {
        "id": id,
        "trace_id": "r",
        "run_type": run_type,
        "name": name,
        "dotted_order": order,
        "start_time": start,
        **more,
    }


CALLS = [{"name": "f", "args": {"q": 1}, "id": "a", "type": "tool_call"}, {"name": "f", "args": {"q": 2}, "id": "b"}]


def langchain() -> list[dict[str, Any]]:
    """Return a run in the form that LangChain traces."""
    messages = [[lc("SystemMessage", content="Be brief."), lc("HumanMessage", content="go")]]
    copies = {"tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"q": 1}'}}]}
    proposed = lc("AIMessage", content="", tool_calls=CALLS, additional_kwargs=copies)
    refused = lc("ToolMessage", content="no such q", tool_call_id="b", status="error", name="f")
    found = lc("ToolMessage", content='{"r": 1}', tool_call_id="a", status="success", name="f")
    return [
        item("1", "chain", "agent", end_time="2026-01-01T00:00:09"),
        item(
            "2",
            "llm",
            "Chat",
            parent_run_id="1",
            inputs={"messages": messages},
            outputs={"generations": [[{"text": "", "message": proposed}]]},
        ),
        item("4", "tool", "f", parent_run_id="1", inputs={"input": "{'q': 2}"}, outputs={"output": refused}),
        item("3", "tool", "f", parent_run_id="1", inputs={"input": "{'q': 1}"}, outputs={"output": found}),
    ]


def test_langchain_runs() -> None:
    """A repr as input, the id in the output's tool message, an error by status, copies counted once."""
    run = one_run("langsmith", langchain())
    assert [(call.id, call.arguments, call.result, call.error, call.batch) for call in run.calls] == [
        ("a", {"q": 1}, {"r": 1}, None, 0),
        ("b", {"q": 2}, None, "no such q", 0),
    ]
    assert (run.system_text, run.turns[0].user_text) == ("Be brief.", "go")


def test_a_sub_agents_calls_name_the_call_that_made_them() -> None:
    """A tool run with runs below it is the parent of their calls."""
    below = [item("5", "tool", "inner", parent_run_id="3", inputs={"x": 1}, outputs={"output": "ok"})]
    run = one_run("langsmith", langchain() + below)
    assert [(call.tool, call.parent_id) for call in run.calls] == [("f", None), ("f", None), ("inner", "a")]


def test_two_traces_are_two_runs() -> None:
    """Each line names its trace."""
    others = [{**found, "trace_id": "s", "id": f"s{found['id']}", "parent_run_id": None} for found in langchain()]
    assert [run.id for run in runs("langsmith", [*langchain(), *others])] == ["r", "s"]
    assert adapter("langsmith").line_key(others[0]) == "s"  # type: ignore[attr-defined]


def test_a_failed_run_failed() -> None:
    """The root's error is the run's."""
    first, *others = langchain()
    assert one_run("langsmith", [{**first, "error": "Boom()\n\nTraceback"}, *others]).outcome == "failed"


def test_broken_structure_is_refused_with_its_place() -> None:
    """A list item that is not an object."""
    with pytest.raises(MalformedTrace) as refusal:
        runs("langsmith", {"post": [1]})
    assert refusal.value.where == "file.json: post[0]"


def test_recorded_batch() -> None:
    """One request without tools."""
    (run,) = read(recording("langsmith/langsmith_py_wrap_openai_.json"))[1]
    assert (run.format, run.calls, run.outcome, run.model) == ("langsmith", [], "success", "gpt-4o-mini")
    assert (run.turns[0].user_text, run.usage) == ("howdy", Usage(input_tokens=9, output_tokens=9))


@pytest.mark.parametrize("document", [{"post": []}, [{"post": [], "patch": []}], {"post": [{"post": [{"post": []}]}]}])
def test_empty_batches_are_not_runs(document: Any) -> None:
    """Nothing in them identifies the format, and the search ends."""
    assert adapter("langsmith").accepts(document) is False

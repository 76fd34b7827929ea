"""VCR cassettes of model traffic."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Usage
from airflow_provider_vai.traces.formats import read
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, runs, short
from tests.unit.traces.formats.test_recordings import RECORDINGS

SAMPLE = SAMPLES["vcr_cassette.json"]
FOLDER = RECORDINGS / "pydantic-ai-vcr"


def cassette(*pairs: tuple[Any, Any]) -> dict[str, Any]:
    """Return a cassette of these requests and responses."""
    interactions = [
        {"request": {"body": json.dumps(request)}, "response": {"parsed_body": response}} for request, response in pairs
    ]
    return {"version": 1, "interactions": interactions}


def events(*found: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a streamed response."""
    return {"string": "".join(f"data: {json.dumps(event)}\n\n" for event in found) + "data: [DONE]\n\n"}


def test_sample_values() -> None:
    """Two interleaved runs; streamed calls are joined; a refused request does not belong to a run."""
    bees, feed = runs("vcr_cassette", SAMPLE)
    counted, missing = bees.calls
    assert (counted.arguments, counted.result) == ({"hive": 2}, {"bees": 900})
    assert missing.error == "no hive 20"
    assert bees.usage == Usage(input_tokens=100, output_tokens=13)
    assert (bees.model, bees.system_text) == ("model-sample", "You keep bees.")
    assert bees.notes == ["interactions[0]: not a successful request to a known model"]
    assert (feed.model, feed.calls[0].proposed_arguments, feed.notes) == ("other-sample", {"hive": 5}, [])


def test_a_final_streamed_call_is_joined() -> None:
    """A cassette that ends with a streamed call shows it as proposed."""
    document = copy.deepcopy(SAMPLE)
    document["interactions"] = document["interactions"][1:2]
    run = one_run("vcr_cassette", document)
    assert [(call.id, call.proposed_arguments, call.arguments) for call in run.calls] == [
        ("b1", {"hive": 2}, None),
        ("b2", {"hive": 20}, None),
    ]
    assert run.outcome == "unknown"


def test_streamed_chat_and_gemini() -> None:
    """The other providers' streams are joined as well; Gemini's calls may have no ids."""
    pieces = [
        {
            "id": "x",
            "model": "m",
            "choices": [
                {"delta": {"tool_calls": [{"index": 0, "id": "k", "function": {"name": "t", "arguments": '{"x"'}}]}}
            ],
        },
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]}}]},
    ]
    chat = cassette(({"messages": [{"role": "user", "content": "go"}]}, None))
    chat["interactions"][0]["response"] = {"body": events(*pieces)}
    assert one_run("vcr_cassette", chat).calls[0].proposed_arguments == {"x": 1}
    response = {
        "candidates": [{"content": {"role": "model", "parts": [{"functionCall": {"name": "t", "args": {"x": 1}}}]}}]
    }
    request = {
        "contents": [{"role": "user", "parts": [{"text": "go"}]}],
        "systemInstruction": {"parts": [{"text": "Be kind."}]},
    }
    gemini = cassette((request, None))
    gemini["interactions"][0]["response"] = {"body": events(response, {"candidates": []})}
    run = one_run("vcr_cassette", gemini)
    assert [short(call) for call in run.calls] == [("t", 0, 0, "unknown", "unknown")]
    assert (run.system_text, run.turns[0].user_text) == ("Be kind.", "go")


def test_gemini_calls_without_ids_match_by_content() -> None:
    """The next request repeats the call: one run."""
    call = {"role": "model", "parts": [{"functionCall": {"name": "t", "args": {"x": 1}}}]}
    user = {"role": "user", "parts": [{"text": "go"}]}
    result = {"role": "user", "parts": [{"functionResponse": {"name": "t", "response": {"y": 2}}}]}
    done = {"role": "model", "parts": [{"text": "done"}]}
    document = cassette(
        ({"contents": [user]}, {"candidates": [{"content": call}]}),
        ({"contents": [user, call, result]}, {"candidates": [{"content": done}], "modelVersion": "g"}),
    )
    run = one_run("vcr_cassette", document)
    assert [(call.id, call.result) for call in run.calls] == [("call-1", {"y": 2})]
    assert (run.outcome, run.model) == ("success", "g")


def test_responses_that_rely_on_the_provider() -> None:
    """With a previous id a request holds only what is new, so the chain is read from its start."""
    call = {"type": "function_call", "call_id": "c", "name": "t", "arguments": '{"x": 1}'}
    answer = {"type": "function_call_output", "call_id": "c", "output": "2"}
    response = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "done"}]}
    document = cassette(
        ({"input": "go"}, {"object": "response", "id": "r1", "output": [call]}),
        ({"input": [answer], "previous_response_id": "r1"}, {"object": "response", "id": "r2", "output": [response]}),
    )
    run = one_run("vcr_cassette", document)
    assert [(call.id, call.result, call.outcome) for call in run.calls] == [("c", "2", "success")]
    assert (run.turns[0].user_text, run.outcome) == ("go", "success")


def test_the_same_request_twice_is_two_runs() -> None:
    """A request that does not repeat the response before it begins another run."""
    user = [{"role": "user", "content": "go"}]
    call = {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "t", "arguments": "{}"}}]}
    pair = ({"messages": user}, {"choices": [{"message": call}]})
    found = runs("vcr_cassette", cassette(pair, pair))
    assert [len(run.calls) for run in found] == [1, 1]
    assert len({run.id for run in found}) == 2


def test_other_traffic_alone_is_refused() -> None:
    """A cassette without model traffic holds no run."""
    document = cassette(({"query": 1}, {"rows": []}))
    assert adapter("vcr_cassette").accepts(document)
    with pytest.raises(MalformedTrace, match="no successful request"):
        runs("vcr_cassette", document)


def test_recordings() -> None:
    """The calls are as many as the manifest counts; details of three files were checked by hand."""
    pytest.importorskip("yaml")
    if not FOLDER.is_dir():
        pytest.skip(f"no recordings in {RECORDINGS}")
    entries = [
        entry
        for entry in json.loads((RECORDINGS / "MANIFEST.json").read_text())["files"]
        if entry["corpus"] == "pydantic-ai-vcr"
    ]
    assert len(entries) == 5
    found = {}
    for entry in entries:
        (run,) = read(RECORDINGS / entry["path"])[1]
        assert (run.format, len(run.calls)) == ("vcr_cassette", entry["tool_calls"])
        found[entry["bytes"]] = run
    replay, socket, matrix = found[24685], found[20776], found[4873]
    assert [(call.id, call.arguments) for call in replay.calls] == [
        ("hq1dul8c", {"id": "refunds"}),
        ("m71ii1s7", {"order_id": "order-123"}),
        ("call_BeEoWrEJdy4aTv0K1STfaGoz", {"order_id": "order-456"}),
    ]
    assert replay.notes == ["interactions[4]: 1 calls of earlier requests are not repeated in the last one"]
    assert (socket.calls[0].arguments, socket.model) == ({"city": "London"}, "gpt-realtime")
    assert socket.calls[0].result == "It is foggy and 12 degrees in London."
    assert [short(call) for call in matrix.calls] == [
        ("get_weather", 0, 0, "success", "unknown"),
        ("final_result", 0, 1, "unknown", "unknown"),
    ]

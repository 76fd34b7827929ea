"""VCR cassettes of model traffic."""

from __future__ import annotations

import base64
import copy
import gzip
import json
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.exceptions import LibraryMissing, MalformedTrace, UnreadableTrace
from airflow_provider_vai.model.run import Usage
from airflow_provider_vai.traces.formats import read
from tests.recordings import listed, recording
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, runs, short

SAMPLE = SAMPLES["vcr_cassette.json"]


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
    document["interactions"][0]["request"]["uri"] = "https://models.example/v1/embeddings?key=s3cr3t-v4lu3"
    with pytest.raises(MalformedTrace, match=r"its requests go to https://models\.example/v1/embeddings\n"):
        runs("vcr_cassette", document)


def test_recordings() -> None:
    """The calls are as many as the manifest counts; details of three files were checked by hand."""
    pytest.importorskip("yaml")
    recording("pydantic-ai-vcr")
    entries = listed("pydantic-ai-vcr")
    assert len(entries) == 5
    found = {}
    for entry in entries:
        (run,) = read(recording(entry["path"]))[1]
        assert (run.format, len(run.calls)) == ("vcr_cassette", entry["tool_calls"])
        found[entry["bytes"]] = run
    replay, socket, matrix = found[24685], found[20776], found[4873]
    assert [(call.id, call.arguments) for call in replay.calls] == [
        ("hq1dul8c", {"id": "refunds"}),
        ("m71ii1s7", {"order_id": "order-123"}),
        ("call_BeEoWrEJdy4aTv0K1STfaGoz", {"order_id": "order-456"}),
    ]
    assert replay.notes == ["interactions[4]: 1 call of an earlier request is not repeated in the last one"]
    assert (socket.calls[0].arguments, socket.model) == ({"city": "London"}, "gpt-realtime")
    assert socket.calls[0].result == "It is foggy and 12 degrees in London."
    assert [short(call) for call in matrix.calls] == [
        ("get_weather", 0, 0, "success", "unknown"),
        ("final_result", 0, 1, "unknown", "unknown"),
    ]


# --- compressed bodies, stubs, and the last exchange ------------------------------------------------------------------

ASKED = [{"role": "user", "content": "water the beds"}]
CALL = {"id": "w1", "type": "function", "function": {"name": "water", "arguments": '{"bed": 3}'}}
PROPOSED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
WATERED = [*ASKED, PROPOSED, {"role": "tool", "tool_call_id": "w1", "content": '{"liters": 9}'}]
FIRST = {"id": "r1", "choices": [{"message": PROPOSED}]}
LAST = {"id": "r2", "choices": [{"message": {"role": "assistant", "content": "Watered."}}]}
URL = "https://models.example/v1/chat/completions"


def raw_deflate(content: bytes) -> bytes:
    """Return bytes compressed without zlib's header, as some servers send them."""
    codec = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return codec.compress(content) + codec.flush()


def exchanges(*responses: Any) -> dict[str, Any]:
    """Return a cassette of the run that waters a bed, with these responses."""
    interactions = [
        {"request": {"uri": URL, "body": json.dumps({"messages": messages})}, "response": response}
        for messages, response in zip((ASKED, WATERED), responses, strict=True)
    ]
    return {"version": 1, "interactions": interactions}


def packed_body(answer: Any, pack: Any, encoding: str | None, key: str = "string") -> dict[str, Any]:
    """Return a response whose body is compressed."""
    headers = {"Content-Encoding": [encoding]} if encoding else {}
    return {"headers": headers, "body": {key: base64.b64encode(pack(json.dumps(answer).encode())).decode()}}


def assert_watered(document: dict[str, Any]) -> None:
    """The whole run is read, the answer after the last call included."""
    run = one_run("vcr_cassette", document)
    assert [(call.id, call.arguments, call.result) for call in run.calls] == [("w1", {"bed": 3}, {"liters": 9})]
    assert (run.outcome, run.notes) == ("success", [])


@pytest.mark.parametrize(
    ("pack", "encoding"),
    [(gzip.compress, "gzip"), (gzip.compress, None), (zlib.compress, "deflate"), (raw_deflate, "deflate")],
    ids=["gzip", "gzip without header", "deflate", "raw deflate"],
)
@pytest.mark.parametrize("key", ["string", "base64_string"])
def test_compressed_bodies(pack: Any, encoding: str | None, key: str) -> None:
    """A compressed body is read like any other, in every response."""
    assert_watered(exchanges(*(packed_body(answer, pack, encoding, key) for answer in (FIRST, LAST))))


@pytest.mark.parametrize(("module", "encoding"), [("brotli", "br"), ("zstandard", "zstd")])
def test_bodies_of_optional_methods(module: str, encoding: str) -> None:
    """So is one compressed by a method of the extra."""
    pack = pytest.importorskip(module).compress
    assert_watered(exchanges(*(packed_body(answer, pack, encoding) for answer in (FIRST, LAST))))


def test_stub_of_httpx() -> None:
    """Stubs of httpx keep the body under ``content`` and the status beside it."""
    assert_watered(exchanges(*({"content": json.dumps(answer), "status_code": 200} for answer in (FIRST, LAST))))


def test_compressed_stream_and_request() -> None:
    """A compressed stream of events is joined, and a compressed request is read."""
    stream = b'data: {"choices": [{"delta": {"content": "Watered."}}]}\n\ndata: [DONE]\n\n'
    body = base64.b64encode(gzip.compress(stream)).decode()
    document = exchanges(packed_body(FIRST, gzip.compress, "gzip"), {"body": {"string": body}})
    request = document["interactions"][1]["request"]
    request["body"] = base64.b64encode(gzip.compress(request["body"].encode())).decode()
    assert_watered(document)


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        ({"body": {"string": ""}}, "the response is not JSON"),
        (
            {"status": {"code": 529}, "body": {"string": '{"error": "busy"}'}},
            "not a successful request to a known model",
        ),
        ({"headers": {"content-encoding": ["br"]}, "body": {"string": "iwiA"}}, "compressed with br, which this"),
    ],
)
def test_last_exchange_without_response(response: Any, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The results in the last request count, also if its response cannot be read; the note says why it cannot."""
    monkeypatch.setitem(sys.modules, "brotli", None)
    run = one_run("vcr_cassette", exchanges({"body": {"string": json.dumps(FIRST)}}, response))
    assert [(call.id, call.result) for call in run.calls] == [("w1", {"liters": 9})]
    assert run.outcome == "unknown"
    (note,) = run.notes
    assert note.startswith(f"interactions[1]: {problem}")


def test_retried_request_is_one_run() -> None:
    """A refused request and its repetition belong to one run."""
    document = exchanges({"body": {"string": json.dumps(FIRST)}}, {"body": {"string": json.dumps(LAST)}})
    refused = {**document["interactions"][1], "response": {"status": {"code": 500}, "body": "no"}}
    document["interactions"].insert(1, refused)
    run = one_run("vcr_cassette", document)
    assert (len(run.calls), run.outcome) == (1, "success")
    assert run.notes == ["interactions[1]: not a successful request to a known model"]


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """If nothing can be read without a library, the message names the extra that installs it."""
    monkeypatch.setitem(sys.modules, "brotli", None)
    document = exchanges(*({"headers": {"Content-Encoding": "br"}, "body": {"string": "iwiA"}} for _ in range(2)))
    for item in document["interactions"]:
        item["request"] |= {"body": "iwiA", "headers": {"content-encoding": "br"}}
    with pytest.raises(LibraryMissing, match=r"interactions\[0\]\.request: compressed with br.*\n.*\[compression\]"):
        runs("vcr_cassette", document)


@pytest.mark.parametrize("count", [1, 30])
def test_unpacking_is_bounded(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All bodies of a cassette together may unpack to a limited number of bytes."""
    monkeypatch.setattr("airflow_provider_vai.traces.formats.vcr.adapter.LIMIT_BYTES", 1_000_000)
    bomb = gzip.compress(b"[" + b" " * (2_000_000 // count) + b"1]")
    body = {"body": {"string": base64.b64encode(bomb).decode()}}
    document = {"version": 1, "interactions": [{"request": {}, "response": body}] * count}
    with pytest.raises(UnreadableTrace, match="unpack to more than 1 MB"):
        runs("vcr_cassette", document)
    assert len(bomb) < 5000


def test_a_refused_request_is_not_read_twice() -> None:
    """With a previous id, the repetition of a refused request has the same items."""
    call = {"type": "function_call", "call_id": "c", "name": "t", "arguments": "{}"}
    answer = {"type": "function_call_output", "call_id": "c", "output": "2"}
    spoken = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "done"}]}
    follow = {"input": [answer], "previous_response_id": "r1"}
    document = cassette(
        ({"input": "go"}, {"object": "response", "id": "r1", "output": [call]}),
        (follow, {"error": "busy"}),
        (follow, {"object": "response", "id": "r2", "output": [spoken]}),
    )
    document["interactions"][1]["request"]["uri"] = "https://models.example/v1/responses"
    document["interactions"][1]["response"]["status"] = {"code": 503}
    run = one_run("vcr_cassette", document)
    assert ([call.result for call in run.calls], run.outcome) == (["2"], "success")
    assert run.notes == ["interactions[1]: not a successful request to a known model"]


@pytest.mark.parametrize("missing", [4, 9])
def test_cut_body_is_noted(missing: int) -> None:
    """A compressed body whose end is missing is not read in part."""
    cut = base64.b64encode(gzip.compress(json.dumps(LAST).encode())[:-missing]).decode()
    run = one_run("vcr_cassette", exchanges({"body": {"string": json.dumps(FIRST)}}, {"body": {"string": cut}}))
    assert run.notes == ["interactions[1]: the response is not JSON"]


YAML = """
version: 1
interactions:
- request:
    uri: https://api.invalid/v1/messages
    headers: {{accept: a}}
    parsed_body:
      messages:
      - {{role: user, content: go}}
      - role: assistant
        content:
        - {{type: tool_use, id: a, name: note, input: {{hive: 1}}}}
        - {{type: tool_use, id: b, name: note, input: {value}}}
        - {{type: tool_use, id: c, name: note, input: {{hive: 3}}}}
      - role: user
        content:
        - {{type: tool_result, tool_use_id: a, content: ok}}
        - {{type: tool_result, tool_use_id: b, content: ok}}
        - {{type: tool_result, tool_use_id: c, content: ok}}
  response:
    status: {{code: 200}}
    parsed_body: {{role: assistant, content: [{{type: text, text: done}}]}}
"""


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("{hive: 1, hive: 2}", "the key 'hive' occurs twice"),
        ("{hive: .nan}", ".nan is not JSON"),
        ("{hive: -.Inf}", "-.Inf is not JSON"),
        ("{hive: [1, {deep: .inf}]}", ".inf is not JSON"),
        ("{hive: 1.5e999}", "too large"),
        ("{hive: 1.5e-999}", "would become 0"),
        (f"{{hive: {'1' * 5_000}}}", "5000 digits"),
        ("{hive: !!timestamp 2026-01-01 08:00:00}", "tag:yaml.org,2002:timestamp"),
        ("{hive: !!set {a, b}}", "tag:yaml.org,2002:set"),
        ("{hive: !!python/object:os.system {a: 1}}", "python/object"),
        ("{hive: !!int x}", "invalid literal"),
        ("{hive: {[a, b]: 1}}", "a key that is not a string"),
        ("{<<: 5, hive: 1}", "expected a mapping"),
    ],
)
def test_a_value_that_json_has_not_spoils_its_own_call(value: str, problem: str, tmp_path: Path) -> None:
    """The other calls are read, and a note names the value and its place."""
    pytest.importorskip("yaml")
    (path := tmp_path / "cassette.yaml").write_text(YAML.format(value=value))

    (run,) = read(path)[1]

    assert [(call.id, call.arguments) for call in run.calls if call.id != "b"] == [
        ("a", {"hive": 1}),
        ("c", {"hive": 3}),
    ]
    assert isinstance(run.calls[1].arguments, str)
    (note,) = [note for note in run.notes if problem in note]
    assert note.startswith("interactions[0].request.parsed_body.messages[1].content[1].input")


@pytest.mark.parametrize("value", ["{hive: 2026-01-01}", "{hive: '.nan'}", "{hive: yes}"])
def test_what_yaml_1_2_reads_as_text_is_text(value: str, tmp_path: Path) -> None:
    """A date, a quoted text and ``yes`` spoil nothing."""
    pytest.importorskip("yaml")
    (path := tmp_path / "cassette.yaml").write_text(YAML.format(value=value))

    (run,) = read(path)[1]

    assert [type(call.arguments) for call in run.calls] == [dict] * 3
    assert run.notes == []


def test_a_value_outside_of_calls_spoils_none(tmp_path: Path) -> None:
    """A repeated header is in a note, and every call is read."""
    pytest.importorskip("yaml")
    text = YAML.format(value="{hive: 2}").replace("{accept: a}", "{accept: a, accept: b}")
    (path := tmp_path / "cassette.yaml").write_text(text)

    (run,) = read(path)[1]

    assert [call.arguments for call in run.calls] == [{"hive": number} for number in (1, 2, 3)]
    assert ["the key 'accept' occurs twice" in note for note in run.notes] == [True]

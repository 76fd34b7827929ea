"""OpenAI Agents SDK traces."""

from __future__ import annotations

import copy
import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.model.run import Approval, Usage
from airflow_provider_vai.traces import formats as adapters_module
from airflow_provider_vai.traces.formats import read
from tests.paths import ROOT
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run, runs

SAMPLE = SAMPLES["openai_agents.json"]
NAME = "openai_agents"


def span(id: str, parent: str | None, second: int, **data: Any) -> dict[str, Any]:
    """Return a span that starts at a second and takes half of one."""
    error = data.pop("error", None)
    at = f"2026-01-01T09:00:{second:02}"
    return {
        "object": "trace.span",
        "id": id,
        "trace_id": "t",
        "parent_id": parent,
        "started_at": f"{at}.000000+00:00",
        "ended_at": f"{at}.500000+00:00",
        "span_data": data,
        "error": error,
    }


def tool(id: str, parent: str, second: int, output: Any = "text", **data: Any) -> dict[str, Any]:
    """Return a function span."""
    return span(id, parent, second, **{"type": "function", "name": "t", "input": '{"x": 1}', "output": output, **data})


def agent(id: str = "a", parent: str | None = None, second: int = 0, **data: Any) -> dict[str, Any]:
    """Return an agent span."""
    return span(id, parent, second, type="agent", name="Agent", **data)


def model(id: str, parent: str, second: int, **data: Any) -> dict[str, Any]:
    """Return a model request without content, as the Responses model exports it."""
    return span(id, parent, second, **{"type": "response", "response_id": "r", **data})


def without_content() -> list[dict[str, Any]]:
    """Return the sample in the form without sensitive data."""
    document: list[dict[str, Any]] = json.loads(json.dumps(SAMPLE))
    for found in document:
        if found.get("span_data", {}).get("type") == "generation":
            found["span_data"].update(input=None, output=None)
    return document


def test_sample_values() -> None:
    """Ids and batches come from the model's responses, denials from the input of the next request."""
    run = one_run(NAME, SAMPLE)
    assert (run.agent, run.title, run.model) == ("Gardener", "Garden", "scripted")
    assert run.usage == Usage(input_tokens=700, output_tokens=70)
    assert [turn.user_text for turn in run.turns] == ["Water what is dry."]
    assert [call.id for call in run.calls] == ["c1", "c2", "c3", "w1", "c4", "c5", "c6"]
    find, soil, ask, inner, water, fell, visit = run.calls
    assert find.result == [{"plot": "north-1", "dry": True}, {"plot": "north-2", "dry": False}]
    assert (soil.error or "").startswith("Error running tool (non-fatal): Tool execution failed")
    assert (ask.result, inner.parent_id, inner.result) == ("It stays dry.", "c3", None)
    assert (water.result, water.approval.note) == ({"plot": "north-1", "litres": 10}, "it ran after a pause")
    assert (fell.arguments, fell.approval) == (None, Approval(state="denied", note="The oak stays."))
    assert (visit.arguments, visit.result) == ({"plot": "north-2"}, None)
    assert all(call.started_at and call.ended_at for call in run.calls if call is not fell)
    assert run.notes == ["[24]: Gardener handed off to Clerk"]


def test_sample_without_content() -> None:
    """Without the model's content, a call without output stays unknown: it was denied, or the tool returns nothing."""
    run = one_run(NAME, without_content())
    assert [(call.tool, call.batch, call.outcome, call.approval.state) for call in run.calls] == [
        ("find_plots", 0, "success", "unknown"),
        ("soil_test", 0, "failed", "unknown"),
        ("ask_weather", 1, "success", "unknown"),
        ("log_visit", 2, "unknown", "unknown"),
        ("water", 3, "success", "approved"),
        ("fell_tree", 3, "unknown", "unknown"),
        ("log_visit", 3, "unknown", "unknown"),
    ]
    assert sum("no output: the call waited" in note for note in run.notes) == 3
    assert run.calls[3].parent_id == run.calls[2].id
    assert run.turns[0].user_text is None


def test_order_and_repetition_do_not_matter() -> None:
    """Spans are exported when they end, sometimes twice, or once without an end."""
    unfinished = [{**found, "ended_at": None} for found in SAMPLE if found["object"] == "trace.span"]
    for document in (SAMPLE[::-1], SAMPLE + SAMPLE, unfinished + SAMPLE, SAMPLE + unfinished):
        assert one_run(NAME, document).calls == one_run(NAME, SAMPLE).calls


def test_batches_of_the_exporter_and_several_traces(tmp_path: Path) -> None:
    """A batch is an object with ``data``; each trace is a run, even if it is in several files."""
    other = [{**found, "trace_id": "u", "id": f"u-{found['id']}"} for found in [agent(), tool("f", "a", 1)]]
    document = [{"data": SAMPLE}, {"data": [agent(), tool("f", "a", 1), *other]}]
    assert [run.id for run in runs(NAME, document)] == ["trace_0001", "t", "u"]
    assert adapter(NAME).line_key(document[1]) == ["t", "u"]  # type: ignore[attr-defined]
    lines = tmp_path / "trace.jsonl"
    lines.write_text("".join(json.dumps(found) + "\n" for found in SAMPLE))
    (run,) = read(lines)[1]
    assert (run.format, run.calls) == (NAME, one_run(NAME, SAMPLE).calls)


def test_batches_without_turns() -> None:
    """Older versions have no turn spans: the newest model request separates the batches."""
    document = [
        agent(),
        model("m1", "a", 1),
        tool("f1", "a", 2),
        tool("f2", "a", 3),
        model("m2", "a", 4),
        tool("f3", "a", 5),
    ]
    assert [(call.id, call.batch) for call in one_run(NAME, document).calls] == [("f1", 0), ("f2", 0), ("f3", 1)]


def test_a_pause_is_one_call() -> None:
    """The call without output and that of the resumed run are one; two equal calls with one parent are two."""
    paused = [agent(), model("m1", "a", 1), tool("f1", "a", 2, None), agent("b", None, 5), tool("f2", "b", 6)]
    (call,) = one_run(NAME, paused).calls
    assert (call.id, call.outcome, call.approval.state) == ("f1", "success", "approved")
    alike = [agent(), model("m1", "a", 1), tool("f1", "a", 2, None), tool("f2", "a", 3)]
    assert [call.outcome for call in one_run(NAME, alike).calls] == ["unknown", "success"]
    with_request = [*paused[:4], model("m2", "b", 5), tool("f2", "b", 6)]
    assert [call.outcome for call in one_run(NAME, with_request).calls] == ["unknown", "success"]
    twice = [*paused[:4], tool("f2", "b", 6, None), agent("c", None, 7), tool("f3", "c", 8)]
    assert [call.outcome for call in one_run(NAME, twice).calls] == ["success"]


def test_an_agent_that_paused_was_not_itself_approved() -> None:
    """A pause inside an agent's call also pauses that call, but the decision is about the inner one."""
    first = [
        agent(),
        model("m", "a", 1),
        tool("f1", "a", 2, None, name="ask"),
        agent("n", "f1", 2),
        tool("g1", "n", 3, None),
    ]
    again = [agent("b", None, 5), tool("f2", "b", 6, name="ask"), agent("o", "f2", 6), tool("g2", "o", 7)]
    outer, inner = one_run(NAME, first + again).calls
    assert (outer.tool, outer.approval.state, outer.outcome) == ("ask", "unknown", "success")
    assert (inner.parent_id, inner.approval.state, inner.outcome) == (outer.id, "approved", "success")


def test_chat_model_responses_have_ids_and_texts() -> None:
    """Models of the chat API put messages into their spans; a new user text is a new turn."""
    answer = [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "t", "arguments": '{"x":1}'}}]}]
    first = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "Go."}]}]
    input_messages = [
        *first,
        *answer,
        {"role": "tool", "tool_call_id": "c", "content": "None"},
        {"role": "user", "content": "On."},
    ]
    document = [
        agent(),
        span("m1", "a", 1, type="generation", input=first, output=answer, model="gpt"),
        tool("f1", "a", 2, None),
        span("m2", "a", 3, type="generation", input=input_messages, output=[], model="gpt"),
        tool("f2", "a", 4, input="{}"),
    ]
    run = one_run(NAME, document)
    assert [(call.id, call.turn, call.outcome) for call in run.calls] == [("c", 0, "success"), ("f2", 1, "success")]
    assert ([turn.user_text for turn in run.turns], run.system_text) == (["Go.", "On."], "Be brief.")


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        ([model("m2", "a", 5)], "success"),
        ([], "unknown"),
        ([{**model("m2", "a", 5), "ended_at": None}, {**agent(), "ended_at": None, "id": "b"}], "unknown"),
        ([agent("b", None, 6, error={"message": "Max turns exceeded", "data": {}})], "failed"),
    ],
)
def test_outcome_of_the_run(end: list[dict[str, Any]], outcome: str) -> None:
    """Success needs agents that ended without an error and a model request at the end."""
    assert one_run(NAME, [agent(), model("m1", "a", 1), tool("f", "a", 2), *end]).outcome == outcome


def test_mcp_server_and_odd_errors() -> None:
    """The server is in ``mcp_data``; an error may be any value."""
    document = [
        agent(),
        tool("f1", "a", 1, mcp_data={"server": "garden"}),
        tool("f2", "a", 2, error="broken"),
        tool("f3", "a", 3, None, error={"message": None, "data": [1]}, input=None),
    ]
    first, second, third = one_run(NAME, document).calls
    assert first.server == "garden"
    assert (second.outcome, second.error) == ("failed", "broken")
    assert (third.outcome, third.arguments) == ("failed", {})


def test_other_spans_are_noted() -> None:
    """Handoffs, custom spans and objects that are not spans are noted with their place."""
    document = [
        agent(),
        span("x", "a", 1, type="custom", name="lookup", data={"k": 1}),
        {"object": "tea"},
        span("g", "a", 2, type="guardrail", name="g", triggered=True),
    ]
    assert one_run(NAME, document).notes == [
        "[2]: neither a trace nor a span",
        "[1]: unknown span 'custom' lookup",
        "[3]: the guardrail g stopped the run or the call",
    ]


def test_cycles_of_parents_end() -> None:
    """Spans that are each other's parents cause no endless loop."""
    assert len(one_run(NAME, [tool("f", "g", 1), tool("g", "f", 2)]).calls) == 2


def test_broken_span_names_its_place() -> None:
    """A span without an id or a tool without a name is malformed."""
    with pytest.raises(MalformedTrace, match=r"file\.json: \[0\]\.id: expected text"):
        one_run(NAME, [{**agent(), "id": None}])
    with pytest.raises(MalformedTrace, match=r"file\.json: \[1\]\.span_data\.name: expected text"):
        one_run(NAME, [agent(), tool("f", "a", 1, name=None)])


@pytest.mark.parametrize("document", [[], {}, None, "trace", [{"object": "list"}], {"data": [{"object": "response"}]}])
def test_other_documents_are_not_recognised(document: Any) -> None:
    """Only exported traces and spans are."""
    assert not adapter(NAME).accepts(document)


def test_a_new_recording_reads_the_same(tmp_path: Path) -> None:
    """The samples come from the SDK itself, by dev/record/openai_agents.py; its newest version agrees."""
    pytest.importorskip("agents")
    script = runpy.run_path(str(ROOT / "dev" / "record" / "openai_agents.py"))
    script["main"](tmp_path)
    for name in (NAME, "openai_run_state"):
        found = one_run(name, json.loads((tmp_path / f"{name}.json").read_text()))
        assert found.calls == one_run(name, SAMPLES[f"{name}.json"]).calls
    items = one_run("openai_responses", json.loads((tmp_path / "openai_agents_items.json").read_text()))
    state = one_run("openai_run_state", SAMPLES["openai_run_state.json"])
    assert [call.id for call in items.calls] == [call.id for call in state.calls]
    fell = items.calls[4]
    assert (fell.tool, fell.result, fell.outcome) == ("fell_tree", "The oak stays.", "success")  # items have no mark


def test_a_large_file_is_read_run_by_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are grouped by their trace, whatever their order."""
    monkeypatch.setattr(adapters_module, "LARGE", 1)
    other = [agent(), tool("f", "a", 1)]
    mixed = [*SAMPLE[:9], other[0], *SAMPLE[9:], other[1]]
    lines = tmp_path / "trace.jsonl"
    lines.write_text("".join(json.dumps(found) + "\n" for found in mixed))
    found = {run.id: run for run in read(lines)[1]}
    assert found.keys() == {"trace_0001", "t"}
    assert found["trace_0001"].calls == one_run(NAME, SAMPLE).calls


def test_calls_of_a_message_stay_in_the_order_of_the_proposals() -> None:
    """The tool that the model named first may start last."""
    document = copy.deepcopy(SAMPLE)
    spans = {found["span_data"].get("name"): found for found in document if found["object"] == "trace.span"}
    first, second = spans["find_plots"], spans["soil_test"]
    first["started_at"], second["started_at"] = "2026-01-01T09:00:05.9+00:00", "2026-01-01T09:00:05.1+00:00"
    first["ended_at"] = second["ended_at"] = "2026-01-01T09:00:06+00:00"
    assert [call.id for call in one_run(NAME, document).calls][:2] == ["c1", "c2"]

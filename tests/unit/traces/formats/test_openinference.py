"""OpenInference spans."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_vai.model.run import Usage
from tests.unit.traces.formats.support import SAMPLES, adapter, one_run
from tests.unit.traces.formats.test_otel_genai import otlp, span

SAMPLE = SAMPLES["openinference.json"]


def test_sample_joins_messages_and_tools_without_ids() -> None:
    """A tool's span has no call id; an edit shows as a difference from the proposed arguments."""
    run = one_run("openinference", SAMPLE)
    assert [(call.id, call.proposed_arguments, call.arguments, call.result, call.error) for call in run.calls] == [
        ("r1", {"side": "north"}, {"side": "north"}, {"moss": 3}, None),
        ("r2", {"side": "nord"}, {"side": "nord"}, None, "ValueError: no side nord"),
        ("r3", {"side": "north", "days": 2}, {"side": "north", "days": 1}, "booked", None),
    ]
    assert (run.agent, run.system_text) == ("roofer", "Look after roofs.")
    assert run.usage == Usage(input_tokens=90, output_tokens=23)
    assert run.notes == []


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """Return nested attributes under dotted names, as they are exported."""
    if isinstance(value, dict) and value:
        pairs = [flat(item, f"{name}.{key}" if name else key) for key, item in value.items()]
    elif isinstance(value, list):
        pairs = [flat(item, f"{name}.{index}") for index, item in enumerate(value)]
    else:
        return {name: value}
    return {key: item for pair in pairs for key, item in pair.items()}


def on_the_wire() -> Any:
    """Return the sample as OTLP JSON."""
    starts = {
        item["context"]["span_id"]: number
        for number, item in enumerate(sorted(SAMPLE, key=lambda item: item["start_time"]))
    }
    return otlp(
        *[
            span(
                item["context"]["span_id"],
                starts[item["context"]["span_id"]] * 10,
                item["parent_id"] or "",
                name=item["name"],
                status={"code": 2 if item["status_code"] == "ERROR" else 1, "message": item["status_message"]},
                attributes=flat(item["attributes"]),
            )
            for item in SAMPLE
        ]
    )


def dataframe() -> Any:
    """Return the sample as rows of a data frame of spans."""
    return [
        {
            "name": item["name"],
            "context.span_id": item["context"]["span_id"],
            "context.trace_id": "5ea1",
            "parent_id": item["parent_id"],
            "start_time": item["start_time"],
            "status_code": item["status_code"],
            "status_message": item["status_message"],
            **{f"attributes.{key}": value for key, value in flat(item["attributes"]).items()},
        }
        for item in SAMPLE
    ]


@pytest.mark.parametrize("document", [on_the_wire(), dataframe(), {"data": SAMPLE}], ids=["otlp", "rows", "api"])
def test_every_export_reads_as_the_same_calls(document: Any) -> None:
    """OTLP JSON, a data frame's rows, the server's response."""
    assert adapter("openinference").accepts(document)
    assert not adapter("otel_genai").accepts(document)
    calls = [
        call.model_copy(update={"started_at": None, "ended_at": None})
        for call in one_run("openinference", SAMPLE).calls
    ]
    found = [
        call.model_copy(update={"started_at": None, "ended_at": None})
        for call in one_run("openinference", document).calls
    ]
    assert found == calls


def test_contents_are_read() -> None:
    """A message may hold its text as a list of contents."""
    message = {"message": {"role": "user", "contents": [{"message_content": {"type": "text", "text": "look"}}]}}
    model = {"openinference.span.kind": "LLM", "llm.input_messages": json.dumps([message])}
    assert one_run("openinference", otlp(span("m", 0, attributes=model))).turns[0].user_text == "look"

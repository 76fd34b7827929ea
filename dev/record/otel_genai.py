"""Record ``tests/traces/otel_genai.json``: a scripted model, real tools, real spans of pydantic-ai. No network.

Run it with pydantic-ai and the OpenTelemetry SDK installed::

    python dev/record/otel_genai.py tests/traces/otel_genai.json
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import recording
from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic_ai import Agent, DeferredToolRequests, DeferredToolResults, ModelRetry, ToolApproved, ToolDenied
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.models.instrumented import InstrumentationSettings

IDS = {"traceId", "spanId", "parentSpanId"}
SCHEMAS = {"gen_ai.tool.definitions", "logfire.json_schema"}
"""Attributes that are left out: they are long and say nothing about the run."""


def model(name: str, *responses: list[Any]) -> FunctionModel:
    """Return a model that returns these responses, one after the other."""
    left: Iterator[list[Any]] = iter(responses)
    return FunctionModel(lambda messages, info: ModelResponse(parts=next(left)), model_name=name)


def scout() -> Agent[None, str]:
    """Return the agent that the other agent asks."""
    agent = Agent(
        model("scripted", [ToolCallPart("probe", {"spot": "B2"}, "c7")], [TextPart("B2 is dry")]), name="scout"
    )

    @agent.tool_plain
    def probe(spot: str) -> dict[str, Any]:
        return {"spot": spot, "moisture": 12}

    return agent


def gardener() -> Agent[None, Any]:
    """Return the agent; its tools need approval, fail, or ask another agent."""
    script = model(
        "scripted",
        [ToolCallPart("list_beds", {"row": 1}, "c1"), ToolCallPart("list_beds", {"row": 2}, "c2")],
        [ToolCallPart("forecast", {"day": "tomorow"}, "c3")],
        [ToolCallPart("forecast", {"day": "tomorrow"}, "c4")],
        [ToolCallPart("ask_scout", {"question": "is B2 dry?"}, "c5")],
        [
            ToolCallPart("water", {"bed": "B1", "litres": 5}, "c8"),
            ToolCallPart("water", {"bed": "B2", "litres": 50}, "c9"),
            ToolCallPart("water", {"bed": "B3", "litres": 7}, "c10"),
        ],
        [TextPart("Two beds are watered.")],
    )
    agent = Agent(script, name="gardener", instructions="Keep the beds alive.", output_type=[str, DeferredToolRequests])

    @agent.tool_plain
    def list_beds(row: int) -> list[str]:
        return [f"A{row}", f"B{row}"]

    @agent.tool_plain
    def forecast(day: str) -> str:
        if day != "tomorrow":
            raise ModelRetry(f"no such day: {day}")
        return "sunny"

    @agent.tool_plain
    async def ask_scout(question: str) -> str:
        return (await scout().run(question)).output

    @agent.tool_plain(requires_approval=True)
    def water(bed: str, litres: int) -> dict[str, Any]:
        return {"bed": bed, "litres": litres, "done": True}

    return agent


def main(path: Path) -> None:
    """Run the agents up to the approvals, decide, run them to the end, and write the spans."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    Agent.instrument_all(InstrumentationSettings(tracer_provider=provider, version=5))
    agent = gardener()
    asked = agent.run_sync("Water what is dry.")
    decisions = {
        "c8": ToolApproved(),
        "c9": ToolApproved(override_args={"bed": "B2", "litres": 9}),
        "c10": ToolDenied("B3 is wet"),
    }
    agent.run_sync(message_history=asked.all_messages(), deferred_tool_results=DeferredToolResults(approvals=decisions))
    document = MessageToDict(encode_spans(exporter.get_finished_spans()))
    for span in document["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for name in IDS & span.keys():  # protobuf writes base64, OTLP JSON wants hex
            span[name] = base64.b64decode(span[name]).hex()
        span["attributes"] = [item for item in span["attributes"] if item["key"] not in SCHEMAS]
    recording.write(path, document)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

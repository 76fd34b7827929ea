"""The script's agent in the OpenAI Agents SDK, with the Responses API as its default is."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from agents import Agent, RunConfig, Runner, add_trace_processor, function_tool, set_trace_processors
from agents.models.openai_responses import OpenAIResponsesModel
from agents.tracing import TracingProcessor
from openai import AsyncOpenAI
from script import REQUEST, SYSTEM, TOOLS, is_denied

ASKS = True
TRACERS = {
    "openinference": "openinference.instrumentation.openai_agents:OpenAIAgentsInstrumentor",
    "openllmetry": "opentelemetry.instrumentation.openai_agents:OpenAIAgentsInstrumentor",
    "mlflow": "mlflow.openai:autolog",
    "langsmith": "with_openai_agents:langsmith",
}


class Exports(TracingProcessor):
    """Keeps the traces and spans that a processor would send, in the order in which they ended."""

    def __init__(self) -> None:
        self.objects: list[Any] = []

    def on_trace_start(self, trace: Any) -> None:
        """Keep the trace."""
        self.objects.append(trace.export())

    def on_span_end(self, span: Any) -> None:
        """Keep the span."""
        self.objects.append(span.export())

    def on_trace_end(self, trace: Any) -> None:
        """Ignore it."""

    def on_span_start(self, span: Any) -> None:
        """Ignore it."""

    def shutdown(self) -> None:
        """Ignore it."""

    def force_flush(self) -> None:
        """Ignore it."""


def langsmith(client: Any) -> None:
    """Send the SDK's traces to LangSmith's client."""
    from langsmith.integrations.openai_agents_sdk import OpenAIAgentsTracingProcessor

    set_trace_processors([OpenAIAgentsTracingProcessor(client)])


async def _run(url: str) -> dict[str, Any]:
    model = OpenAIResponsesModel("scripted", AsyncOpenAI(base_url=url, api_key="none"))
    tools = [function_tool(tool, needs_approval=tool.__name__ == "water") for tool in TOOLS]
    agent = Agent(name="Gardener", instructions=SYSTEM, tools=tools, model=model)
    config = RunConfig(workflow_name="Garden", group_id="thread-1")
    paused = await Runner.run(agent, REQUEST, run_config=config)
    state = paused.to_state()
    for item in paused.interruptions:
        arguments = json.loads(item.arguments)
        if is_denied(arguments):
            state.reject(item)
        else:
            state.approve(item)
    done = await Runner.run(agent, state, run_config=config)
    return {"state": done.to_state().to_json(), "items": done.to_input_list()}


def run(url: str) -> dict[str, Any]:
    """Run the agent up to its pause, decide, and run it to its end."""
    exports = Exports()
    add_trace_processor(exports)
    return {**asyncio.run(_run(url)), "spans": exports.objects}

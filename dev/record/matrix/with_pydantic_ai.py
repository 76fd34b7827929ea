"""The script's agent in pydantic-ai."""

from __future__ import annotations

from typing import Any

from openai import AsyncOpenAI
from pydantic_ai import Agent, DeferredToolRequests, DeferredToolResults, ModelRetry, Tool, ToolApproved, ToolDenied
from pydantic_ai.messages import ModelMessagesTypeAdapter
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from script import DENIAL, REQUEST, SYSTEM, book_pump, is_denied, read_soil, water, write_note

ASKS = True
TRACERS = {
    "otel_genai": "with_pydantic_ai:instrument",
    "openinference": "openinference.instrumentation.pydantic_ai:OpenInferenceSpanProcessor,with_pydantic_ai:instrument",
    "mlflow": "mlflow.pydantic_ai:autolog",
}


def instrument(provider: Any) -> None:
    """Switch on pydantic-ai's own spans."""
    from pydantic_ai.models.instrumented import InstrumentationSettings

    Agent.instrument_all(InstrumentationSettings(tracer_provider=provider))


def pump(hours: int) -> dict[str, Any]:
    """Book the pump; fails without hours."""
    try:
        return book_pump(hours)
    except ValueError as error:
        raise ModelRetry(str(error)) from error


def run(url: str) -> dict[str, Any]:
    """Run the agent up to its pause, decide, and run it to its end."""
    provider = OpenAIProvider(openai_client=AsyncOpenAI(base_url=url, api_key="none"))
    tools = [Tool(read_soil), Tool(pump, name="book_pump"), Tool(water, requires_approval=True), Tool(write_note)]
    agent = Agent(
        OpenAIChatModel("scripted", provider=provider),
        name="gardener",
        instructions=SYSTEM,
        tools=tools,
        output_type=[str, DeferredToolRequests],
    )
    paused = agent.run_sync(REQUEST)
    asked = paused.output.approvals
    decisions = {
        call.tool_call_id: ToolDenied(DENIAL) if is_denied(call.args_as_dict()) else ToolApproved() for call in asked
    }
    results = DeferredToolResults(approvals=decisions)
    done = agent.run_sync(message_history=paused.all_messages(), deferred_tool_results=results)
    return {"messages": ModelMessagesTypeAdapter.dump_python(done.all_messages(), mode="json")}

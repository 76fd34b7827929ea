"""The script's agent in smolagents: a ``ToolCallingAgent``."""

from __future__ import annotations

from typing import Any

from script import REQUEST, SYSTEM, TOOLS
from smolagents import OpenAIModel, ToolCallingAgent, tool

ASKS = False
FINAL_TOOL = "final_answer"
TRACERS = {
    "openinference": "openinference.instrumentation.smolagents:SmolagentsInstrumentor",
    "mlflow": "mlflow.smolagents:autolog",
}


def run(url: str) -> dict[str, Any]:
    """Run the agent."""
    model = OpenAIModel("scripted", api_base=url, api_key="none")
    agent = ToolCallingAgent([tool(found) for found in TOOLS], model, instructions=SYSTEM, max_tool_threads=2)
    agent.run(REQUEST)
    return {"memory": agent.memory.get_full_steps()}

"""The script's agent in Agno."""

from __future__ import annotations

from typing import Any

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.models.openai import OpenAIChat
from agno.tools import tool
from script import REQUEST, SYSTEM, TOOLS, is_denied

ASKS = True
TRACERS = {
    "openinference": "openinference.instrumentation.agno:AgnoInstrumentor",
    "openllmetry": "opentelemetry.instrumentation.agno:AgnoInstrumentor",
    "mlflow": "mlflow.agno:autolog",
}


def run(url: str) -> dict[str, Any]:
    """Run the agent up to its pause, decide, and run it to its end."""
    model = OpenAIChat("scripted", base_url=url, api_key="none")
    tools = [tool(requires_confirmation=found.__name__ == "water")(found) for found in TOOLS]
    agent = Agent(model=model, name="gardener", instructions=SYSTEM, tools=tools, db=InMemoryDb(), telemetry=False)
    paused = agent.run(REQUEST)
    for waiting in paused.tools_requiring_confirmation:
        waiting.confirmed = not is_denied(waiting.tool_args)
    done = agent.continue_run(run_response=paused)
    return {"run": done.to_dict()}

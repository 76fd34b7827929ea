"""The script's agent in Strands Agents."""

from __future__ import annotations

from typing import Any

from script import DENIAL, REQUEST, SYSTEM, TOOLS, is_denied
from strands import Agent, tool
from strands.hooks import BeforeToolCallEvent, HookProvider, HookRegistry
from strands.models.openai import OpenAIModel

ASKS = True
TRACERS = {
    "otel_genai": "",
    "openinference": "openinference.instrumentation.strands_agents:StrandsAgentsToOpenInferenceProcessor",
    "mlflow": "mlflow.strands:autolog",
}


class Decisions(HookProvider):
    """The person who decides."""

    def register_hooks(self, registry: HookRegistry, **_: Any) -> None:
        """Ask before each call."""
        registry.add_callback(BeforeToolCallEvent, self.decide)

    def decide(self, event: BeforeToolCallEvent) -> None:
        """Cancel the call that is denied."""
        if is_denied(event.tool_use["input"]):
            event.cancel_tool = DENIAL


def run(url: str) -> dict[str, Any]:
    """Run the agent."""
    model = OpenAIModel(client_args={"base_url": url, "api_key": "none"}, model_id="scripted")
    tools = [tool(found) for found in TOOLS]
    agent = Agent(model, tools=tools, system_prompt=SYSTEM, hooks=[Decisions()], callback_handler=None)
    agent(REQUEST)
    return {"messages": agent.messages}

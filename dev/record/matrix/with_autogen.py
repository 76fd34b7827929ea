"""The script's agent in AutoGen: an ``AssistantAgent``."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from autogen_agentchat.agents import AssistantAgent
from autogen_ext.models.openai import OpenAIChatCompletionClient
from script import REQUEST, SYSTEM, TOOLS

ASKS = False
TRACERS = {
    "otel_genai": "",
    "openinference": "openinference.instrumentation.autogen_agentchat:AutogenAgentChatInstrumentor",
    "mlflow": "mlflow.autogen:autolog",
}


async def _run(url: str) -> dict[str, Any]:
    info: Any = {"vision": False, "function_calling": True, "json_output": True, "family": "unknown"}
    info["structured_output"] = True
    client = OpenAIChatCompletionClient(model="scripted", base_url=url, api_key="none", model_info=info)
    agent = AssistantAgent("gardener", client, tools=TOOLS, system_message=SYSTEM, max_tool_iterations=9)
    result = await agent.run(task=REQUEST)
    state = await agent.save_state()
    return {"messages": [json.loads(message.model_dump_json()) for message in result.messages], "state": dict(state)}


def run(url: str) -> dict[str, Any]:
    """Run the agent."""
    return asyncio.run(_run(url))

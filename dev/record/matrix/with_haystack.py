"""The script's agent in Haystack."""

from __future__ import annotations

import os
from typing import Any

os.environ |= {"HAYSTACK_CONTENT_TRACING_ENABLED": "true", "HAYSTACK_TELEMETRY_ENABLED": "false"}

from haystack import Pipeline
from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.tools import create_tool_from_function
from haystack.utils import Secret
from script import REQUEST, SYSTEM, TOOLS

ASKS = False
TRACERS = {
    "openinference": "openinference.instrumentation.haystack:HaystackInstrumentor",
}


def run(url: str) -> dict[str, Any]:
    """Run the agent in a pipeline."""
    generator = OpenAIChatGenerator(Secret.from_token("none"), "scripted", api_base_url=url)
    tools = [create_tool_from_function(found) for found in TOOLS]
    agent = Agent(chat_generator=generator, tools=tools, system_prompt=SYSTEM)
    pipeline = Pipeline()
    pipeline.add_component("gardener", agent)
    result = pipeline.run({"gardener": {"messages": [ChatMessage.from_user(REQUEST)]}})
    messages = result["gardener"]["messages"]
    return {
        "messages": [message.to_dict() for message in messages],
        "openai": [message.to_openai_dict_format() for message in messages],
    }

"""The script's agent in Microsoft's Agent Framework."""

from __future__ import annotations

import asyncio
from typing import Any

from agent_framework import Agent, Message, tool
from agent_framework.openai import OpenAIChatCompletionClient
from script import REQUEST, SYSTEM, TOOLS, is_denied

ASKS = True
TRACERS = {"otel_genai": "with_agent_framework:instrument"}


def instrument(provider: Any) -> None:
    """Switch on the framework's own spans."""
    from agent_framework.observability import enable_instrumentation

    enable_instrumentation(enable_sensitive_data=True)


async def _run(url: str) -> dict[str, Any]:
    client = OpenAIChatCompletionClient(model="scripted", base_url=url, api_key="none")
    tools = [
        tool(found, approval_mode="always_require" if found.__name__ == "water" else "never_require") for found in TOOLS
    ]
    agent = Agent(client, SYSTEM, name="gardener", tools=tools)
    session = agent.create_session()
    result = await agent.run(REQUEST, session=session)
    decisions = []
    for asked in result.user_input_requests:
        call = asked.function_call
        decisions.append(asked.to_function_approval_response(approved=not is_denied(call.parse_arguments())))
    await agent.run(Message("user", decisions), session=session)
    return {"session": session.to_dict()}


def run(url: str) -> dict[str, Any]:
    """Run the agent up to its pause, decide, and run it to its end."""
    return asyncio.run(_run(url))

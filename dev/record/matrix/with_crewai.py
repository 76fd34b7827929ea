"""The script's agent in CrewAI: a crew of one agent with one task."""

from __future__ import annotations

import os
from typing import Any

from script import REQUEST, SYSTEM, TOOLS

os.environ |= {"CREWAI_DISABLE_TELEMETRY": "true", "CREWAI_TRACING_ENABLED": "false", "OTEL_SDK_DISABLED": "false"}

from crewai import LLM, Agent, Crew, Task
from crewai.tools import tool

ASKS = False
TRACERS = {
    "openinference": "openinference.instrumentation.crewai:CrewAIInstrumentor",
    "openllmetry": "opentelemetry.instrumentation.crewai:CrewAIInstrumentor",
}


def run(url: str) -> dict[str, Any]:
    """Run the crew."""
    llm = LLM(model="openai/gpt-4o", base_url=url, api_key="none")
    tools = [tool(found.__name__)(found) for found in TOOLS]
    agent = Agent(role="gardener", goal=SYSTEM, backstory="None.", llm=llm, tools=tools, cache=False)
    task = Task(description=REQUEST, expected_output="What was done.", agent=agent)
    done = Crew(agents=[agent], tasks=[task], cache=False).kickoff()
    return {"messages": done.tasks_output[0].messages}

"""The rows of the matrix: what each framework needs installed, and the ways in which it is exported."""

from __future__ import annotations

from dataclasses import dataclass

SPANS = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-common")
TRACERS = {"mlflow": ("mlflow-skinny", "pandas"), "langsmith": ("langsmith",), "langfuse": ("langfuse",)}


@dataclass(frozen=True)
class Framework:
    """A framework: its ``packages``, the short names of its instrumentations, its own dumps and its other exports."""

    packages: str
    own: str
    ways: str
    openinference: str = ""
    openllmetry: str = ""

    @property
    def exports(self) -> tuple[str, ...]:
        """The exports, each a fixture."""
        return tuple(f"{self.own} {self.ways}".split())

    @property
    def requirements(self) -> list[str]:
        """The packages to install."""
        found = [*SPANS, *self.packages.split()]
        found += [package for way in self.exports for package in TRACERS.get(way, ())]
        if self.openinference:
            found.append(f"openinference-instrumentation-{self.openinference}")
        if self.openllmetry:
            found.append(f"opentelemetry-instrumentation-{self.openllmetry}")
        return found


FRAMEWORKS = {
    "langgraph": Framework(
        "langchain langgraph langchain-openai",
        "checkpoints messages",
        "openinference openllmetry mlflow langsmith langfuse",
        "langchain",
        "langchain",
    ),
    "openai_agents": Framework(
        "openai-agents",
        "spans state items",
        "openinference openllmetry mlflow langsmith",
        "openai-agents",
        "openai-agents",
    ),
    "pydantic_ai": Framework("pydantic-ai-slim[openai]", "messages", "otel_genai openinference mlflow", "pydantic-ai"),
    "llama_index": Framework(
        "llama-index-core llama-index-llms-openai-like",
        "memory",
        "openinference openllmetry mlflow",
        "llama-index",
        "llamaindex",
    ),
    "smolagents": Framework("smolagents openai", "memory", "openinference mlflow", "smolagents"),
    "crewai": Framework("crewai", "messages", "openinference openllmetry", "crewai", "crewai"),
    "google_adk": Framework("google-adk", "session", "otel_genai openinference", "google-adk"),
    "strands": Framework(
        "strands-agents[openai,otel]", "messages", "otel_genai openinference mlflow", "strands-agents"
    ),
    "autogen": Framework(
        "autogen-agentchat autogen-ext[openai]",
        "messages state",
        "otel_genai openinference mlflow",
        "autogen-agentchat",
    ),
    "agent_framework": Framework("agent-framework-core agent-framework-openai", "session", "otel_genai"),
    "haystack": Framework("haystack-ai", "messages openai", "openinference", "haystack"),
    "agno": Framework("agno openai", "run", "openinference openllmetry mlflow", "agno", "agno"),
    "dspy": Framework("dspy", "trajectory", "openinference mlflow", "dspy"),
}

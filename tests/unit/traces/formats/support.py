"""Helpers of the adapter tests: traces made in memory, the sample files, short forms of calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from airflow_provider_vai.model.run import Run, ToolCall
from airflow_provider_vai.traces.formats import adapters
from airflow_provider_vai.traces.reading.trace import Adapter, Trace
from tests.paths import TRACES

SAMPLES = {path.name: json.loads(path.read_text()) for path in sorted(TRACES.glob("*.json"))}
NAMES = {
    "opik.json": "opik",
    "braintrust.json": "braintrust",
    "weave.json": "weave",
    "datadog.json": "datadog",
    "autogen.json": "autogen",
    "agent_framework.json": "agent_framework",
    "semantic_kernel.json": "semantic_kernel",
    "haystack.json": "haystack",
    "dspy.json": "dspy",
    "letta.json": "letta",
    "smolagents.json": "smolagents",
    "vercel_model.json": "vercel_model",
    "bedrock_converse.json": "bedrock_converse",
    "gemini_cli.json": "gemini_cli",
    "opencode.json": "opencode",
    "goose.json": "goose",
    "copilot_cli.json": "copilot_cli",
    "vscode_chat.json": "vscode_chat",
    "cline.json": "cline",
    "codex_exec.json": "codex_exec",
    "codex.json": "codex",
    "n8n.json": "n8n",
    "open_webui.json": "open_webui",
    "librechat.json": "librechat",
    "claude_ai.json": "claude_ai",
    "chatgpt.json": "chatgpt",
    "agentdojo.json": "agentdojo",
    "anthropic_managed.json": "anthropic_managed",
    "anthropic_messages.json": "anthropic_messages",
    "atif.json": "atif",
    "google_adk.json": "google_adk",
    "google_adk_recorded.json": "google_adk",
    "inspect_ai.json": "inspect_ai",
    "langchain.json": "langchain",
    "langchain_messages.json": "langchain",
    "langchain_per_call.json": "langchain",
    "langfuse.json": "langfuse",
    "langfuse_chatml.json": "langfuse_chatml",
    "langsmith.json": "langsmith",
    "mlflow.json": "mlflow",
    "openai_agents.json": "openai_agents",
    "openai_chat.json": "openai_chat",
    "openai_responses.json": "openai_responses",
    "openai_run_state.json": "openai_run_state",
    "openhands.json": "openhands",
    "openinference.json": "openinference",
    "otel_genai.json": "otel_genai",
    "pydantic_ai.json": "pydantic_ai",
    "swe_agent.json": "swe_agent",
    "tau2.json": "tau2",
    "vai_agent_run.json": "vai",
    "vai_chat_thread.json": "vai",
    "vcr_cassette.json": "vcr_cassette",
    "vercel_ui.json": "vercel_ui",
}


def adapter(name: str) -> Adapter:
    """Return the built-in adapter with this name."""
    return next(found for found in adapters() if found.name == name)


def trace(document: Any) -> Trace:
    """Return a trace ``file.json`` that holds ``document``, without a file on disk."""
    return Trace(Path("file.json"), json.dumps(document).encode())


def runs(name: str, document: Any) -> list[Run]:
    """Read a document with one adapter."""
    return list(adapter(name).runs(trace(document)))


def one_run(name: str, document: Any) -> Run:
    """Read a document that holds one run."""
    (run,) = runs(name, document)
    return run


def short(call: ToolCall) -> tuple[Any, ...]:
    """Return a call as ``tool, turn, batch, outcome, approval``."""
    return (call.tool, call.turn, call.batch, call.outcome, call.approval.state)

"""What the adapter tests share: traces made in memory, the sample files, short forms of calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from airflow_provider_vai.adapters import adapters
from airflow_provider_vai.adapters.base import Adapter, Trace
from airflow_provider_vai.run import Run, ToolCall

TRACES = Path(__file__).parents[2] / "traces"
SAMPLES = {path.name: json.loads(path.read_text()) for path in sorted(TRACES.glob("*.json"))}
NAMES = {
    "agentdojo.json": "agentdojo",
    "anthropic_messages.json": "anthropic_messages",
    "openai_chat.json": "openai_chat",
    "pydantic_ai.json": "pydantic_ai",
    "tau2.json": "tau2",
    "vai_agent_run.json": "vai",
    "vai_chat_thread.json": "vai",
}


def adapter(name: str) -> Adapter:
    """Return the built-in adapter of that name."""
    return next(found for found in adapters() if found.name == name)


def trace(document: Any) -> Trace:
    """Return a trace ``file.json`` that holds ``document``, without a file."""
    made = Trace(Path("file.json"))
    made.__dict__["content"] = json.dumps(document).encode()
    return made


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

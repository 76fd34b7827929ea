"""The argument models of the kinds that call a tool or an agent."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AliasChoices, Field

from airflow_provider_vai.model.behaviour import Effect
from airflow_provider_vai.model.kind_arguments import Arguments


class CallAgentArguments(Arguments):
    """One question to an agent. ``tools`` lists the tools that it may use; ``usage_limits`` are pydantic-ai's."""

    written_first = ("conn_id", "agent", "model_id", "system_prompt")

    question: str = Field(min_length=1, validation_alias=AliasChoices("question", "prompt", "task", "input"))
    conn_id: str = Field(min_length=1)
    agent: str | None = None
    model_id: str | None = None
    system_prompt: str | None = None
    tools: list[str] | None = None
    usage_limits: dict[str, int] | None = None


class McpToolArguments(Arguments):
    """One ``tools/call`` on an MCP server."""

    written_first = ("conn_id",)

    tool: str = Field(min_length=1)
    arguments: dict[str, Any]
    conn_id: str = Field(min_length=1)
    schema_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    effect: Effect | None = None


class PythonToolArguments(Arguments):
    """One call of an importable function, ``package.module:function``."""

    python_callable: str = Field(pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*$")
    arguments: dict[str, Any]
    source_sha256: str | None = None
    on_change: Literal["fail", "warn"] | None = None
    effect: Effect | None = None


class UnmappedToolArguments(Arguments):
    """A call of a tool that has no action kind yet."""

    tool: str
    arguments: dict[str, Any]

"""Run: what happened in one agent run or chat thread. It contains facts only; nothing is decided here.

Every trace adapter produces these models, and every later stage starts from them. ``vai inspect TRACE --json`` prints a
Run, and ``vai schema run`` prints the JSON Schema. The HTTP API writes the fields in camelCase (``by_alias``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from airflow_provider_vai.model.factories import new_list

ApprovalState = Literal["not_required", "approved", "edited", "denied", "unknown"]
Outcome = Literal["success", "failed", "denied", "interrupted", "unknown"]
RunOutcome = Literal["success", "failed", "unknown"]


class _Fact(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=AliasGenerator(serialization_alias=to_camel),
        defer_build=True,
    )


class Usage(_Fact):
    """What the run cost, summed over its model calls. A field is ``None`` if the trace does not record it."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


class Turn(_Fact):
    """One request of the user. ``index`` counts from 0. ``user_text`` is ``None`` if the trace does not contain it."""

    index: int
    user_text: str | None = None


class Approval(_Fact):
    """What the trace records about a person's decision on one call.

    ``not_required`` needs evidence in the trace. If the trace does not mention approvals, the state is ``unknown``.
    """

    state: ApprovalState = "unknown"
    by: str | None = None
    at: datetime | None = None
    note: str | None = None


class ToolCall(_Fact):
    """One tool call.

    ``proposed_arguments`` are the ones that the model asked for, ``arguments`` the ones that were executed. They are
    ``None`` if the call never ran, and text if they could not be parsed. ``result`` is the result, with JSON text
    parsed once. Calls of one assistant message share a ``batch``. ``server`` is the MCP server's name. ``parent_id`` is
    the id of the call (of a sub-agent or program) inside which this one was made. ``failed_by_result`` marks a failure
    that only the result's content reports, because the trace has no mark for it; ``result`` is kept.
    ``working_folder`` is the folder in which a coding agent was when it made the call.
    """

    id: str
    tool: str
    server: str | None = None
    turn: int = 0
    batch: int = 0
    parent_id: str | None = None
    working_folder: str | None = None
    actor: Literal["agent", "user"] = "agent"
    proposed_arguments: dict[str, Any] | str | None = None
    arguments: dict[str, Any] | str | None = None
    result: Any = None
    outcome: Outcome = "unknown"
    error: str | None = None
    failed_by_result: bool = False
    approval: Approval = Field(default_factory=Approval)  # a value would be built at import
    started_at: datetime | None = None
    ended_at: datetime | None = None


class Run(_Fact):
    """One agent run or chat thread in the common form.

    ``system_text`` is the instructions that the model was given. ``notes`` lists what the adapter could not read, each
    with its place in the file. ``title`` is the source's own name for the run or thread.
    """

    id: str
    source: Literal["agent_run", "chat_thread"]
    format: str
    title: str | None = None
    agent: str | None = None
    model: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: RunOutcome = "unknown"
    usage: Usage | None = None
    system_text: str | None = None
    turns: list[Turn] = Field(default_factory=new_list)
    calls: list[ToolCall] = Field(default_factory=new_list)
    notes: list[str] = Field(default_factory=new_list)

"""Decisions on calls that are recorded outside the OpenAI items: in a RunState's context, or in a Response's tools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, ToolCall
from airflow_provider_vai.traces.formats.openai.javascript_names import snake_keys
from airflow_provider_vai.traces.reading.values import as_list, as_object, text_or_none

NEVER_ASKED = Approval(state="not_required", note="the server's tools were allowed without approval")


class Decisions:
    """The decisions in a RunState's context: on single calls, and on all calls of a tool."""

    def __init__(self, context: dict[str, Any]) -> None:
        self.records = list(_records(context))

    def __call__(self, call: ToolCall) -> Approval:
        """Return the decision on a call: the one on its id, else the one on its tool, else the call's own."""
        for _, record in self.records:
            if call.id in as_list(record.get("approved")):
                return Approval(state="approved")
            if call.id in as_list(record.get("rejected")):
                note = as_object(record.get("rejection_messages")).get(call.id)
                return Approval(state="denied", note=text_or_none(note))
        for tool, record in self.records:
            if tool == call.tool and record.get("approved") is True:
                return Approval(state="approved", note="all calls of this tool were approved")
            if tool == call.tool and record.get("rejected") is True:
                return Approval(state="denied", note=text_or_none(record.get("sticky_rejection_message")))
        return call.approval


class McpRules:
    """Which hosted MCP tools run without approval, by the tools that Responses list."""

    def __init__(self, responses: Iterable[dict[str, Any]]) -> None:
        self.rules: dict[str | None, Any] = {}
        for response in responses:
            for tool in as_list(response.get("tools")):
                if isinstance(tool, dict) and isinstance(tool.get("server_label"), str):
                    self.rules[tool["server_label"]] = tool.get("require_approval")

    def __call__(self, call: ToolCall) -> Approval:
        """Return ``not_required`` for a call of a tool that needs no approval, else the call's own approval."""
        rule = self.rules.get(call.server)
        tools = as_list(as_object(as_object(rule).get("never")).get("tool_names"))
        is_free = rule == "never" or call.tool in tools
        return NEVER_ASKED if is_free and call.approval == Approval() else call.approval


def _records(context: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each record of decisions with its tool."""
    for tool, record in as_object(context.get("approvals")).items():
        yield tool, snake_keys(record)
    for key in ("function_tool_approvals", "hosted_mcp_approvals"):
        for entry in map(snake_keys, as_list(context.get(key))):
            name = entry.get("tool_key") or snake_keys(entry.get("identity")).get("tool_name")
            yield str(name), snake_keys(entry.get("decision"))

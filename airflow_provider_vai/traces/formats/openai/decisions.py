"""Decisions on calls that stand apart from the OpenAI items: in a RunState's context, in a Response's tools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, ToolCall
from airflow_provider_vai.traces.formats.openai.names import snake_keys
from airflow_provider_vai.traces.reading.values import text_or_none

NEVER_ASKED = Approval(state="not_required", note="the server's tools were allowed without approval")


class Decisions:
    """What a RunState's context says: decisions on call ids, and decisions on a tool for good."""

    def __init__(self, context: dict[str, Any]) -> None:
        self.made = list(_made(context))

    def __call__(self, call: ToolCall) -> Approval:
        """Return the decision on a call: the one on its id, else the one on its tool, else the call's own."""
        for _, made in self.made:
            if _names(made.get("approved"), call.id):
                return Approval(state="approved")
            if _names(made.get("rejected"), call.id):
                words = made.get("rejection_messages")
                note = words.get(call.id) if isinstance(words, dict) else None
                return Approval(state="denied", note=text_or_none(note))
        for tool, made in self.made:
            if tool == call.tool and made.get("approved") is True:
                return Approval(state="approved", note="for this tool, for good")
            if tool == call.tool and made.get("rejected") is True:
                return Approval(state="denied", note=text_or_none(made.get("sticky_rejection_message")))
        return call.approval


class Allowed:
    """Which hosted MCP tools run without being asked about, by the tools that Responses list."""

    def __init__(self, responses: Iterable[dict[str, Any]]) -> None:
        self.rules: dict[str | None, Any] = {}
        for response in responses:
            tools = response.get("tools")
            for tool in tools if isinstance(tools, list) else ():
                if isinstance(tool, dict) and isinstance(tool.get("server_label"), str):
                    self.rules[tool["server_label"]] = tool.get("require_approval")

    def __call__(self, call: ToolCall) -> Approval:
        """Return ``not_required`` for a call of a tool that the request let through, else the call's own approval."""
        rule = self.rules.get(call.server)
        group = rule.get("never") if isinstance(rule, dict) else None
        listed = group.get("tool_names") if isinstance(group, dict) else None
        never = rule == "never" or _names(listed, call.tool)
        return NEVER_ASKED if never and call.approval == Approval() else call.approval


def _made(context: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each record of decisions with the tool that it is about."""
    by_tool = context.get("approvals")
    for tool, made in by_tool.items() if isinstance(by_tool, dict) else ():
        yield tool, snake_keys(made)
    for key in ("function_tool_approvals", "hosted_mcp_approvals"):
        listed = context.get(key)
        for entry in map(snake_keys, listed if isinstance(listed, list) else ()):
            tool = entry.get("tool_key") or snake_keys(entry.get("identity")).get("tool_name")
            yield str(tool), snake_keys(entry.get("decision"))


def _names(listed: Any, name: str) -> bool:
    return isinstance(listed, list) and name in listed

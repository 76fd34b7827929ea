"""OpenAI Responses items: calls, their outputs, calls of hosted tools, a person's decisions on MCP calls.

A call and its output are paired by ``call_id``, never by ``id``, which is the item's own. A call of a hosted tool is
one item with its result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_provider_vai.model.run import Approval, Outcome, ToolCall
from airflow_provider_vai.traces.formats.shared.content import (
    error_text,
    parse_python_repr,
    proposed_arguments,
    result_value,
)
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.formats.shared.refusals import OPENAI_AGENTS
from airflow_provider_vai.traces.reading.values import as_object, optional_text, require_text, text_or_none

LOCAL: dict[str, tuple[str, ...]] = {
    "function_call": ("arguments",),
    "custom_tool_call": ("input",),
    "tool_search_call": ("arguments",),
    "computer_call": ("action", "actions"),
    "shell_call": ("action",),
    "local_shell_call": ("action",),
    "apply_patch_call": ("operation",),
}
"""Calls whose output is another item, each with the keys of its arguments."""

HOSTED: dict[str, tuple[tuple[str, ...], str]] = {
    "mcp_call": (("arguments",), "output"),
    "web_search_call": (("action",), "results"),
    "file_search_call": (("queries",), "results"),
    "code_interpreter_call": (("code", "container_id"), "outputs"),
    "image_generation_call": (("revised_prompt", "action", "size", "output_format"), "result"),
}
"""Calls that the provider made itself, each with the keys of its arguments and of its result."""

OUTPUTS = frozenset(kind.removesuffix("_call") + "_call_output" for kind in LOCAL) | {"tool_search_output"}
APPROVALS = frozenset({"mcp_approval_request", "mcp_approval_response"})
SKIPPED = {
    "item_reference": "refers to an item that is not in this file",
    "compaction": "earlier items were compacted; their calls are not in this file",
    "program": "a program of the model; its calls are read, its code is not",
}
IGNORED = frozenset(
    ["reasoning", "mcp_list_tools", "program_output", "compaction_trigger", "additional_tools", "configuration_update"]
)
KINDS = LOCAL.keys() | HOSTED.keys() | OUTPUTS | APPROVALS | {"reasoning", "mcp_list_tools"}
"""Types of items that no other format has."""

STATUSES: dict[str | None, Outcome] = {
    None: "success",
    "completed": "success",
    "failed": "failed",
    "incomplete": "interrupted",
}
"""The outcome by an item's status; with any other status the call had not ended."""

SDK_TEXTS: tuple[tuple[str, Outcome], ...] = (
    (OPENAI_AGENTS, "denied"),
    ("An error occurred while running the tool. Please try again.", "failed"),
)
"""Texts that the Agents SDK writes as a call's output, which has no other mark, and the outcome that each means."""

DecisionOn = Callable[[ToolCall], Approval]
"""Returns the decision on a call that is recorded outside the items."""


def is_items(value: Any) -> bool:
    """Return whether a value is a list of Responses items, at least one of them not a plain message. Never raises."""
    return isinstance(value, list) and any(item_kind(item) in KINDS for item in value)


def item_kind(item: Any) -> str:
    """Return an item's type, which a message may lack."""
    kind = item.get("type", "message" if "role" in item else None) if isinstance(item, dict) else None
    return kind if isinstance(kind, str) else ""


class ResponseItems:
    """Reads items into a conversation, one after the other.

    :param decision_on: for traces that record decisions outside the items.
    """

    def __init__(self, conversation: Conversation, decision_on: DecisionOn = lambda call: call.approval) -> None:
        self.conversation = conversation
        self.decision_on = decision_on
        self._last = ""  # the kind of the last item, or a message's role; reasoning does not count
        self._requests: dict[str, int] = {}  # an MCP approval request's id -> the position of its call

    @property
    def assistant_spoke_last(self) -> bool:
        """Whether the assistant spoke last and no call is pending."""
        return self._last == "assistant" and not self.conversation.has_pending_calls

    def read(self, item: dict[str, Any], where: str, *, ran: bool = True) -> None:
        """Read one item.

        :param ran: whether an output is a tool's; a handoff has an output, but no tool ran.
        :raises MalformedTrace: the item breaks the format.
        """
        kind = item_kind(item)
        if kind not in IGNORED:
            self._last = kind if kind != "message" else text_or_none(item.get("role")) or ""
        if kind == "message":
            self._read_message(item, where)
        elif kind in LOCAL:
            call_id = optional_text(item.get("call_id"), f"{where}.call_id") or ""
            position = self._propose(item, call_id, _arguments(item, LOCAL[kind]), where)
            if item.get("status") == "incomplete":  # the model was interrupted while it wrote the arguments
                self.conversation.set_result(position, ToolResult(outcome="interrupted", ran=False))
        elif kind in OUTPUTS:
            self._read_output(item, where, ran)
        elif kind in HOSTED:
            self._read_hosted(item, where)
        elif kind == "mcp_approval_request":
            request_id = require_text(item.get("id"), f"{where}.id")
            self._requests[request_id] = self._propose(item, request_id, _arguments(item, ("arguments",)), where)
        elif kind == "mcp_approval_response":
            self._read_decision(item, where)
        elif kind not in IGNORED:
            self.conversation.note(where, SKIPPED.get(kind, f"unknown item {kind!r}"))

    def _read_message(self, item: dict[str, Any], where: str) -> None:
        role = require_text(item.get("role"), f"{where}.role")
        content = self.conversation.text_of(item.get("content"), f"{where}.content")
        if role == "user":
            self.conversation.start_turn(content)
            self.conversation.start_message()
        elif role in ("system", "developer"):
            self.conversation.add_system_text(content)
        elif role != "assistant":
            self.conversation.note(where, f"unknown role {role!r}")

    def _propose(self, item: dict[str, Any], call_id: str, arguments: Any, where: str) -> int:
        caller = item.get("caller")
        call = ToolCall(
            id=call_id,
            tool=_tool(item, where),
            server=text_or_none(item.get("server_label")),
            parent_id=text_or_none(caller.get("caller_id")) if isinstance(caller, dict) else None,
            proposed_arguments=arguments,
        )
        return self.conversation.add_call(call, where)

    def _read_output(self, item: dict[str, Any], where: str, ran: bool) -> None:
        kind = item_kind(item)
        raw_id = item.get("call_id", item.get("id") if kind == "local_shell_call_output" else None)
        call_id = optional_text(raw_id, f"{where}.call_id")
        output = item.get("tools" if kind == "tool_search_output" else "output")
        outcome, output_text = STATUSES.get(text_or_none(item.get("status")), "unknown"), error_text(output) or ""
        outcome = next((mark for start, mark in SDK_TEXTS if output_text.startswith(start)), outcome)
        outcome = "failed" if kind == "shell_call_output" and _has_failed_command(output) else outcome
        approval = self.decision_on(self._call(call_id))
        if "denied" in (outcome, approval.state):
            approval = Approval(state="denied", by=approval.by, note=approval.note or output_text)
            result = ToolResult(id=call_id, outcome="denied", ran=False, approval=approval)
        elif outcome == "failed":
            result = ToolResult(id=call_id, outcome=outcome, error=output_text or None, approval=approval)
        else:
            value, ran = parse_python_repr(result_value(output)), ran and outcome == "success"
            result = ToolResult(id=call_id, value=value, outcome=outcome, ran=ran, approval=approval)
        self.conversation.add_result(result, where)
        self.conversation.start_message()  # later calls know this output

    def _call(self, call_id: str | None) -> ToolCall:
        calls = (call for call in reversed(self.conversation.calls) if call.id == call_id)
        return next(calls, ToolCall(id=call_id or "", tool=""))

    def _read_hosted(self, item: dict[str, Any], where: str) -> None:
        argument_keys, result_key = HOSTED[item_kind(item)]
        arguments = _arguments(item, argument_keys)
        request_id = optional_text(item.get("approval_request_id"), f"{where}.approval_request_id")
        position = self._requests.get(request_id or "")
        if position is None:
            position = self._propose(item, optional_text(item.get("id"), f"{where}.id") or "", arguments, where)
        approval = self._hosted_approval(position, request_id, arguments)
        error, outcome = item.get("error"), STATUSES.get(text_or_none(item.get("status")), "unknown")
        value = parse_python_repr(result_value(item.get(result_key)))
        if item_kind(item) == "web_search_call" and value is None and isinstance(item.get("action"), dict):
            value = item["action"].get("sources")
        if error is not None or outcome == "failed":
            value, outcome, error = None, "failed", error_text(error)
        result = ToolResult(value=value, outcome=outcome, error=error, arguments=arguments, approval=approval)
        if outcome in ("success", "failed"):
            self.conversation.set_result(position, result)
        elif outcome == "interrupted":
            self.conversation.set_result(position, ToolResult(outcome=outcome, ran=False, approval=approval))
        self.conversation.start_message()

    def _hosted_approval(self, position: int, request_id: str | None, arguments: Any) -> Approval:
        call = self.conversation.calls[position]
        if request_id is None:
            return self.decision_on(call)
        if call.approval.state == "approved" and call.proposed_arguments != arguments:
            return call.approval.model_copy(update={"state": "edited"})
        if call.approval.state == "unknown":  # a call with an approval request runs only if it was approved
            return Approval(state="approved", note="the decision itself is not in the file")
        return call.approval

    def _read_decision(self, item: dict[str, Any], where: str) -> None:
        request_id = require_text(item.get("approval_request_id"), f"{where}.approval_request_id")
        position, approve = self._requests.get(request_id), item.get("approve")
        if position is None or not isinstance(approve, bool):
            problem = f"a decision on {request_id!r} without such a request, or without a yes or no"
            self.conversation.note(where, problem)
            return
        approval = Approval(state="approved" if approve else "denied", note=text_or_none(item.get("reason")))
        if approve:
            update = {"approval": approval}
            self.conversation.calls[position] = self.conversation.calls[position].model_copy(update=update)
        else:
            self.conversation.set_result(position, ToolResult(outcome="denied", ran=False, approval=approval))
        self.conversation.start_message()


def _tool(item: dict[str, Any], where: str) -> str:
    kind = item_kind(item)
    if kind in ("function_call", "custom_tool_call", "mcp_call", "mcp_approval_request"):
        name, namespace = require_text(item.get("name"), f"{where}.name"), text_or_none(item.get("namespace"))
        return f"{namespace}.{name}" if namespace and namespace != name else name
    action = item.get("action") if kind == "web_search_call" else None
    done = text_or_none(action.get("type")) if isinstance(action, dict) else None
    return kind.removesuffix("_call") + (f".{done}" if done not in (None, "search") else "")


def _has_failed_command(output: Any) -> bool:
    """Return whether a command of a shell call ended with an exit code other than 0, or ran out of time."""
    outcomes = [as_object(as_object(part).get("outcome")) for part in output] if isinstance(output, list) else []
    return any(it.get("type") == "timeout" or it.get("exit_code") not in (None, 0) for it in outcomes)


def _arguments(item: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any] | str:
    """Return a call's arguments: the value under the first key, or the values under several keys by their names."""
    kind, first = item_kind(item), item.get(keys[0])
    if kind == "custom_tool_call" and isinstance(first, str):
        return first  # free text, even if it looks like JSON
    if kind == "web_search_call" and isinstance(first, dict):
        return {
            key: value for key, value in first.items() if key not in ("type", "sources")
        }  # the tool's name and the result have these
    if isinstance(first, dict) or keys[0] == "arguments":
        return proposed_arguments(first)
    return {key: item[key] for key in keys if item.get(key) is not None}

"""OpenAI Responses items: calls, their outputs, what hosted tools did, a person's decisions on MCP calls.

A call and its output are paired on ``call_id``, never on ``id``, which is the item's own. What a hosted tool did
stands in one item with its result.
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
from airflow_provider_vai.traces.reading.values import optional_text, require_text, text_or_none

LOCAL: dict[str, tuple[str, ...]] = {
    "function_call": ("arguments",),
    "custom_tool_call": ("input",),
    "tool_search_call": ("arguments",),
    "computer_call": ("action", "actions"),
    "shell_call": ("action",),
    "local_shell_call": ("action",),
    "apply_patch_call": ("operation",),
}
"""Calls that another item answers: where their arguments stand."""

HOSTED: dict[str, tuple[tuple[str, ...], str]] = {
    "mcp_call": (("arguments",), "output"),
    "web_search_call": (("action",), "results"),
    "file_search_call": (("queries",), "results"),
    "code_interpreter_call": (("code", "container_id"), "outputs"),
    "image_generation_call": (("revised_prompt", "action", "size", "output_format"), "result"),
}
"""Calls that the provider made and answered: where arguments and result stand."""

OUTPUTS = frozenset(kind.removesuffix("_call") + "_call_output" for kind in LOCAL) | {"tool_search_output"}
APPROVALS = frozenset({"mcp_approval_request", "mcp_approval_response"})
PASSED_OVER = {
    "item_reference": "stands for an item that is not in this file",
    "compaction": "earlier items were compacted: their calls are out of sight",
    "program": "a program of the model's; its calls are there, its code is no step",
}
IGNORED = frozenset(
    ["reasoning", "mcp_list_tools", "program_output", "compaction_trigger", "additional_tools", "configuration_update"]
)
KINDS = LOCAL.keys() | HOSTED.keys() | OUTPUTS | APPROVALS | {"reasoning", "mcp_list_tools"}
"""Items that no other format has."""

STATUSES: dict[str | None, Outcome] = {
    None: "success",
    "completed": "success",
    "failed": "failed",
    "incomplete": "interrupted",
}
"""An item's status; any other says that the call had not ended yet."""

SDK_TEXTS: tuple[tuple[str, Outcome], ...] = (
    ("Tool execution was not approved.", "denied"),
    ("An error occurred while running the tool. Please try again.", "failed"),
)
"""What the Agents SDK itself puts in an output's place; the item has no other mark."""

Decided = Callable[[ToolCall], Approval]
"""What is known elsewhere of the decision on a call."""


def is_items(found: Any) -> bool:
    """Return whether a list holds Responses items, at least one that is no plain message. Never raises."""
    return isinstance(found, list) and any(item_kind(item) in KINDS for item in found)


def item_kind(item: Any) -> str:
    """Return an item's type; a message may go without."""
    kind = item.get("type", "message" if "role" in item else None) if isinstance(item, dict) else None
    return kind if isinstance(kind, str) else ""


class ResponseItems:
    """Tells a conversation what stands in items, one after the other.

    :param decided: for traces that keep decisions apart from the items.
    """

    def __init__(self, conversation: Conversation, decided: Decided = lambda call: call.approval) -> None:
        self.conversation = conversation
        self.decided = decided
        self._last = ""  # the kind of the last item that is no mere thought, of a message its role
        self._requests: dict[str, int] = {}  # of MCP approval: the position of the call

    @property
    def assistant_spoke_last(self) -> bool:
        """Whether the assistant spoke last and nothing waits for a result."""
        return self._last == "assistant" and not self.conversation.has_pending_calls

    def read(self, item: dict[str, Any], where: str, *, ran: bool = True) -> None:
        """Read one item.

        :param ran: whether an output is a tool's: a handoff has one, but ran nothing.
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
            if item.get("status") == "incomplete":  # the model was cut off while it wrote the arguments
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
            self.conversation.note(where, PASSED_OVER.get(kind, f"unknown item {kind!r}"))

    def _read_message(self, item: dict[str, Any], where: str) -> None:
        role = require_text(item.get("role"), f"{where}.role")
        words = self.conversation.text_of(item.get("content"), f"{where}.content")
        if role == "user":
            self.conversation.start_turn(words)
            self.conversation.start_message()
        elif role in ("system", "developer"):
            self.conversation.add_system_text(words)
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
        given = item.get("call_id", item.get("id") if kind == "local_shell_call_output" else None)
        call_id = optional_text(given, f"{where}.call_id")
        output = item.get("tools" if kind == "tool_search_output" else "output")
        outcome, words = STATUSES.get(text_or_none(item.get("status")), "unknown"), error_text(output) or ""
        outcome = next((mark for start, mark in SDK_TEXTS if words.startswith(start)), outcome)
        approval = self.decided(self._answered(call_id))
        if "denied" in (outcome, approval.state):
            approval = Approval(state="denied", by=approval.by, note=approval.note or words)
            answer = ToolResult(id=call_id, outcome="denied", ran=False, approval=approval)
        elif outcome == "failed":
            answer = ToolResult(id=call_id, outcome=outcome, error=words or None, approval=approval)
        else:
            value, ran = parse_python_repr(result_value(output)), ran and outcome == "success"
            answer = ToolResult(id=call_id, value=value, outcome=outcome, ran=ran, approval=approval)
        self.conversation.add_result(answer, where)
        self.conversation.start_message()  # what follows knows this answer

    def _answered(self, call_id: str | None) -> ToolCall:
        calls = (call for call in reversed(self.conversation.calls) if call.id == call_id)
        return next(calls, ToolCall(id=call_id or "", tool=""))

    def _read_hosted(self, item: dict[str, Any], where: str) -> None:
        places, result = HOSTED[item_kind(item)]
        arguments = _arguments(item, places)
        request_id = optional_text(item.get("approval_request_id"), f"{where}.approval_request_id")
        position = self._requests.get(request_id or "")
        if position is None:
            position = self._propose(item, optional_text(item.get("id"), f"{where}.id") or "", arguments, where)
        approval = self._hosted_approval(position, request_id, arguments)
        error, outcome = item.get("error"), STATUSES.get(text_or_none(item.get("status")), "unknown")
        value = parse_python_repr(result_value(item.get(result)))
        if item_kind(item) == "web_search_call" and value is None and isinstance(item.get("action"), dict):
            value = item["action"].get("sources")
        if error is not None or outcome == "failed":
            value, outcome, error = None, "failed", error_text(error)
        answer = ToolResult(value=value, outcome=outcome, error=error, arguments=arguments, approval=approval)
        if outcome in ("success", "failed"):
            self.conversation.set_result(position, answer)
        elif outcome == "interrupted":
            self.conversation.set_result(position, ToolResult(outcome=outcome, ran=False, approval=approval))
        self.conversation.start_message()

    def _hosted_approval(self, position: int, request_id: str | None, arguments: Any) -> Approval:
        call = self.conversation.calls[position]
        if request_id is None:
            return self.decided(call)
        if call.approval.state == "approved" and call.proposed_arguments != arguments:
            return call.approval.model_copy(update={"state": "edited"})
        if call.approval.state == "unknown":  # a call with a request runs only after a yes
            return Approval(state="approved", note="the decision itself is not in the file")
        return call.approval

    def _read_decision(self, item: dict[str, Any], where: str) -> None:
        request_id = require_text(item.get("approval_request_id"), f"{where}.approval_request_id")
        position, approve = self._requests.get(request_id), item.get("approve")
        if position is None or not isinstance(approve, bool):
            self.conversation.note(where, f"a decision on {request_id!r}, but no such request or no yes or no in it")
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


def _arguments(item: dict[str, Any], places: tuple[str, ...]) -> dict[str, Any] | str:
    """Return a call's arguments: all that stands in the first place, or what stands in several by their names."""
    kind, first = item_kind(item), item.get(places[0])
    if kind == "custom_tool_call" and isinstance(first, str):
        return first  # free text, even where it looks like JSON
    if kind == "web_search_call" and isinstance(first, dict):
        return {
            key: value for key, value in first.items() if key not in ("type", "sources")
        }  # name and result have these
    if isinstance(first, dict) or places[0] == "arguments":
        return proposed_arguments(first)
    return {place: item[place] for place in places if item.get(place) is not None}

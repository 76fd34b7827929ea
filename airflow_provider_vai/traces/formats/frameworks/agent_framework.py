"""Microsoft's Agent Framework: a session, a thread, or a list of messages.

The shapes are those of ``agent_framework.Message`` and ``AgentSession`` 1.23. A message keeps calls, results, questions
to a person and the answers under ``contents``. An answer repeats the call with the arguments that may run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Approval, Run, ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult, chat_run
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import (
    as_list,
    as_object,
    optional_text,
    require_object,
    require_objects,
    require_text,
    text_or_none,
)

CALLS = frozenset({"function_call", "mcp_server_tool_call"})
RESULTS = frozenset({"function_result", "mcp_server_tool_result"})
IGNORED = frozenset(
    {
        *("text", "text_reasoning", "usage", "error", "uri", "data", "hosted_file", "hosted_vector_store"),
        "function_approval_request",
    }
)
REJECTED = "a person rejected the call"


class AgentFrameworkAdapter:
    """Reads messages of the Agent Framework."""

    name = "agent_framework"
    description = "Microsoft Agent Framework session, thread or messages"
    coverage = Coverage(approvals="partly", edits="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document holds messages with roles and typed ``contents``."""
        messages = [as_object(message) for message in _messages(document)[0][:50]]
        return any("role" in message and isinstance(message.get("contents"), list) for message in messages)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: a message or a content breaks the format.
        """
        listed, inside = _messages(trace.document)
        reader = _Reader(trace)
        messages = list(require_objects(listed, f"{trace}: {inside}"))
        for message, place in messages:
            reader.read(message, place)
        reader.decide_pending()
        last = messages[-1][0] if messages else {}
        kinds = [as_object(content).get("type") for content in as_list(last.get("contents"))]
        spoke_last = _role(last) == "assistant" and "text" in kinds and not CALLS.intersection(map(str, kinds))
        names = [message.get("author_name") for message, _ in messages if _role(message) == "assistant"]
        run = chat_run(
            trace,
            self.name,
            reader.conversation.outcome(assistant_spoke_last=spoke_last),
            ids=[as_object(trace.document).get("session_id")],
            agent=next((name for name in names if text_or_none(name)), None),
        )
        yield reader.conversation.finish(run)


def _messages(document: Any) -> tuple[list[Any], str]:
    """Return the messages and their place: a list, or those of a result, a session's history or an older thread."""
    if isinstance(document, list):
        return document, ""
    facts = as_object(document)
    if isinstance(facts.get("messages"), list):
        return facts["messages"], "messages"
    holders = {f"state.{name}": value for name, value in as_object(facts.get("state")).items()}
    holders["chat_message_store_state"] = facts.get("chat_message_store_state")
    for name, holder in holders.items():
        if isinstance(listed := as_object(holder).get("messages"), list):
            return listed, f"{name}.messages"
    return [], ""


def _role(message: dict[str, Any]) -> str | None:
    role = message.get("role")  # older versions wrap it in an object
    return text_or_none(as_object(role).get("value", role))


class _Reader:
    """Reads the messages of one session.

    :param trace: the trace.
    """

    def __init__(self, trace: Trace) -> None:
        self.conversation = Conversation(trace)
        self.decisions: dict[str, dict[str, Any]] = {}
        self.known: set[str] = set()

    def read(self, message: dict[str, Any], place: str) -> None:
        role = _role(message)
        contents = list(require_objects(message.get("contents"), f"{place}.contents"))
        texts = [content["text"] for content, _ in contents if isinstance(content.get("text"), str)]
        if role == "system":
            self.conversation.add_system_text("\n".join(texts))
        elif role == "user" and texts:
            self.conversation.start_turn("\n".join(texts))
        self.conversation.start_message()
        for content, where in contents:
            self._read_content(content, where)

    def _read_content(self, content: dict[str, Any], where: str) -> None:
        kind = text_or_none(content.get("type"))
        if kind in CALLS:
            self._read_call(content, where)
        elif kind in RESULTS:
            result = self._result(content, where)
            self.conversation.add_result(result, where)
        elif kind == "function_approval_response":
            call = require_object(content.get("function_call"), f"{where}.function_call")
            self.decisions[str(call.get("call_id"))] = content
        elif kind not in IGNORED:
            self.conversation.note(where, f"unknown content {kind!r}")
        if kind == "function_approval_request":
            place = f"{where}.function_call"
            call = require_object(content.get("function_call"), place)
            if (optional_text(call.get("call_id"), f"{place}.call_id") or "") not in self.known:
                self._read_call(call, place)  # older versions keep the call only in the question

    def _read_call(self, call: dict[str, Any], where: str) -> None:
        call_id = optional_text(call.get("call_id"), f"{where}.call_id") or ""
        self.known.add(call_id)
        proposal = ToolCall(
            id=call_id,
            tool=require_text(call.get("name", call.get("tool_name")), f"{where}.name"),
            server=text_or_none(call.get("server_name")),
            proposed_arguments=proposed_arguments(call.get("arguments")),
        )
        self.conversation.add_call(proposal, where)

    def _result(self, content: dict[str, Any], where: str) -> ToolResult:
        call_id = optional_text(content.get("call_id"), f"{where}.call_id")
        value = next((content[key] for key in ("result", "output", "items") if content.get(key) is not None), None)
        decision = self.decisions.get(call_id or "")
        if decision is not None and decision.get("approved") is False:
            return ToolResult(id=call_id, outcome="denied", error=error_text(value), ran=False, approval=_denied())
        arguments, approval = self._approved(call_id or "", decision)
        if content.get("exception") is not None:
            error = error_text(value) or error_text(content["exception"])
            return ToolResult(id=call_id, outcome="failed", error=error, arguments=arguments, approval=approval)
        return ToolResult(id=call_id, value=result_value(value), arguments=arguments, approval=approval)

    def _approved(self, call_id: str, decision: dict[str, Any] | None) -> tuple[dict[str, Any] | str | None, Approval]:
        """Return the executed arguments, if the person changed them, and the approval."""
        if decision is None or decision.get("approved") is not True:
            return None, Approval()
        allowed = proposed_arguments(as_object(decision.get("function_call")).get("arguments"))
        proposals = [call.proposed_arguments for call in self.conversation.calls if call.id == call_id]
        if proposals and allowed != proposals[-1]:
            return allowed, Approval(state="edited", by="user")
        return None, Approval(state="approved", by="user")

    def decide_pending(self) -> None:
        """Set the decisions on calls that have no result."""
        calls = self.conversation.calls
        for position, call in enumerate(calls):
            decision = self.decisions.get(call.id)
            if decision is None or call.outcome != "unknown" or call.approval.state != "unknown":
                continue
            if decision.get("approved") is False:
                result = ToolResult(outcome="denied", error=REJECTED, ran=False, approval=_denied())
                self.conversation.set_result(position, result)
            else:
                calls[position] = call.model_copy(update={"approval": self._approved(call.id, decision)[1]})


def _denied() -> Approval:
    return Approval(state="denied", by="user")


ADAPTER = AgentFrameworkAdapter()

"""Reads a tool's execution: its arguments and result, out of whatever the instrumentation put around them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_provider_vai.exceptions import MalformedTrace
from airflow_provider_vai.languages.short_text import cut
from airflow_provider_vai.traces.formats.shared.content import error_text, part_text, proposed_arguments
from airflow_provider_vai.traces.formats.shared.refusals import is_waiting
from airflow_provider_vai.traces.formats.spans.call import APPROVAL, Operation
from airflow_provider_vai.traces.formats.spans.messages import ProposedCall, read_chat
from airflow_provider_vai.traces.formats.spans.reprs import read_repr, read_result_repr
from airflow_provider_vai.traces.formats.spans.span import Span, first_value, read_value
from airflow_provider_vai.traces.formats.spans.wrappers import (
    CLASSES,
    HIDDEN,
    HIDDEN_ARGUMENTS,
    METHODS,
    TOOL_IN_RESULT,
    Content,
    helper_role,
    inner_objects,
    unwrapped_arguments,
    unwrapped_result,
)
from airflow_provider_vai.traces.reading.values import as_object, text_or_none

CALL_ID = ("gen_ai.tool.call.id", "ai.toolCall.id", "tool_call.id", "tool.id")
PARAMETERS = ("tool.parameters", "gen_ai.tool.json_schema", "tool.json_schema")
DEEPEST_RESULT = 20
REMEDY = (
    "Export the run's messages instead, or report the instrumentation with its version, so that its wrapper can be "
    "added."
)


def read_execution(operation: Operation, arguments: Any, result: Any) -> None:
    """Set the arguments and the result of a tool's execution, or what a helper span is instead.

    :param operation: the execution.
    :param arguments: the span's input.
    :param result: the span's output.
    """
    recorded, output = read_value(arguments), read_value(result)
    recorded = None if _is_hidden(recorded, HIDDEN_ARGUMENTS) else recorded
    output = None if _is_hidden(output, HIDDEN) else output
    if CLASSES.fullmatch(operation.tool):
        operation.tool = text_or_none(first_value(as_object(output), *TOOL_IN_RESULT)) or operation.tool
    operation.role = helper_role(operation.span.name, operation.tool, recorded, output)
    if operation.role == "messages":
        _read_messages(operation, recorded, output)
        return
    content = unwrapped_arguments(recorded, operation.tool, _parameters(operation.span))
    operation.call_id = operation.call_id or content.call_id
    _set_arguments(operation, recorded, content)
    _set_result(operation, unwrapped_result(output, operation.tool, content.wrapper))
    if is_waiting(operation.result):
        operation.waits_for, operation.result, operation.failed = APPROVAL, None, False


def reconcile(execution: Operation, proposal: ProposedCall, others: Iterable[ProposedCall]) -> None:
    """Settle an execution's arguments with what the model proposed.

    :param execution: the execution; its arguments are set.
    :param proposal: the proposal that it belongs to.
    :param others: every proposal of the same tool.
    :raises MalformedTrace: the arguments or the result are inside an object that is not known.
    """
    recorded, proposed = execution.recorded, proposal.arguments
    if METHODS.fullmatch(execution.tool):
        what = f"a tool was called, but its span only has the name of a method, {execution.tool!r}"
        raise MalformedTrace(what, where=execution.span.where, remedy=REMEDY)
    ids = {execution.call_id, proposal.id} - {""}
    if any(inner.get("tool_call_id") in ids for inner in inner_objects(execution.result)):
        raise _unknown(execution, "result", execution.result)
    if recorded is None or recorded == proposed:
        execution.arguments = recorded
    elif execution.positional and _values(proposed) == [*execution.positional, *_values(execution.arguments)]:
        execution.arguments = proposed
    elif execution.positional or execution.unknown_keys or _is_wrapper(execution, others):
        raise _unknown(execution, "input", recorded)


def _set_arguments(operation: Operation, recorded: Any, content: Content) -> None:
    names = [name for name in _parameters(operation.span, in_order=True) if name not in as_object(content.value)]
    value, positional = content.value, content.positional
    if positional and len(positional) <= len(names):
        value, positional = {**dict(zip(names, positional, strict=False)), **as_object(value)}, ()
    operation.recorded = None if recorded is None else proposed_arguments(recorded)
    operation.arguments = None if value is None else proposed_arguments(value)
    operation.positional, operation.unknown_keys = positional, content.unknown


def _set_result(operation: Operation, content: Content) -> None:
    output = _only_block(content.value) if content.wrapper else content.value
    output = _tool_message(output) or output
    operation.call_id = operation.call_id or content.call_id
    operation.failed = operation.failed or content.failed
    for message in read_chat(output, "tool") if _tool_message(output) else []:
        for tool_result in message.results:
            operation.call_id = operation.call_id or tool_result.id or ""
            operation.failed = operation.failed or tool_result.outcome == "failed"
            output = tool_result.error if tool_result.outcome == "failed" else tool_result.value
    operation.result = plain(output)
    operation.call_id = operation.call_id or operation.span.id_of(*CALL_ID)
    operation.failed = operation.failed or operation.span.failed
    operation.error = (error_text(operation.result) or operation.span.error) if operation.failed else None


def _read_messages(operation: Operation, recorded: Any, output: Any) -> None:
    """Read a span in which several tools ran: their calls and results are messages."""
    operation.kind = "agent"
    operation.input_messages = read_chat(recorded, "user") + read_chat(as_object(output).get("tool_messages"), "tool")


def plain(value: Any, depth: int = DEEPEST_RESULT) -> Any:
    """Return a value with LangChain's serialised objects in it replaced by their fields.

    :param value: JSON data.
    :param depth: how many levels deep.
    """
    if not depth:
        return value
    if isinstance(value, list):
        return [plain(item, depth - 1) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("lc") == 1 and value.get("type") == "constructor" and isinstance(value.get("kwargs"), dict):
        return plain(value["kwargs"], depth - 1)
    if value.get("lc") == 1 and value.get("type") == "not_implemented":
        return value.get("repr")
    return {key: plain(item, depth - 1) for key, item in value.items()}


def _is_hidden(value: Any, marks: frozenset[str]) -> bool:
    return isinstance(value, str) and value in marks


def _parameters(span: Span, *, in_order: bool = False) -> Any:
    """Return the names of a tool's parameters, if the span declares them."""
    for name in PARAMETERS:
        schema = read_value(span.get(name))
        if isinstance(schema, dict) and isinstance(properties := schema.get("properties"), dict):
            return list(properties) if in_order else frozenset(properties)
        if isinstance(schema, dict) and schema and all("type" in as_object(item) for item in schema.values()):
            return list(schema) if in_order else frozenset(schema)
    return [] if in_order else frozenset()


def _is_wrapper(execution: Operation, proposals: Iterable[ProposedCall]) -> bool:
    """Return whether what was read as arguments holds a proposal's arguments, or declared ones, further inside."""
    executed = execution.arguments
    if not isinstance(executed, dict) or not executed:
        return False
    proposed = [found for proposal in proposals if isinstance(found := proposal.arguments, dict) and found]
    declared = _parameters(execution.span)
    if any(found.keys() <= executed.keys() for found in proposed) or declared & executed.keys():
        return False
    inner_ones = inner_objects(executed, in_lists=True)
    return any(inner in proposed or bool(declared & inner.keys()) for inner in inner_ones)


def _tool_message(value: Any) -> dict[str, Any] | None:
    """Return the message of a tool that a value is, or that is the last of its messages; ``None`` for other values."""
    if isinstance(value, str):
        value = read_repr(value) or read_result_repr(value) or {}
        return value if "tool_call_id" in value else None
    if isinstance(value, list):
        return _tool_message(value[-1]) if value and not isinstance(value[-1], (list, str)) else None
    if isinstance(value, dict) and value.keys() == {"messages"}:
        return _tool_message(value["messages"])
    return value if isinstance(value, dict) and _is_tool_message(value) else None


def _is_tool_message(value: dict[str, Any]) -> bool:
    if isinstance(value.get("toolResult"), dict) or {"toolUseId", "status", "content"} <= value.keys():
        return True
    if value.get("role") == "tool" and isinstance(value.get("parts"), list):
        return True
    return any(
        isinstance(holder, dict) and "tool_call_id" in holder
        for holder in (value, value.get("kwargs"), value.get("data"))
    )


def _only_block(value: Any) -> Any:
    """Return what the only content block of a result holds; any other value unchanged."""
    text = part_text(value[0]) if isinstance(value, list) and len(value) == 1 else None
    return value if text is None else read_value(text)


def _unknown(execution: Operation, what: str, value: Any) -> MalformedTrace:
    keys = cut(", ".join(sorted(str(key) for key in as_object(value))), 200)
    return MalformedTrace(
        f"the {what} of {execution.tool!r} is wrapped in an unknown object with the keys {keys}",
        where=execution.span.where,
        remedy=REMEDY,
    )


def _values(arguments: Any) -> list[Any]:
    return list(as_object(arguments).values())

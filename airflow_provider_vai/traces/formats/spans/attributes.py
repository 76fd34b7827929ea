"""The attributes of agent spans: OpenTelemetry's GenAI conventions, older ones, and those of other tracers.

The tables list the names that pydantic-ai, Logfire, OpenLLMetry, the Vercel AI SDK, OpenInference and the conventions
have for each field, so every span is read in the same way.
"""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_vai.traces.formats.spans.call import Kind, Operation
from airflow_provider_vai.traces.formats.spans.events import event_execution, event_messages
from airflow_provider_vai.traces.formats.spans.execution import read_execution
from airflow_provider_vai.traces.formats.spans.messages import SpanMessage, read_chat, read_system
from airflow_provider_vai.traces.formats.spans.span import Span, read_value
from airflow_provider_vai.traces.formats.spans.wrappers import METHODS
from airflow_provider_vai.traces.reading.values import as_list, as_object, text_or_none

KIND = (
    "gen_ai.operation.name",
    "openinference.span.kind",
    "traceloop.span.kind",
    "ai.operationId",
    "llm.request.type",
    "langfuse.observation.type",
)
KINDS: dict[str, Kind] = {
    "execute_tool": "tool",
    "tool": "tool",
    "ai.toolcall": "tool",
    "chat": "model",
    "completion": "model",
    "text_completion": "model",
    "generate_content": "model",
    "llm": "model",
    "generation": "model",
    "chat_model": "model",
    "response": "model",
    "ai.generatetext.dogenerate": "model",
    "ai.streamtext.dostream": "model",
    "ai.generateobject.dogenerate": "model",
    "ai.streamobject.dostream": "model",
    "ai.generatetext": "agent",
    "ai.streamtext": "agent",
    "ai.generateobject": "agent",
    "ai.streamobject": "agent",
    "invoke_agent": "agent",
    "invoke_workflow": "agent",
    "agent": "agent",
    "workflow": "agent",
    "chain": "other",
    "task": "other",
}
IGNORED = frozenset(
    [
        "chain",
        "create_agent",
        "embedding",
        "embeddings",
        "evaluator",
        "event",
        "execute_event_loop_cycle",
        "execute_task",
        "guardrail",
        "memory",
        "parser",
        "prompt",
        "rerank",
        "reranker",
        "retrieval",
        "retriever",
        "span",
        "task",
        "unknown",
        "workflow",
        "ai.embed",
        "ai.embed.doembed",
        "ai.embedmany",
        "ai.embedmany.doembed",
    ]
)
"""Kinds of spans that call no tool. They are skipped on purpose; any other unknown kind is noted."""

TOOL = ("gen_ai.tool.name", "ai.toolCall.name", "tool.name", "tool_call.function.name", "traceloop.entity.name")
ARGUMENTS = (
    "gen_ai.tool.call.arguments",
    "tool_arguments",
    "tool.arguments",
    "ai.toolCall.args",
    "tool_call.function.arguments",
    "langfuse.observation.input",
    "gcp.vertex.agent.tool_call_args",
    "traceloop.entity.input",
    "input.value",
    "input",
    "gen_ai.prompt",
)
RESULT = (
    "gen_ai.tool.call.result",
    "tool_response",
    "ai.toolCall.result",
    "langfuse.observation.output",
    "gcp.vertex.agent.tool_response",
    "traceloop.entity.output",
    "output.value",
    "output",
    "gen_ai.completion",
)
INPUT_MESSAGES = (
    "gen_ai.input.messages",
    "pydantic_ai.all_messages",
    "all_messages_events",
    "all_messages",
    "events",
    "llm.input_messages",
    "gen_ai.prompt",
    "ai.prompt.messages",
    "ai.prompt",
    "langfuse.observation.input",
    "gcp.vertex.agent.llm_request",
    "input.value",
)
OUTPUT_MESSAGES = (
    "gen_ai.output.messages",
    "llm.output_messages",
    "gen_ai.completion",
    "langfuse.observation.output",
    "gcp.vertex.agent.llm_response",
    "output.value",
)
REQUEST = ("gcp.vertex.agent.llm_request",)
"""Attributes with a whole request to the model, its instructions among the rest."""

SYSTEM = ("gen_ai.system_instructions", "gen_ai.request.instructions")
SWITCHED_OFF = ("gcp.vertex.agent.tool_call_args",)
"""Attributes that Google ADK writes as empty objects if content is switched off."""

AGENT = ("gen_ai.agent.name", "agent_name", "agent.name")
MODEL = (
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.model_name",
    "ai.model.id",
    "model_name",
    "langfuse.observation.model.name",
)
INPUT_TOKENS = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "ai.usage.promptTokens",
)
OUTPUT_TOKENS = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.completionTokens",
)
COST = ("operation.cost", "llm.cost.total", "gen_ai.usage.cost")
SUFFIX = re.compile(r"(?<=.)(\._use|\.__call__)$")
"""The methods that OpenInference's instrumentations of CrewAI and DSPy add to a tool's name."""

PREFIXES = ("execute_tool ", "running tool: ", "tools/call ", "Tool.")
"""What tracers put before a tool's name; the last one is MLflow's for DSPy."""


def read_operation(span: Span) -> Operation:
    """Return the operation that a span's attributes describe."""
    kind = span_kind(span)
    operation = Operation(span, kind, tool=tool_name(span), agent=span.text(*AGENT), model=span.text(*MODEL))
    operation.note = unknown_kind(kind, span.text(*KIND))
    if kind in ("tool", "other"):
        read_execution(operation, *_recorded(span))
        _read_deferral(operation)
    if kind in ("model", "agent"):
        _read_chats(operation)
        operation.usage = token_usage(span.get(*INPUT_TOKENS), span.get(*OUTPUT_TOKENS), span.get(*COST))
        reasons = span.get("gen_ai.response.finish_reasons", "ai.response.finishReason")
        operation.asks_for_tools = "tool" in str(reasons)
    return operation


def _recorded(span: Span) -> tuple[Any, Any]:
    """Return a tool's input and output, which are attributes or events; ``None`` for what was not recorded."""
    recorded, output = span.get(*ARGUMENTS), span.get(*RESULT)
    if span.get(*SWITCHED_OFF) == "{}" == output and recorded == "{}":
        return None, None
    output = _json_text(span, output)
    arguments, result = event_execution(span)
    return arguments if recorded is None else recorded, result if output is None else output


def _json_text(span: Span, output: Any) -> Any:
    """Return the text inside an output that is a JSON string, if the span says that it is JSON."""
    if not isinstance(output, str) or span.text("output.mime_type") != "application/json" or output[:1] != '"':
        return output
    parsed = read_value(f"[{output}]")
    return parsed[0] if isinstance(parsed, list) and len(parsed) == 1 and isinstance(parsed[0], str) else output


def span_kind(span: Span) -> Kind:
    """Return the kind of a span's operation, by the first attribute with a known kind."""
    if METHODS.fullmatch(span.text("traceloop.entity.name") or "") or span.get("tool.arguments") is not None:
        return "tool"
    for name in KIND:
        if kind := KINDS.get((span.text(name) or "").lower()):
            return kind
    if span.text("mcp.method.name") == "tools/call" or span.text("gen_ai.tool.name"):
        return "tool"
    if span.get("all_messages_events", "pydantic_ai.all_messages") is not None:
        return "agent"
    is_request = span.get("gen_ai.request.model", "gen_ai.input.messages") is not None
    return "model" if is_request else "other"


def unknown_kind(kind: Kind, name: str | None) -> str:
    """Return the note about a span of an unknown kind; empty if the kind is known.

    :param name: the kind's name in the trace.
    """
    is_known = kind != "other" or not name or name.lower() in IGNORED
    return "" if is_known else f"unknown kind of span {name!r}"


def tool_name(span: Span) -> str:
    """Return the name of the tool that a span executes."""
    return span.text(*TOOL) or without_prefix(span.name)


def without_prefix(name: str) -> str:
    """Return a span's name without what tracers put before or after a tool's name."""
    prefix = next((prefix for prefix in PREFIXES if name.startswith(prefix)), "")
    name = name.removeprefix(prefix)
    return name if METHODS.fullmatch(name) else SUFFIX.sub("", name)


def token_usage(input_tokens: Any, output_tokens: Any, cost: Any = None) -> dict[str, Any]:
    """Return a model request's usage; unknown figures are left out."""
    figures = (("input", input_tokens), ("output", output_tokens), ("cost", cost))
    return {name: value for name, value in figures if isinstance(value, (int, float)) and not isinstance(value, bool)}


def _read_deferral(operation: Operation) -> None:
    """Read pydantic-ai's attributes of a tool that did not run: its arguments were refused, or it has to wait."""
    span = operation.span
    operation.ran = span.text("pydantic_ai.tool.failure_stage") != "validation"
    operation.waits_for = span.text("pydantic_ai.tool.deferral.name") or operation.waits_for
    operation.server = span.text("mcp.server.name", "gen_ai.tool.server.name")


def _read_chats(operation: Operation) -> None:
    span, is_model = operation.span, operation.kind == "model"
    inputs = read_chat(span.get(*INPUT_MESSAGES), "user")
    output = span.get(*OUTPUT_MESSAGES)
    outputs = read_chat(output, "assistant") if is_model else []
    if is_model and output is None:
        outputs = read_chat(as_list(read_value(span.get("ai.response.toolCalls"))), "assistant")
        outputs += read_chat(span.text("ai.response.text") or "", "assistant")
    event_inputs, event_outputs = event_messages(span)
    inputs, outputs = inputs or event_inputs, outputs or event_outputs
    if is_model and span.text("logfire.span_type") is not None:
        inputs, outputs = _split_events(inputs, outputs)
    operation.input_messages, operation.output_messages = inputs, outputs
    operation.system = [message.text for message in read_chat(span.get(*SYSTEM), "system") if message.text]
    operation.system += read_system(span.get(*REQUEST))
    operation.tool_kinds = _tool_kinds(as_object(read_value(span.get("model_request_parameters"))))
    operation.pending = _pending(as_object(read_value(span.get("final_result"))))


def _pending(result: dict[str, Any]) -> frozenset[str]:
    """Return the ids of the calls that wait for approval, from a run of pydantic-ai that ended to wait for them."""
    approvals = as_list(result.get("approvals")) if "calls" in result else []
    return frozenset(str(item["tool_call_id"]) for item in map(as_object, approvals) if item.get("tool_call_id"))


def _split_events(inputs: list[SpanMessage], outputs: list[SpanMessage]) -> tuple[list[SpanMessage], list[SpanMessage]]:
    """Split Logfire's single list of events into input and output: the last assistant message is the output."""
    if outputs or not inputs or inputs[-1].role != "assistant":
        return inputs, outputs
    return inputs[:-1], inputs[-1:]


def _tool_kinds(parameters: dict[str, Any]) -> dict[str, str]:
    """Return each tool's kind from the declarations that pydantic-ai sends to the model."""
    tool_kinds: dict[str, str] = {}
    for key in ("function_tools", "output_tools"):
        for tool in map(as_object, as_list(parameters.get(key))):
            if name := text_or_none(tool.get("name")):
                tool_kinds[name] = text_or_none(tool.get("kind")) or "function"
    return tool_kinds

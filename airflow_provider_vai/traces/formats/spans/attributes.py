"""The attributes of agent spans: OpenTelemetry's conventions and those that came before or beside them.

One table: a meaning, and the names that pydantic-ai, Logfire, OpenLLMetry, the Vercel AI SDK, OpenInference and the
conventions themselves have for it. A span is read the same way whoever wrote it.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments
from airflow_provider_vai.traces.formats.spans.call import Kind, SpanFacts
from airflow_provider_vai.traces.formats.spans.messages import SpanMessage, read_chat
from airflow_provider_vai.traces.formats.spans.span import Span, first, read_value
from airflow_provider_vai.traces.reading.values import text_or_none

KIND = ("gen_ai.operation.name", "openinference.span.kind", "traceloop.span.kind", "ai.operationId", "llm.request.type")
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
    "create_agent": "agent",
    "agent": "agent",
    "workflow": "agent",
    "chain": "other",
    "task": "other",
}
IGNORED = frozenset(
    [
        "chain",
        "embedding",
        "embeddings",
        "evaluator",
        "event",
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
"""Kinds of spans that call no tool: passed over knowingly, every other unknown kind is noted."""

TOOL = ("gen_ai.tool.name", "ai.toolCall.name", "tool.name", "tool_call.function.name", "traceloop.entity.name")
CALL_ID = ("gen_ai.tool.call.id", "ai.toolCall.id", "tool_call.id", "tool.id")
ARGUMENTS = (
    "gen_ai.tool.call.arguments",
    "tool_arguments",
    "ai.toolCall.args",
    "tool_call.function.arguments",
    "traceloop.entity.input",
    "input.value",
    "input",
)
RESULT = (
    "gen_ai.tool.call.result",
    "tool_response",
    "ai.toolCall.result",
    "traceloop.entity.output",
    "output.value",
    "output",
)
HEARD = (
    "gen_ai.input.messages",
    "pydantic_ai.all_messages",
    "all_messages_events",
    "all_messages",
    "events",
    "llm.input_messages",
    "gen_ai.prompt",
    "ai.prompt.messages",
    "ai.prompt",
    "input.value",
)
SAID = ("gen_ai.output.messages", "llm.output_messages", "gen_ai.completion", "output.value")
SYSTEM = ("gen_ai.system_instructions", "gen_ai.request.instructions")
AGENT = ("gen_ai.agent.name", "agent_name", "agent.name")
MODEL = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "ai.model.id", "model_name")
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
PREFIXES = ("execute_tool ", "running tool: ", "tools/call ")


def read_step(span: Span) -> SpanFacts:
    """Return what a span's attributes say it is."""
    kind = span_kind(span)
    step = SpanFacts(span, kind, tool=tool_name(span), agent=span.text(*AGENT), model=span.text(*MODEL))
    step.note = unknown_kind(kind, span.text(*KIND))
    if kind in ("tool", "other"):
        read_execution(step, span.get(*ARGUMENTS), span.get(*RESULT))
        _read_marks(step)
    if kind in ("model", "agent"):
        _read_chats(step)
        step.usage = spent(span.get(*INPUT_TOKENS), span.get(*OUTPUT_TOKENS), span.get(*COST))
        reasons = span.get("gen_ai.response.finish_reasons", "ai.response.finishReason")
        step.asks_for_tools = "tool" in str(reasons)
    return step


def span_kind(span: Span) -> Kind:
    """Return what a span is about, by the first of its marks that the table knows."""
    for name in KIND:
        known = KINDS.get((span.text(name) or "").lower())
        if known:
            return known
    if span.text("mcp.method.name") == "tools/call" or span.text("gen_ai.tool.name"):
        return "tool"
    if span.get("all_messages_events", "pydantic_ai.all_messages") is not None:
        return "agent"
    is_request = span.get("gen_ai.request.model", "gen_ai.input.messages") is not None
    return "model" if is_request else "other"


def unknown_kind(kind: Kind, said: str | None) -> str:
    """Return the note about a span whose own kind nobody here knows; else nothing."""
    is_known = kind != "other" or not said or said.lower() in IGNORED
    return "" if is_known else f"unknown kind of span {said!r}"


def tool_name(span: Span) -> str:
    """Return the name of the tool that a span executes."""
    return span.text(*TOOL) or bare(span.name)


def bare(name: str) -> str:
    """Return a span's name without what a tracer puts before a tool's name."""
    prefix = next((prefix for prefix in PREFIXES if name.startswith(prefix)), "")
    return name.removeprefix(prefix)


def read_execution(step: SpanFacts, arguments: Any, result: Any) -> None:
    """Set what a tool was given and what it returned.

    A result that is a framework's tool message, or a request that wraps the arguments, is opened.
    """
    given, back = read_value(arguments), read_value(result)
    if isinstance(given, dict) and given.keys() <= {"input", "tool_input", "inputs"} and len(given) == 1:
        inner = read_value(next(iter(given.values())))
        given = inner if isinstance(inner, dict) else given
    elif isinstance(given, dict) and given.keys() == {"args", "kwargs"} and given["args"] == []:
        given = given["kwargs"]
    step.arguments = None if given is None else proposed_arguments(given)
    for message in read_chat(back, "tool") if _is_tool_message(back) else []:
        for answer in message.answers:
            step.call_id = step.call_id or answer.id or ""
            step.failed = step.failed or answer.outcome == "failed"
            back = answer.error if answer.outcome == "failed" else answer.value
    step.result = back
    step.call_id = step.call_id or (step.span.text(*CALL_ID) or "").strip()
    step.failed = step.failed or step.span.failed
    step.error = (error_text(back) or step.span.error) if step.failed else None


def spent(given: Any, returned: Any, cost: Any = None) -> dict[str, Any]:
    """Return a model call's usage, without what the trace does not say."""
    named = (("input", given), ("output", returned), ("cost", cost))
    return {name: value for name, value in named if isinstance(value, (int, float)) and not isinstance(value, bool)}


def _is_tool_message(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return any(
        isinstance(holder, dict) and "tool_call_id" in holder
        for holder in (value, value.get("kwargs"), value.get("data"))
    )


def _read_marks(step: SpanFacts) -> None:
    """Read pydantic-ai's marks of a tool that did not run: its arguments were refused, or it must wait."""
    span = step.span
    step.ran = span.text("pydantic_ai.tool.failure_stage") != "validation"
    step.waits = span.text("pydantic_ai.tool.deferral.name") or ""
    step.server = span.text("mcp.server.name", "gen_ai.tool.server.name")


def _read_chats(step: SpanFacts) -> None:
    span = step.span
    step.heard = read_chat(span.get(*HEARD), "user")
    output = span.get(*SAID)
    step.said = read_chat(output, "assistant") if step.kind == "model" else []
    if step.kind == "model" and output is None:
        calls = read_value(span.get("ai.response.toolCalls"))
        step.said = read_chat(calls if isinstance(calls, list) else [], "assistant")
        step.said += read_chat(span.text("ai.response.text") or "", "assistant")
    heard, said = _from_events(span)
    step.heard, step.said = step.heard or heard, step.said or said
    if step.kind == "model" and step.heard is not None and span.text("logfire.span_type") is not None:
        step.heard, step.said = _split_choice(step.heard, step.said)
    step.system = [said.text for said in read_chat(span.get(*SYSTEM), "system") if said.text]
    parameters = read_value(span.get("model_request_parameters"))
    step.gates = _gates(parameters) if isinstance(parameters, dict) else {}
    result = read_value(span.get("final_result"))
    waiting = result.get("approvals") if isinstance(result, dict) and "calls" in result else None
    step.pending = (
        frozenset(
            str(first(item, "tool_call_id"))
            for item in waiting or []
            if isinstance(item, dict) and item.get("tool_call_id")
        )
        if isinstance(waiting, list)
        else frozenset()
    )


def _split_choice(heard: list[SpanMessage], said: list[SpanMessage]) -> tuple[list[SpanMessage], list[SpanMessage]]:
    """Return Logfire's one list of events as input and output: the last answer is the output."""
    if said or not heard or heard[-1].role != "assistant":
        return heard, said
    return heard[:-1], heard[-1:]


def _from_events(span: Span) -> tuple[list[SpanMessage], list[SpanMessage]]:
    """Return the messages in a span's events, the conventions' older form."""
    heard: list[SpanMessage] = []
    said: list[SpanMessage] = []
    for name, details in span.events:
        if name == "gen_ai.client.inference.operation.details":
            heard += read_chat(details.get("gen_ai.input.messages"), "user")
            said += read_chat(details.get("gen_ai.output.messages"), "assistant")
        elif name in ("gen_ai.choice", "gen_ai.content.completion"):
            said += read_chat(first(details, "gen_ai.completion") or _decoded(details), "assistant")
        elif name == "gen_ai.content.prompt":
            heard += read_chat(first(details, "gen_ai.prompt"), "user")
        elif name.startswith("gen_ai.") and name.endswith(".message"):
            role = name.removeprefix("gen_ai.").removesuffix(".message")
            heard += read_chat({"role": role, "tool_call_id": details.get("id"), **_decoded(details)}, role)
    return heard, said


def _decoded(details: dict[str, Any]) -> dict[str, Any]:
    return {name: read_value(value) for name, value in details.items()}


def _gates(parameters: dict[str, Any]) -> dict[str, str]:
    """Return each tool's kind, as pydantic-ai declares it to the model."""
    found: dict[str, str] = {}
    for name in ("function_tools", "output_tools"):
        tools = parameters.get(name)
        for tool in tools if isinstance(tools, list) else []:
            if isinstance(tool, dict) and (known := text_or_none(tool.get("name"))):
                found[known] = text_or_none(tool.get("kind")) or "function"
    return found

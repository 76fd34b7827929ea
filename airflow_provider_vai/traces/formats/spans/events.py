"""The content in a span's events, where the conventions once had it and some frameworks still write it.

Strands writes a tool's arguments and result as events too, and a model's messages in Bedrock's form.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_vai.traces.formats.spans.messages import SpanMessage, read_chat
from airflow_provider_vai.traces.formats.spans.span import Span, first_value, read_value
from airflow_provider_vai.traces.reading.values import as_object

DETAILS = "gen_ai.client.inference.operation.details"
INPUT, OUTPUT = "gen_ai.input.messages", "gen_ai.output.messages"
CHOICES = ("gen_ai.choice", "gen_ai.content.completion")
BODY = ("gen_ai.event.content", "event_body", "body")
"""Attributes of an event that hold its whole body as JSON."""


def event_messages(span: Span) -> tuple[list[SpanMessage], list[SpanMessage]]:
    """Return the input and output messages in the events of a model request or an agent run.

    :param span: the span.
    """
    inputs: list[SpanMessage] = []
    outputs: list[SpanMessage] = []
    for name, attributes in span.events:
        details = _details(attributes)
        if name == DETAILS:
            inputs += read_chat(details.get(INPUT), "user")
            outputs += read_chat(details.get(OUTPUT), "assistant")
        elif name in CHOICES:
            outputs += _choice(details)
        elif name == "gen_ai.content.prompt":
            inputs += read_chat(first_value(details, "gen_ai.prompt"), "user")
        elif name.startswith("gen_ai.") and name.endswith(".message"):
            role = name.removeprefix("gen_ai.").removesuffix(".message")
            inputs += read_chat({"role": role, "tool_call_id": details.get("id"), **details}, role)
    return inputs, outputs


def event_execution(span: Span) -> tuple[Any, Any]:
    """Return the arguments and the result in the events of a tool's span; ``None`` for what they do not have.

    The result is a message of a tool, with the mark of a failure.

    :param span: the span.
    """
    arguments = result = None
    for name, attributes in span.events:
        details = _details(attributes)
        if name == DETAILS:
            calls = [call for message in read_chat(details.get(INPUT), "tool") for call in message.calls]
            arguments = calls[0].arguments if calls else arguments
            result = details.get(OUTPUT, result)
        elif name == "gen_ai.tool.message":
            arguments = details.get("content")
        elif name in CHOICES and "message" in details:
            result = _tool_result(span, details)
    return arguments, result


def _tool_result(span: Span, details: dict[str, Any]) -> dict[str, Any]:
    status = "error" if span.failed or span.text("gen_ai.tool.status") == "error" else "success"
    return {"toolResult": {"toolUseId": details.get("id"), "status": status, "content": details["message"]}}


def _choice(details: dict[str, Any]) -> list[SpanMessage]:
    message = details.get("message")
    if isinstance(message, list):  # a message's parts
        return read_chat({"role": "assistant", "content": message}, "assistant")
    return read_chat(first_value(details, "gen_ai.completion") or details, "assistant")


def _details(attributes: dict[str, Any]) -> dict[str, Any]:
    details = {name: read_value(value) for name, value in attributes.items()}
    return {**details, **as_object(first_value(details, *BODY))}

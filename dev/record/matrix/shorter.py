"""Leave out of an export what says nothing about the run: fixtures stay small.

Spans of chains and tasks hand the whole state on, and the spans of model requests have the messages twice.
"""

from __future__ import annotations

import json
from typing import Any

LONG = (
    *("llm.tools", "gen_ai.tool.definitions", "logfire.json_schema", "llm.invocation_parameters", "gen_ai.tool.json"),
    *("llm.request.functions", "model_request_parameters", "mlflow.chat.tools", "json_schema", "tool.json_schema"),
    *("haystack.agent.tools", "mlflow.spanLogLevel", "crew_tasks", "crew_agents", "formatted_", "metadata"),
    *("gen_ai.task.", "traceloop.association", "gen_ai.workflow"),
    *("langfuse.trace.", "langfuse.observation.metadata"),
)
"""Attributes that are long, and that no reader needs."""

PASSING_ON = ("CHAIN", "PARSER", "chain", "task", "workflow", "AGENT")
KIND = ("openinference.span.kind", "traceloop.span.kind", "langfuse.observation.type", "mlflow.spanType")
MESSAGES = ("llm.input_messages.", "llm.output_messages.")
HELPERS = ("_prepare_chat_with_tools",)
"""Ends of the names of spans that readers skip."""

WHOLE = ("input.value", "output.value")
MLFLOW = ("mlflow.", "gen_ai.tool.name", "gen_ai.tool.call", "gen_ai.operation", "name", "model_name")
LONGEST = 300


def shorter(document: Any) -> Any:
    """Return an export without what is long and says nothing about the run.

    :param document: a list of spans, MLflow traces or LangSmith runs; anything else is returned as it is.
    """
    items = document if isinstance(document, list) else []
    for item in items:
        if not isinstance(item, dict):
            continue
        if isinstance(item.get("attributes"), dict) and "context" in item:
            item["attributes"] = _attributes(item["attributes"], item["name"])
        elif isinstance(item.get("data"), dict):
            for span in item["data"].get("spans", []):
                span["attributes"] = _mlflow(span["attributes"], span["name"])
        elif item.get("run_type") in PASSING_ON:
            for name in ("inputs", "outputs", "error"):
                if len(str(item.get(name))) > LONGEST:
                    item[name] = None
    return document


def _attributes(attributes: dict[str, Any], span: str) -> dict[str, Any]:
    kept = {name: value for name, value in attributes.items() if not name.startswith(LONG)}
    is_chain = any(kept.get(name) in PASSING_ON for name in KIND) and "tool.arguments" not in kept
    is_chain = is_chain or span.endswith(HELPERS) or (kept.get(KIND[0]) == "LLM" and not has_output(kept))
    has_messages = any(name.startswith(MESSAGES) for name in kept)
    whole = [*WHOLE, "traceloop.entity.input", "traceloop.entity.output", "langfuse.observation.input"]
    whole += ["langfuse.observation.output"]
    for name in whole:
        if len(str(kept.get(name, ""))) > LONGEST and (is_chain or (has_messages and name in WHOLE)):
            del kept[name]
    for name, value in kept.items():
        role = kept.get(name.removesuffix(".content") + ".role")
        if name.startswith(MESSAGES) and role == "system" and isinstance(value, str):
            kept[name] = value[:LONGEST]
    return kept


def has_output(attributes: dict[str, Any]) -> bool:
    """Return whether a span has an output; one without is repeated by the span inside it."""
    return any(name.startswith(("output.", "llm.output_messages")) for name in attributes)


def _mlflow(attributes: dict[str, Any], span: str) -> dict[str, Any]:
    if attributes.get("mlflow.spanType", "null") == "null":  # spans of another instrumentation
        return _attributes({name: _decoded(value) for name, value in attributes.items()}, span)
    kept = {name: value for name, value in attributes.items() if name.startswith(MLFLOW) and not name.startswith(LONG)}
    kind = str(kept.get("mlflow.spanType", "")).strip('"')
    for name in ("mlflow.spanInputs", "mlflow.spanOutputs"):
        value = kept.get(name)
        if not isinstance(value, str) or len(value) <= LONGEST:
            continue
        is_repeated = kind == "LLM" and "_generator object" in str(kept.get("mlflow.spanOutputs"))
        if is_repeated or kind in PASSING_ON or "UNKNOWN" in kind or span.endswith(HELPERS):
            del kept[name]
        elif isinstance(inside := json.loads(value), dict):
            inside = {key: held for key, held in inside.items() if key in NEEDED or len(str(held)) <= LONGEST}
            inside = {key: held for key, held in inside.items() if not _is_empty(held)}
            for message in inside.get("messages") or []:
                if isinstance(message, dict) and message.get("role") == "system":
                    message["content"] = message["content"][:LONGEST]
            kept[name] = json.dumps(inside, ensure_ascii=False)
    return kept


NEEDED = ("messages", "input", "output", "choices", "parts", "message", "content", "generations", "response")


def _decoded(value: Any) -> Any:
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and "object at 0x" in value)

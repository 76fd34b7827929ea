"""One conversation in the form of every format that has calls and results, for rules that hold in all of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

AT = "2026-05-01T10:00:00Z"


@dataclass(frozen=True)
class Call:
    """A call: its id in the file, its tool, and the number that is its only argument."""

    id: str
    tool: str
    number: int

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments."""
        return {"n": self.number}

    @property
    def text(self) -> str:
        """The arguments as JSON text."""
        return json.dumps(self.arguments)


@dataclass(frozen=True)
class Result:
    """A result: the id in the file, the tool's name, and the number in the result."""

    id: str
    tool: str
    number: int

    @property
    def text(self) -> str:
        """The result as JSON text."""
        return json.dumps({"r": self.number})


Step = list[Call] | list[Result]
Form = Callable[[list[Step]], Any]


def _chat(asked: Any, answered: Any, steps: list[Step]) -> list[Any]:
    """Return the messages of steps."""
    return [found for step in steps for found in (asked(step) if isinstance(step[0], Call) else answered(step))]


def openai_chat(steps: list[Step]) -> Any:
    """OpenAI."""

    def calls(step: list[Call]) -> Any:
        made = [{"id": c.id, "type": "function", "function": {"name": c.tool, "arguments": c.text}} for c in step]
        return [{"role": "assistant", "content": None, "tool_calls": made}]

    def results(step: list[Result]) -> Any:
        return [{"role": "tool", "tool_call_id": r.id, "name": r.tool, "content": r.text} for r in step]

    return [{"role": "user", "content": "go"}, *_chat(calls, results, steps)]


def agentdojo(steps: list[Step]) -> Any:
    """AgentDojo."""

    def calls(step: list[Call]) -> Any:
        made = [{"function": c.tool, "args": c.arguments, "id": c.id} for c in step]
        return [{"role": "assistant", "content": "", "tool_calls": made}]

    def results(step: list[Result]) -> Any:
        return [
            {
                "role": "tool",
                "content": r.text,
                "tool_call_id": r.id,
                "tool_call": {"function": r.tool, "args": {}, "id": r.id},
                "error": None,
            }
            for r in step
        ]

    messages = [{"role": "user", "content": "go"}, *_chat(calls, results, steps)]
    return {"suite_name": "s", "pipeline_name": "p", "user_task_id": "u", "messages": messages}


def tau2(steps: list[Step]) -> Any:
    """tau2-bench."""

    def calls(step: list[Call]) -> Any:
        made = [{"id": c.id, "name": c.tool, "arguments": c.arguments} for c in step]
        return [{"role": "assistant", "content": None, "tool_calls": made}]

    def results(step: list[Result]) -> Any:
        return [{"role": "tool", "id": r.id, "content": r.text, "error": False} for r in step]

    simulation = {"id": "1", "messages": [{"role": "user", "content": "go"}, *_chat(calls, results, steps)]}
    return {"info": {}, "tasks": [], "simulations": [simulation]}


def anthropic_messages(steps: list[Step]) -> Any:
    """Anthropic."""

    def calls(step: list[Call]) -> Any:
        blocks = [{"type": "tool_use", "id": c.id, "name": c.tool, "input": c.arguments} for c in step]
        return [{"role": "assistant", "content": blocks}]

    def results(step: list[Result]) -> Any:
        blocks = [{"type": "tool_result", "tool_use_id": r.id, "content": r.text} for r in step]
        return [{"role": "user", "content": blocks}]

    return [{"role": "user", "content": "go"}, *_chat(calls, results, steps)]


def bedrock_converse(steps: list[Step]) -> Any:
    """Bedrock Converse."""

    def calls(step: list[Call]) -> Any:
        blocks = [{"toolUse": {"toolUseId": c.id, "name": c.tool, "input": c.arguments}} for c in step]
        return [{"role": "assistant", "content": blocks}]

    def results(step: list[Result]) -> Any:
        found = [{"toolUseId": r.id, "content": [{"json": {"r": r.number}}], "status": "success"} for r in step]
        return [{"role": "user", "content": [{"toolResult": result} for result in found]}]

    return [{"role": "user", "content": [{"text": "go"}]}, *_chat(calls, results, steps)]


def langchain(steps: list[Step]) -> Any:
    """LangChain."""

    def calls(step: list[Call]) -> Any:
        made = [{"name": c.tool, "args": c.arguments, "id": c.id, "type": "tool_call"} for c in step]
        return [{"type": "ai", "content": "", "tool_calls": made}]

    def results(step: list[Result]) -> Any:
        return [
            {"type": "tool", "content": r.text, "tool_call_id": r.id, "name": r.tool, "status": "success"} for r in step
        ]

    return [{"type": "human", "content": "go"}, *_chat(calls, results, steps)]


def pydantic_ai(steps: list[Step]) -> Any:
    """pydantic-ai."""

    def calls(step: list[Call]) -> Any:
        parts = [
            {"part_kind": "tool-call", "tool_name": c.tool, "args": c.arguments, "tool_call_id": c.id} for c in step
        ]
        return [{"kind": "response", "parts": parts}]

    def results(step: list[Result]) -> Any:
        parts = [
            {"part_kind": "tool-return", "tool_name": r.tool, "content": r.text, "tool_call_id": r.id} for r in step
        ]
        return [{"kind": "request", "parts": parts}]

    asked = {"kind": "request", "parts": [{"part_kind": "user-prompt", "content": "go"}]}
    return [asked, *_chat(calls, results, steps)]


def vercel_model(steps: list[Step]) -> Any:
    """Vercel ModelMessages."""

    def calls(step: list[Call]) -> Any:
        parts = [{"type": "tool-call", "toolCallId": c.id, "toolName": c.tool, "input": c.arguments} for c in step]
        return [{"role": "assistant", "content": parts}]

    def results(step: list[Result]) -> Any:
        outputs = [(r, {"type": "json", "value": {"r": r.number}}) for r in step]
        parts = [{"type": "tool-result", "toolCallId": r.id, "toolName": r.tool, "output": out} for r, out in outputs]
        return [{"role": "tool", "content": parts}]

    return [{"role": "user", "content": "go"}, *_chat(calls, results, steps)]


def openai_responses(steps: list[Step]) -> Any:
    """OpenAI Responses."""

    def calls(step: list[Call]) -> Any:
        return [{"type": "function_call", "call_id": c.id, "name": c.tool, "arguments": c.text} for c in step]

    def results(step: list[Result]) -> Any:
        return [{"type": "function_call_output", "call_id": r.id, "output": r.text} for r in step]

    return [{"role": "user", "content": "go"}, *_chat(calls, results, steps)]


def google_adk(steps: list[Step]) -> Any:
    """Google ADK."""

    def event(author: str, parts: list[Any]) -> Any:
        return [{"id": "e", "invocation_id": "i", "author": author, "content": {"parts": parts}}]

    def calls(step: list[Call]) -> Any:
        return event("a", [{"function_call": {"id": c.id, "name": c.tool, "args": c.arguments}} for c in step])

    def results(step: list[Result]) -> Any:
        found = [{"id": r.id, "name": r.tool, "response": {"r": r.number}} for r in step]
        return event("a", [{"function_response": response} for response in found])

    return {"id": "s", "events": [*event("user", [{"text": "go"}]), *_chat(calls, results, steps)]}


def goose(steps: list[Step]) -> Any:
    """Goose."""

    def calls(step: list[Call]) -> Any:
        made = [(c.id, {"status": "success", "value": {"name": c.tool, "arguments": c.arguments}}) for c in step]
        return [{"role": "assistant", "content": [{"type": "toolRequest", "id": i, "toolCall": v} for i, v in made]}]

    def results(step: list[Result]) -> Any:
        value = [(r.id, {"content": [{"type": "text", "text": r.text}], "isError": False}) for r in step]
        blocks = [{"type": "toolResponse", "id": i, "toolResult": {"status": "success", "value": v}} for i, v in value]
        return [{"role": "user", "content": blocks}]

    asked = {"role": "user", "content": [{"type": "text", "text": "go"}]}
    return {"id": "s", "working_dir": "/srv", "conversation": [asked, *_chat(calls, results, steps)]}


def autogen(steps: list[Step]) -> Any:
    """AutoGen."""

    def event(source: str, kind: str, content: Any) -> Any:
        return [{"source": source, "models_usage": None, "type": kind, "content": content}]

    def calls(step: list[Call]) -> Any:
        return event("a", "ToolCallRequestEvent", [{"id": c.id, "name": c.tool, "arguments": c.text} for c in step])

    def results(step: list[Result]) -> Any:
        found = [{"call_id": r.id, "name": r.tool, "content": r.text, "is_error": False} for r in step]
        return event("a", "ToolCallExecutionEvent", found)

    return [*event("user", "TextMessage", "go"), *_chat(calls, results, steps)]


def agent_framework(steps: list[Step]) -> Any:
    """Microsoft's Agent Framework."""

    def calls(step: list[Call]) -> Any:
        found = [{"type": "function_call", "call_id": c.id, "name": c.tool, "arguments": c.text} for c in step]
        return [{"role": "assistant", "contents": found}]

    def results(step: list[Result]) -> Any:
        found = [{"type": "function_result", "call_id": r.id, "result": r.text} for r in step]
        return [{"role": "tool", "contents": found}]

    return [{"role": "user", "contents": [{"type": "text", "text": "go"}]}, *_chat(calls, results, steps)]


def semantic_kernel(steps: list[Step]) -> Any:
    """Semantic Kernel."""

    def calls(step: list[Call]) -> Any:
        found = [{"content_type": "function_call", "id": c.id, "name": c.tool, "arguments": c.text} for c in step]
        return [{"role": "assistant", "items": found}]

    def results(step: list[Result]) -> Any:
        found = [{"content_type": "function_result", "id": r.id, "name": r.tool, "result": r.text} for r in step]
        return [{"role": "tool", "items": [item]} for item in found]

    asked = {"role": "user", "items": [{"content_type": "text", "text": "go"}]}
    return {"messages": [asked, *_chat(calls, results, steps)]}


def haystack(steps: list[Step]) -> Any:
    """Haystack."""

    def calls(step: list[Call]) -> Any:
        found = [{"tool_call": {"tool_name": c.tool, "arguments": c.arguments, "id": c.id}} for c in step]
        return [{"role": "assistant", "content": found}]

    def results(step: list[Result]) -> Any:
        origins = [(r, {"tool_name": r.tool, "id": r.id}) for r in step]
        found = [{"tool_call_result": {"result": r.text, "origin": origin, "error": False}} for r, origin in origins]
        return [{"role": "tool", "content": [part]} for part in found]

    return [{"role": "user", "content": [{"text": "go"}]}, *_chat(calls, results, steps)]


def letta(steps: list[Step]) -> Any:
    """Letta."""
    number = count()

    def calls(step: list[Call]) -> Any:
        made = [{"name": c.tool, "arguments": c.text, "tool_call_id": c.id} for c in step]
        return [
            {"id": f"m{next(number)}", "message_type": "tool_call_message", "tool_call": made[0], "tool_calls": made}
        ]

    def results(step: list[Result]) -> Any:
        found = [{"tool_call_id": r.id, "tool_return": r.text, "status": "success"} for r in step]
        return [{"id": f"m{next(number)}", "message_type": "tool_return_message", "tool_returns": found}]

    return [{"message_type": "user_message", "content": "go"}, *_chat(calls, results, steps)]


def claude_code(steps: list[Step]) -> Any:
    """Claude Code."""
    number = count()

    def line(kind: str, message: dict[str, Any]) -> dict[str, Any]:
        at = next(number)
        before = f"u{at - 1}" if at else None
        return {
            "type": kind,
            "uuid": f"u{at}",
            "parentUuid": before,
            "sessionId": "s",
            "timestamp": AT,
            "message": message,
        }

    chat = anthropic_messages(steps)
    lines = [line(message["role"], message) for message in chat]
    for at, found in enumerate(lines):
        found["message"]["id"] = f"m{at}"
    return lines


FORMS: dict[str, Form] = {
    form.__name__: form
    for form in (
        openai_chat,
        agentdojo,
        tau2,
        anthropic_messages,
        bedrock_converse,
        langchain,
        pydantic_ai,
        vercel_model,
        openai_responses,
        google_adk,
        goose,
        autogen,
        agent_framework,
        semantic_kernel,
        haystack,
        letta,
        claude_code,
    )
}
"""Each format's way to write a conversation, by its name."""


# --- formats that keep a result inside its call -----------------------------------------------------------------------


def _pairs(steps: list[Step]) -> list[list[tuple[Call, Result | None]]]:
    """Return each batch of calls with their results, by position."""
    batches: list[list[tuple[Call, Result | None]]] = []
    for at, step in enumerate(steps):
        if isinstance(step[0], Call):
            after: Any = steps[at + 1] if at + 1 < len(steps) else []
            batches.append([(c, after[n] if n < len(after) else None) for n, c in enumerate(step)])  # type: ignore[misc]
    return batches


def vercel_ui(steps: list[Step]) -> Any:
    """Vercel UIMessages."""
    parts: list[Any] = []
    for batch in _pairs(steps):
        parts.append({"type": "step-start"})
        for c, r in batch:
            state = {"state": "output-available", "output": {"r": r.number}} if r else {"state": "input-available"}
            parts.append({"type": f"tool-{c.tool}", "toolCallId": c.id, "input": c.arguments, **state})
    return [{"role": "user", "parts": [{"type": "text", "text": "go"}]}, {"role": "assistant", "parts": parts}]


def opencode(steps: list[Step]) -> Any:
    """OpenCode."""
    parts: list[Any] = []
    for batch in _pairs(steps):
        parts.append({"type": "step-start"})
        for c, r in batch:
            state = {"status": "completed", "output": r.text} if r else {"status": "running"}
            parts.append({"type": "tool", "callID": c.id, "tool": c.tool, "state": {**state, "input": c.arguments}})
    messages = [
        {"info": {"role": "user", "sessionID": "s"}, "parts": [{"type": "text", "text": "go"}]},
        {"info": {"role": "assistant", "sessionID": "s"}, "parts": parts},
    ]
    return {"info": {"id": "s", "directory": "/srv", "time": {}}, "messages": messages}


def librechat(steps: list[Step]) -> Any:
    """LibreChat."""
    parts: list[Any] = []
    for batch in _pairs(steps):
        parts.append({"type": "text", "text": "Next."})
        for c, r in batch:
            output = {"output": r.text} if r else {}
            parts.append({"type": "tool_call", "tool_call": {"id": c.id, "name": c.tool, "args": c.text, **output}})
    messages = [
        {"messageId": "1", "parentMessageId": None, "isCreatedByUser": True, "text": "go", "createdAt": AT},
        {"messageId": "2", "parentMessageId": "1", "isCreatedByUser": False, "content": parts, "createdAt": AT},
    ]
    return {"conversationId": "s", "messages": messages}


def gemini_cli(steps: list[Step]) -> Any:
    """Gemini CLI."""
    messages: list[Any] = [{"type": "user", "content": "go"}]
    for batch in _pairs(steps):
        calls = []
        for c, r in batch:
            response = {"functionResponse": {"id": c.id, "name": c.tool, "response": {"output": r.text if r else ""}}}
            state = {"status": "success", "result": [response]} if r else {"status": "executing"}
            calls.append({"id": c.id, "name": c.tool, "args": c.arguments, **state})
        messages.append({"type": "gemini", "content": "", "toolCalls": calls})
    return {"sessionId": "s", "projectHash": "h", "startTime": AT, "lastUpdated": AT, "messages": messages}


def atif(steps: list[Step]) -> Any:
    """ATIF."""
    found: list[Any] = [{"step_id": 1, "source": "user", "message": "go"}]
    for batch in _pairs(steps):
        calls = [{"tool_call_id": c.id, "function_name": c.tool, "arguments": c.arguments} for c, _ in batch]
        results = [{"source_call_id": r.id, "content": r.text} for _, r in batch if r]
        step = {"step_id": len(found) + 1, "source": "agent", "message": "", "tool_calls": calls}
        found.append({**step, "observation": {"results": results}})
    return {"schema_version": "ATIF-v1.8", "session_id": "s", "agent": {"name": "a", "version": "1"}, "steps": found}


INSIDE: dict[str, Form] = {form.__name__: form for form in (vercel_ui, opencode, librechat, gemini_cli, atif)}
"""The same for formats that keep a result inside its call, or beside it in one step."""

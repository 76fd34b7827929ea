"""MCP call logs: the JSON-RPC messages between a client and a server, one per line or in a list.

A line is a message, a batch of messages, or an envelope around a message (time, direction, server). Calls without a
result between them count as parallel. The protocol has no approvals; a server's questions to the user are noted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats.mcp_log.messages import SERVER_REQUESTS, McpLog
from airflow_provider_vai.traces.reading.coverage import Coverage
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_object, parse_json, require_list

INSIDE = ("message", "payload", "data", "msg", "body", "rpc", "request", "response")
"""The keys under which an envelope holds the message or its text."""
METHOD_PREFIXES = ("tools/", "notifications/tools/", "resources/", "prompts/")

Message = tuple[dict[str, Any], dict[str, Any]]
"""A message, and the envelope around it."""


class McpLogAdapter:
    """Reads JSON-RPC logs of MCP connections."""

    name = "mcp_log"
    description = "MCP messages (JSON-RPC lines or list): tools/call requests and their responses"
    coverage = Coverage(timing="partly", batches="partly")

    def accepts(self, document: Any) -> bool:
        """Return whether the document holds JSON-RPC messages, at least one with a method of MCP's own."""
        items = document if isinstance(document, list) else [document]
        messages = [message for item in items[:1000] for message, _ in _messages(item)]
        methods = [method for message in messages if isinstance(method := message.get("method"), str)]
        return any(method.startswith(METHOD_PREFIXES) or method in SERVER_REQUESTS for method in methods)

    def runs(self, trace: Trace) -> Iterator[Run]:
        """Yield the one run.

        :raises MalformedTrace: the document holds no objects, or a call breaks the protocol.
        """
        log, document = McpLog(trace), trace.document
        items = [document] if isinstance(document, dict) else require_list(document, str(trace))
        for number, item in enumerate(items):
            place = f"{trace}: [{number}]"
            messages = _messages(item)
            for message, envelope in messages:
                log.read(message, envelope, place)
            if not messages:
                log.conversation.note(place, "not a JSON-RPC message")
        times = log.times
        run = Run(
            id=log.session or trace.fallback_id,
            source="agent_run",
            format=self.name,
            agent=log.agent,
            title=next(iter(log.servers.values()), None),
            started_at=times[0] if times else None,
            ended_at=times[-1] if times else None,
        )
        yield log.conversation.finish(run)


def _messages(item: Any) -> list[Message]:
    """Return the JSON-RPC messages in a line: the line itself, a batch, or the content of an envelope. Never raises."""
    messages: list[Message] = []
    for holder in item if isinstance(item, list) else [item]:
        if isinstance(holder, dict):
            candidates = [holder, *(as_object(_parsed(holder[key])) for key in INSIDE if key in holder)]
            messages += [(message, holder) for message in candidates if message.get("jsonrpc") == "2.0"]
    return messages


def _parsed(value: Any) -> Any:
    return parse_json(value) if isinstance(value, str) else value


ADAPTER = McpLogAdapter()

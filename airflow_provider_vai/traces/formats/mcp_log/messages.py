"""Reads the messages of MCP connections, and pairs each response with its request."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow_provider_vai.model.run import ToolCall
from airflow_provider_vai.traces.formats.shared.content import error_text, proposed_arguments, result_value
from airflow_provider_vai.traces.formats.shared.conversation import Conversation, ToolResult
from airflow_provider_vai.traces.reading.trace import Trace
from airflow_provider_vai.traces.reading.values import as_object, parse_time, require_text, text_or_none

CONNECTION_KEYS = ("server", "serverName", "server_name", "connection")
SESSION_KEYS = ("sessionId", "session_id", "session")
TIME_KEYS = ("timestamp", "time", "ts", "at")
SERVER_REQUESTS = {"elicitation/create": "action", "sampling/createMessage": "model", "roots/list": "roots"}
"""Requests from a server to its client, each with a key of its response.

The key is needed because both sides count their request ids from the same number.
"""
NEVER_RAN = (-32700, -32600, -32601, -32602)
"""JSON-RPC errors of calls that never reached a tool."""


class McpLog:
    """The messages read so far, and the requests without a response."""

    def __init__(self, trace: Trace) -> None:
        self.conversation = Conversation(trace)
        self.times: list[datetime] = []
        self.servers: dict[str, str] = {}  # by connection: the name that the server gives itself
        self.session: str | None = None
        self.agent: str | None = None
        self._open: dict[tuple[str, str], list[tuple[str, int | None]]] = {}
        self._tasks: dict[str, int] = {}
        self._had_result = True

    def read(self, message: dict[str, Any], envelope: dict[str, Any], place: str) -> None:
        """Read one message.

        :param envelope: the log's own object around the message.
        :raises MalformedTrace: a call has no name.
        """
        connection = _first(envelope, CONNECTION_KEYS) or ""
        self.session = self.session or _first(envelope, SESSION_KEYS)
        at = next((time for key in TIME_KEYS if (time := parse_time(envelope.get(key)))), None)
        self.times += [at] if at else []
        key = (connection, repr(message.get("id")))
        if message.get("method") is None:
            self._read_response(message, key, at, place)
            return
        method, params = require_text(message["method"], f"{place}.method"), as_object(message.get("params"))
        position = self._request(method, params, connection, at, place)
        if message.get("id") is not None:
            self._open.setdefault(key, []).append((method, position))

    def _request(self, method: str, params: dict[str, Any], connection: str, at: Any, place: str) -> int | None:
        if method == "tools/call":
            if self._had_result:  # a call made after a result may depend on it
                self.conversation.start_message()
            self._had_result = False
            call = ToolCall(
                id="",  # JSON-RPC ids start anew with each connection
                tool=require_text(params.get("name"), f"{place}.params.name"),
                server=connection or self.servers.get(connection),
                proposed_arguments=proposed_arguments(params.get("arguments")),
                started_at=at,
            )
            return self.conversation.add_call(call, place)
        if method in ("tasks/result", "tasks/get"):
            return self._tasks.get(str(params.get("taskId"))) if method == "tasks/result" else None
        if method == "initialize":
            self.agent = text_or_none(as_object(params.get("clientInfo")).get("name")) or self.agent
            self._open = {key: waiting for key, waiting in self._open.items() if key[0] != connection}
        elif method == "notifications/cancelled":
            self._cancel((connection, repr(params.get("requestId"))), params, at)
        elif method == "elicitation/create":
            self.conversation.note(place, f"the server asked the user: {error_text(params.get('message'))}")
        return None

    def _read_response(self, message: dict[str, Any], key: tuple[str, str], at: Any, place: str) -> None:
        result, waiting = as_object(message.get("result")), self._open.get(key, [])
        # a server's and a client's request may have the same id; then the response's shape decides
        to_server = [entry for entry in waiting if SERVER_REQUESTS.get(entry[0], "") in result]
        to_client = [entry for entry in waiting if entry[0] not in SERVER_REQUESTS]
        if not waiting:
            if result.keys() & {"content", "structuredContent"}:
                self.conversation.note(place, f"a result for the request {key[1]}, but there is no such call")
            return
        entry = (to_server or to_client or waiting)[0]
        waiting.remove(entry)
        method, position = entry
        if method == "initialize":
            name = text_or_none(as_object(result.get("serverInfo")).get("name"))
            self.servers |= {key[0]: name} if name else {}
        elif method == "elicitation/create":
            self.conversation.note(place, f"the user's answer to the server: {error_text(result.get('action'))}")
        elif position is not None:
            self._had_result = True
            self._result(position, message, result, at, place)

    def _result(self, position: int, message: dict[str, Any], result: dict[str, Any], at: Any, place: str) -> None:
        error = as_object(message.get("error"))
        task = text_or_none(as_object(result.get("task")).get("taskId"))
        content = result.get("content")
        if error:
            error_message = error_text(error.get("message")) or error_text(error)
            failure = ToolResult(outcome="failed", error=error_message, ran=error.get("code") not in NEVER_RAN, at=at)
            self.conversation.set_result(position, failure)
        elif task and content is None:
            self._tasks[task] = position
        elif "inputRequests" in result:
            self.conversation.note(place, "the server needs more from the user before it runs the tool")
        elif result.get("isError") is True:
            self.conversation.set_result(position, ToolResult(outcome="failed", error=error_text(content), at=at))
        else:
            structured = result.get("structuredContent")
            value = result_value(content) if structured is None else structured
            self.conversation.set_result(
                position, ToolResult(value=value, at=at, is_marked=result.get("isError") is False)
            )

    def _cancel(self, key: tuple[str, str], params: dict[str, Any], at: Any) -> None:
        for method, position in self._open.get(key, []):
            if method == "tools/call" and position is not None:
                reason = text_or_none(params.get("reason"))
                self.conversation.set_result(position, ToolResult(outcome="interrupted", error=reason, at=at))
                self._open[key].remove((method, position))
                return


def _first(holder: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((text for key in keys if (text := text_or_none(holder.get(key)))), None)

"""A server on loopback that speaks OpenAI's chat completions and responses, and answers from the script."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from script import ANSWER, rounds


@contextmanager
def serving(*, asks: bool, final_tool: str = "") -> Iterator[str]:
    """Yield the base URL of a server that gives the answers of the script one after the other.

    :param asks: whether the framework asks a person, so that a call can be denied.
    :param final_tool: the tool that gives the agent's answer, if the framework has one.
    """
    last = [{"id": "call_z9", "tool": final_tool, "arguments": {"answer": ANSWER}}] if final_tool else []
    answers = iter([*rounds(asks=asks), last])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Send the next answer."""
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            calls = next(answers)
            self.send_response(200)
            streams = bool(request.get("stream"))
            self.send_header("Content-Type", "text/event-stream" if streams else "application/json")
            self.end_headers()
            if "responses" in self.path:
                self.wfile.write(json.dumps(response(calls)).encode())
            elif streams:
                self.wfile.write(chunks(calls).encode())
            else:
                self.wfile.write(json.dumps(completion(calls)).encode())

        def log_message(self, *_: Any) -> None:
            """Write no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()


def message(calls: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the assistant's message with these calls, or with the answer."""
    functions = [
        {
            "id": call["id"],
            "type": "function",
            "function": {"name": call["tool"], "arguments": json.dumps(call["arguments"], ensure_ascii=False)},
        }
        for call in calls
    ]
    return {"role": "assistant", "content": None if calls else ANSWER, **({"tool_calls": functions} if calls else {})}


USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}


def completion(calls: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a chat completion."""
    choice = {"index": 0, "message": message(calls), "finish_reason": "tool_calls" if calls else "stop"}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1790000000,
        "model": "scripted",
        "choices": [choice],
        "usage": USAGE,
    }


def chunks(calls: list[dict[str, Any]]) -> str:
    """Return a chat completion as a stream of events."""
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1790000000, "model": "scripted"}
    delta = message(calls)
    for number, call in enumerate(delta.get("tool_calls", [])):
        call["index"] = number
    parts = [{**delta, "tool_calls": [call]} for call in delta.get("tool_calls", [])] or [delta]
    deltas = [{"index": 0, "delta": part, "finish_reason": None} for part in parts]
    end = [{"index": 0, "delta": {}, "finish_reason": "tool_calls" if calls else "stop"}]
    events = [
        *({**head, "choices": [delta]} for delta in deltas),
        {**head, "choices": end},
        {**head, "choices": [], "usage": USAGE},
    ]
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"


def response(calls: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a response of the Responses API."""
    items: list[dict[str, Any]] = [
        {
            "type": "function_call",
            "id": f"fc_{call['id']}",
            "call_id": call["id"],
            "name": call["tool"],
            "arguments": json.dumps(call["arguments"], ensure_ascii=False),
            "status": "completed",
        }
        for call in calls
    ]
    text = {"type": "output_text", "text": ANSWER, "annotations": []}
    said = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [text]}
    details: dict[str, Any] = {"input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0}}
    usage = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110, **details}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1790000000,
        "model": "scripted",
        "status": "completed",
        "output": items or [said],
        "usage": {**usage, "output_tokens_details": {"reasoning_tokens": 0}},
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }

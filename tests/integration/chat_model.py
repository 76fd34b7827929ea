"""A local chat-completions server whose responses a test scripts."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


class ChatModel(http.server.BaseHTTPRequestHandler):
    """Answers each request with the message that :meth:`reply` returns. A test writes its script as a subclass."""

    def reply(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the assistant's message for a request."""
        raise NotImplementedError

    def do_POST(self) -> None:
        """Respond to one request."""
        message = self.reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        choice = {"index": 0, "finish_reason": "tool_calls" if "tool_calls" in message else "stop", "message": message}
        answer = {"id": "1", "object": "chat.completion", "created": 1, "model": "scripted-1", "usage": USAGE}
        content = json.dumps({**answer, "choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@contextmanager
def serving(model: type[ChatModel], password: str = "k3y-of-the-test") -> Iterator[dict[str, Any]]:
    """Serve a model on the loopback interface and yield its Airflow connection."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), model) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield {
            "conn_type": "pydanticai",
            "host": f"http://127.0.0.1:{running.server_address[1]}/v1",
            "password": password,
            "extra": {"model": "openai-chat:scripted-1"},
        }
        running.shutdown()

"""The local services that the DAG ``every_kind`` calls: a shop with a search and a news page, a model, a notebook.

Each is a :class:`Service` on a free port of 127.0.0.1, or of another address. ``python dev/example/services.py PORT
FILE [ADDRESS]`` serves the notebook over MCP: its tool ``add_note`` appends to the file. Only the notebook needs more
than the standard library (``mcp``).
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ORDERS = [
    {"order_id": 1, "region": "North", "amount": 120},
    {"order_id": 2, "region": "South", "amount": 80},
    {"order_id": 3, "region": "North", "amount": 60},
]
PAGE = """\
<!doctype html>
<html><head><title>Coffee prices in March</title></head><body><article><h1>Coffee prices in March</h1>
<p>Arabica rose by four percent in March, after a dry winter in Minas Gerais. Roasters expect the price to stay where it
is until the new harvest arrives in May.</p>
<p>Robusta stayed where it was. Traders call the supply from Vietnam good, and the stocks in Antwerp are full.</p>
</article></body></html>"""


@dataclass(frozen=True)
class Request:
    """A client's request: the path without its leading slash, the last value of each query field, the JSON body."""

    method: str
    path: str
    query: dict[str, str]
    body: Any


Answer = Callable[[Request], Any]
"""Returns JSON data, a text to send as HTML, or ``None`` for "not found"."""


class Service(ThreadingHTTPServer):
    """An HTTP server on a free port.

    :param answer: answers the requests; may be called from several threads at once.
    :param host: the address to listen on.
    """

    daemon_threads = True

    def __init__(self, answer: Answer, host: str = "127.0.0.1") -> None:
        super().__init__((host, 0), _Handler)
        self.answer, self.host = answer, host

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://{self.host}:{self.server_port}"


@contextlib.contextmanager
def serving(answer: Answer, host: str = "127.0.0.1") -> Iterator[Service]:
    """Serve as long as the ``with`` block runs."""
    with Service(answer, host) as service:
        threading.Thread(target=service.serve_forever, daemon=True).start()
        yield service
        service.shutdown()


@contextlib.contextmanager
def listening(command: Sequence[str], port: int, host: str = "127.0.0.1") -> Iterator[None]:
    """Run a server as long as the ``with`` block runs; the block starts once the server listens on the port.

    :raises RuntimeError: the server ended before it listened.
    """
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            while not _is_open(port, host):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    raise RuntimeError(f"{command[0]} ended with {server.wait(0.1)} before it listened")
            yield
        finally:
            server.terminate()


def _is_open(port: int, host: str) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), 1):
        return True
    return False


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        """Answer."""
        self._answer()

    def do_POST(self) -> None:
        """Answer."""
        self._answer()

    def _answer(self) -> None:
        url = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(content) if content else None
        answer = self.server.answer(Request(self.command, url.path.strip("/"), dict(parse_qsl(url.query)), body))
        is_page = isinstance(answer, str)
        sent = (answer if is_page else json.dumps(answer)).encode()
        with contextlib.suppress(OSError):  # the client may have been stopped in the meantime
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8" if is_page else "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


def shop(request: Request) -> Any:
    """Answer as the shop: its orders, a search with SearXNG's API, and the page that the search finds."""
    if request.path == "orders":
        return ORDERS
    if request.path == "search":
        found = {"title": "Coffee prices in March", "url": "https://news.example/coffee", "content": "Arabica rose"}
        return {"query": request.query["q"], "results": [found]}
    return PAGE if request.path == "news/coffee" else None


def model(ask: Callable[[str], tuple[str, dict[str, Any]]]) -> Answer:
    """Return a model with a chat-completions API: it calls one tool, and answers with the tool's result.

    :param ask: returns the name and the arguments of the tool to call for the user's question.
    """

    def answer(request: Request) -> Any:
        by_role = {message["role"]: message["content"] for message in request.body["messages"]}
        message: dict[str, Any] = {"role": "assistant", "content": by_role.get("tool")}
        if message["content"] is None:
            name, arguments = ask(by_role["user"])
            function = {"name": name, "arguments": json.dumps(arguments)}
            message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
        reason = "tool_calls" if "tool_calls" in message else "stop"
        return {
            "id": "answer_1",
            "object": "chat.completion",
            "created": 1,
            "model": "scripted",
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
            "choices": [{"index": 0, "finish_reason": reason, "message": message}],
        }

    return answer


def serve_notes(port: int, file: Path, host: str = "127.0.0.1") -> None:
    """Serve MCP over HTTP on a port until the process ends."""
    from mcp.server import MCPServer

    server = MCPServer("notes")

    @server.tool()
    def add_note(text: str) -> dict[str, Any]:
        """Add a line to the team's notes, and return how many there are."""
        with file.open("a", encoding="utf-8") as lines:
            lines.write(f"{text}\n")
        return {"notes": len(file.read_text(encoding="utf-8").splitlines())}

    server.run("streamable-http", host=host, port=port)


if __name__ == "__main__":
    serve_notes(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])

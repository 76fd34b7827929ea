"""A server on loopback that returns the responses that a test defines."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest


@dataclass
class Request:
    """One request to the server."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


Reply = tuple[int, dict[str, str], bytes] | dict[str, Any] | list[Any] | Callable[[Request], Any]


@dataclass
class Stub:
    """``responses`` by path: JSON, a (status, headers, body), or a function of the request; other paths are 404."""

    url: str = ""
    responses: dict[str, Any] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def paths(self) -> list[str]:
        """Return the requested paths, in order."""
        return [request.path for request in self.requests]


@pytest.fixture
def serve() -> Iterator[Callable[..., Stub]]:
    """Return a function that starts a server with these responses."""
    running: list[tuple[Stub, ThreadingHTTPServer]] = []

    def start(responses: dict[str, Any] | None = None) -> Stub:
        stub = Stub(responses=responses or {})
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stub))
        server.daemon_threads = True
        stub.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        running.append((stub, server))
        return stub

    yield start
    for stub, server in running:
        stub.closing.set()
        server.shutdown()
        server.server_close()


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def _respond(self) -> None:
            parts = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            request = Request(self.command, unquote(parts.path), query, dict(self.headers), json.loads(sent or b"null"))
            stub.requests.append(request)
            response = stub.responses.get(request.path, (404, {}, b'{"detail": "Not Found"}'))
            response = response(request) if callable(response) else response
            is_raw = isinstance(response, tuple)
            status, headers, body = response if is_raw else (200, {}, json.dumps(response).encode())
            try:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # the client closed the connection
                self.close_connection = True

        def log_message(self, *args: Any) -> None:
            pass

    return Handler

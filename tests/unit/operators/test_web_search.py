"""Both search APIs, and responses that cannot be used, with a real local server."""

from __future__ import annotations

import base64
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from airflow_provider_vai.operators.web import search_api
from airflow_provider_vai.operators.web.search_api import SearchRefused, SearchUnavailable, search
from tests.unit.dripping import Part, dripping

FOUND = [{"title": f"T{n}", "url": f"https://example.com/{n}", "content": f"C{n}", "score": 0.5} for n in range(5)]
SHAPED = [{"title": f"T{n}", "url": f"https://example.com/{n}", "snippet": f"C{n}"} for n in range(5)]


class Handler(http.server.BaseHTTPRequestHandler):
    """Sends the response that the test has set to every request."""

    status: ClassVar[int] = 200
    content: ClassVar[bytes] = b""
    seen: ClassVar[list[tuple[str, str, str | None, bytes]]] = []

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.path, self.headers["Authorization"], body))
        self.send_response(self.status)
        if 300 <= self.status < 400:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    do_GET = do_POST = _answer  # noqa: N815 - the server's own names

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server on the loopback interface that found five results."""
    Handler.seen.clear()
    monkeypatch.setattr(Handler, "status", 200)
    monkeypatch.setattr(Handler, "content", json.dumps({"results": FOUND}).encode())
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=[0.01], daemon=True).start()
        yield running.server_address[1]
        running.shutdown()


def connection(port: int | None, **more: Any) -> Any:
    """Return an object like an Airflow connection to the server."""
    fields = {"host": "127.0.0.1", "port": port, "schema": None, "login": None, "password": None}
    return SimpleNamespace(**{**fields, "extra_dejson": {}, **more})


def test_searxng(server: int) -> None:
    """The query is in the URL; results have our field names, and not more than the requested number are returned."""
    assert search(connection(server), "a b&c=ü", 3) == SHAPED[:3]
    assert Handler.seen == [("GET", "/search?q=a+b%26c%3D%C3%BC&format=json", None, b"")]


def test_searxng_behind_basic_authentication(server: int) -> None:
    """The connection's login and password are sent."""
    search(connection(None, host=f"http://127.0.0.1:{server}/", login="u", password="p"), "x", 3)

    assert Handler.seen[0][2] == "Basic " + base64.b64encode(b"u:p").decode()


def test_tavily(server: int) -> None:
    """The key is in the header and the query in the body; at most Tavily's maximum of results is requested."""
    service = connection(server, password="tvly-1", extra_dejson={"api": "tavily"})

    assert search(service, "x", 2) == SHAPED[:2]
    assert search(service, "x", 50) == SHAPED
    bodies = [json.loads(body) for *_, body in Handler.seen]
    assert Handler.seen[0][:3] == ("POST", "/search", "Bearer tvly-1")
    assert bodies == [{"query": "x", "max_results": 2}, {"query": "x", "max_results": 20}]


def test_missing_parts_become_empty(server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result without a title or text is kept, and a search may have no results."""
    monkeypatch.setattr(Handler, "content", b'{"results": [{"url": "https://example.com/", "content": null}]}')
    assert search(connection(server), "x", 3) == [{"title": "", "url": "https://example.com/", "snippet": ""}]

    monkeypatch.setattr(Handler, "content", b'{"results": [], "unresponsive_engines": []}')
    assert search(connection(server), "x", 3) == []


@pytest.mark.parametrize(
    ("status", "content", "error", "message"),
    [
        (200, b"<html>", SearchRefused, "not JSON"),
        (200, b"[" * 100_000, SearchRefused, "not JSON"),
        (200, b"[]", SearchRefused, "no list of results"),
        (200, b'{"results": {}}', SearchRefused, "no list of results"),
        (200, b'{"results": [{"title": "no url"}]}', SearchRefused, "no list of results"),
        (
            200,
            b'{"results": [], "unresponsive_engines": [["google", "CAPTCHA"]]}',
            SearchUnavailable,
            "none of the",
        ),
        (200, b'"' + b"x" * (5 * 1024 * 1024) + b'"', SearchRefused, "larger than"),
        (302, b"", SearchRefused, "returned the status 302"),
        (401, b'{"error": "invalid key"}', SearchRefused, "returned the status 401: .*invalid key"),
        (403, b"", SearchRefused, "search.formats"),
        (429, b"", SearchUnavailable, "returned the status 429"),
        (502, b"", SearchUnavailable, "returned the status 502"),
    ],
)
def test_other_answers(
    status: int, content: bytes, error: type[Exception], message: str, server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unusable response is another error than a temporary failure; redirects are not followed."""
    monkeypatch.setattr(Handler, "status", status)
    monkeypatch.setattr(Handler, "content", content)
    with pytest.raises(error, match=message):
        search(connection(server), "x", 3)

    assert len(Handler.seen) == 1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"host": None}, "has no host"),
        ({"host": "ftp://127.0.0.1"}, "must be http or https"),
        ({"extra_dejson": {"api": "bing"}}, "'searxng' or 'tavily'"),
        ({"extra_dejson": {"api": "tavily"}}, "has no password"),
        ({"host": "http://[::1", "port": None}, "not a valid address"),
    ],
)
def test_other_connections(more: dict[str, Any], message: str) -> None:
    """For a connection without a usable service, the message says what is missing."""
    with pytest.raises(SearchRefused, match=message):
        search(connection(**{"port": 1, **more}), "x", 3)


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_dripping_server(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit is for the whole request, however steadily the response arrives."""
    monkeypatch.setattr(search_api, "TIMEOUT_SECONDS", 1.0)
    with dripping(part, b'{"results": []}') as port, pytest.raises(SearchUnavailable, match="within 1 seconds"):
        search(connection(port), "x", 3)


def test_no_server() -> None:
    """A closed port is a temporary failure."""
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    with pytest.raises(SearchUnavailable, match="ConnectError"):
        search(connection(port), "x", 3)

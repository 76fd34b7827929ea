"""Search services of both shapes, and answers that are none, from a real local server."""

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

from airflow_provider_vai.operators.web.search_api import SearchRefused, SearchUnavailable, search

FOUND = [{"title": f"T{n}", "url": f"https://example.com/{n}", "content": f"C{n}", "score": 0.5} for n in range(5)]
SHAPED = [{"title": f"T{n}", "url": f"https://example.com/{n}", "snippet": f"C{n}"} for n in range(5)]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every request with what the test put there."""

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
        """Stay silent."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server on loopback that found five results."""
    Handler.seen.clear()
    monkeypatch.setattr(Handler, "status", 200)
    monkeypatch.setattr(Handler, "content", json.dumps({"results": FOUND}).encode())
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=[0.01], daemon=True).start()
        yield running.server_address[1]
        running.shutdown()


def connection(port: int | None, **more: Any) -> Any:
    """Return what a connection to the server looks like."""
    fields = {"host": "127.0.0.1", "port": port, "schema": None, "login": None, "password": None}
    return SimpleNamespace(**{**fields, "extra_dejson": {}, **more})


def test_searxng(server: int) -> None:
    """The query goes into the URL; results come under our names, as many as asked for."""
    assert search(connection(server), "a b&c=ü", 3) == SHAPED[:3]
    assert Handler.seen == [("GET", "/search?q=a+b%26c%3D%C3%BC&format=json", None, b"")]


def test_searxng_behind_basic_authentication(server: int) -> None:
    """A login and password of the connection are sent."""
    search(connection(None, host=f"http://127.0.0.1:{server}/", login="u", password="p"), "x", 3)

    assert Handler.seen[0][2] == "Basic " + base64.b64encode(b"u:p").decode()


def test_tavily(server: int) -> None:
    """The key goes into the header, the query into the body; Tavily is not asked for more than it gives."""
    service = connection(server, password="tvly-1", extra_dejson={"api": "tavily"})

    assert search(service, "x", 2) == SHAPED[:2]
    assert search(service, "x", 50) == SHAPED
    bodies = [json.loads(body) for *_, body in Handler.seen]
    assert Handler.seen[0][:3] == ("POST", "/search", "Bearer tvly-1")
    assert bodies == [{"query": "x", "max_results": 2}, {"query": "x", "max_results": 20}]


def test_missing_parts_become_empty(server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result without a title or a text is kept; a search may find nothing."""
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
        (200, b'{"results": [], "unresponsive_engines": [["google", "CAPTCHA"]]}', SearchUnavailable, "no engine"),
        (200, b'"' + b"x" * (5 * 1024 * 1024) + b'"', SearchRefused, "larger than"),
        (302, b"", SearchRefused, "answers 302"),
        (401, b'{"error": "invalid key"}', SearchRefused, "answers 401: .*invalid key"),
        (403, b"", SearchRefused, "search.formats"),
        (429, b"", SearchUnavailable, "answers 429"),
        (502, b"", SearchUnavailable, "answers 502"),
    ],
)
def test_other_answers(
    status: int, content: bytes, error: type[Exception], message: str, server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer of another shape is told from a service in trouble; no redirect is followed."""
    monkeypatch.setattr(Handler, "status", status)
    monkeypatch.setattr(Handler, "content", content)
    with pytest.raises(error, match=message):
        search(connection(server), "x", 3)

    assert len(Handler.seen) == 1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"host": None}, "names no host"),
        ({"host": "ftp://127.0.0.1"}, "by http or https"),
        ({"extra_dejson": {"api": "bing"}}, "'searxng' or 'tavily'"),
        ({"extra_dejson": {"api": "tavily"}}, "has no password"),
        ({"host": "http://[::1", "port": None}, "no address"),
    ],
)
def test_other_connections(more: dict[str, Any], message: str) -> None:
    """A connection that names no usable service says what is missing."""
    with pytest.raises(SearchRefused, match=message):
        search(connection(**{"port": 1, **more}), "x", 3)


def test_no_server() -> None:
    """A closed port is a passing trouble."""
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    with pytest.raises(SearchUnavailable, match="ConnectError"):
        search(connection(port), "x", 3)

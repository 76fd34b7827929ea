"""The checks of ``http_request`` on a response, with a real server."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from airflow_provider_vai.languages.json_shape import expected_shape

pytestmark = pytest.mark.integration

Run = Callable[..., Any]
RECORDED = {"orders": [{"id": 1, "total": 9.5, "note": None}], "next": None}


class Handler(http.server.BaseHTTPRequestHandler):
    """Responds by path, and records the requests."""

    answers: ClassVar[dict[str, Any]] = {
        "/same": {"orders": [{"id": 2, "total": 3, "note": "x", "more": 1}, {"id": 3, "total": 1, "note": None}]},
        "/missing": {"orders": [{"id": 2}]},
        "/retyped": {"orders": [{"id": "2", "total": 1, "note": None}]},
        "/text": "an error page",
    }
    seen: ClassVar[list[str]] = []

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append(self.path)
        answer = self.answers[self.path]
        content = json.dumps({"next": None, **answer} if isinstance(answer, dict) else answer).encode()
        self.send_response(201 if self.command == "POST" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer  # noqa: N815 - the server's own names

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server on the loopback interface and its connection."""
    pytest.importorskip("airflow.providers.http")
    Handler.seen.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        connection = {"conn_type": "http", "host": "127.0.0.1", "port": running.server_address[1]}
        monkeypatch.setenv("AIRFLOW_CONN_WEB", json.dumps(connection))
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield
        running.shutdown()


def request(endpoint: str, shape: Any = None, more: str = "") -> str:
    """Return the source of a request with the recorded response's shape."""
    shape = expected_shape(RECORDED) if shape is None else shape
    return f"HttpRequestOperator(task_id='a', conn_id='web', endpoint={endpoint!r}, expected_shape={shape!r}{more})\n"


def test_an_answer_of_the_recorded_shape_passes(run_dag: Run) -> None:
    """More fields, more items and other numbers match the shape; a list of status codes is accepted."""
    ran = run_dag(request("/same", more=", method='POST', json=1, expected_status=[200, 201]"))

    assert ran.results["a"]["status"] == 201
    assert [order["id"] for order in ran.results["a"]["body"]["orders"]] == [2, 3]


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        ("/missing", "$.orders[0] lacks total, note; it has id."),
        ("/retyped", "$.orders[0].id must be of type number, but is of type string: '2'."),
        ("/text", "$ must be of type object, but is of type string: 'an error page'."),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_shape_fails_once(endpoint: str, message: str, method: str, run_dag: Run) -> None:
    """The message has the place and the value, says whether a write took place, and nothing is retried."""
    ran = run_dag(request(endpoint, more=f", method={method!r}, retries=3"))

    assert ran.states["a"] == "failed"
    assert f"{method} {endpoint}: the response does not match expected_shape: {message}" in ran.log
    assert ("The write took place" in ran.log) == (method == "POST")
    assert Handler.seen == [endpoint]


def test_a_shape_that_is_none_is_refused_before_anything_is_sent(run_dag: Run) -> None:
    """An error in the DAG file does not cause a write."""
    ran = run_dag(request("/same", shape={"$ref": "http://example.invalid/"}, more=", method='POST', json=1"))

    assert ran.states["a"] == "failed"
    assert "expected_shape is not valid at $" in ran.log
    assert Handler.seen == []


def test_a_server_that_is_down_is_asked_again(run_dag: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a connection nothing was sent: a write is retried, and its outcome is not unknown."""
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as gone:
        port = gone.server_address[1]
    monkeypatch.setenv("AIRFLOW_CONN_WEB", json.dumps({"conn_type": "http", "host": "127.0.0.1", "port": port}))

    ran = run_dag(request("/same", more=", method='POST', json=1, retries=1, retry_delay=timedelta(seconds=1)"))

    assert ran.states["a"] in ("failed", "up_for_retry")
    assert "cannot connect to the server of the connection 'web'" in ran.log
    assert "unknown outcome" not in ran.log
    assert ran.log.count("Sending POST") == 2

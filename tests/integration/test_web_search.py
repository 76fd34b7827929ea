"""``web_search`` in a real DAG run, with a local server that implements both APIs."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

pytestmark = pytest.mark.integration

Run = Callable[..., Any]
IMPORT = "from airflow_provider_vai.operators.web_search import WebSearchOperator\n"
KEY = "tvly-5esame-0pen"


class Handler(http.server.BaseHTTPRequestHandler):
    """SearXNG with GET, and Tavily with POST and the key."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Respond like SearXNG."""
        self.seen.append(self.path)
        found = [{"title": "T", "url": "https://example.com/", "content": "{{ ds }}", "engine": "e"}] * 12
        self._send(200, {"query": "x", "results": found, "unresponsive_engines": []})

    def do_POST(self) -> None:
        """Respond like Tavily; the response to a wrong key repeats it."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append(body["query"])
        if self.headers["Authorization"] != f"Bearer {KEY}" or body["query"] == "refuse":
            self._send(401, {"detail": {"error": f"wrong key {self.headers['Authorization']}"}})
        else:
            results = [{"title": "T", "url": "https://example.com/", "content": "C", "score": 0.9}]
            self._send(200, {"query": body["query"], "results": results[: body["max_results"]]})

    def _send(self, status: int, answer: Any) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server and its connections."""
    Handler.seen.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        base = {"conn_type": "http", "host": "127.0.0.1", "port": running.server_address[1]}
        for name, more in {
            "SEARX": {},
            "TAVILY": {"password": KEY, "extra": {"api": "tavily"}},
            "OTHER": {"extra": {"api": "bing"}},
            "CLOSED": {"port": 1},
        }.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps({**base, **more}))
        threading.Thread(target=running.serve_forever, args=[0.01], daemon=True).start()
        yield
        running.shutdown()


def test_searches(run_dag: Run) -> None:
    """Both APIs return the same structure, a later step uses its parts, and the key stays in the connection."""
    ran = run_dag(
        IMPORT
        + "a = WebSearchOperator(task_id='a', query='orders & \"returns\"', conn_id='searx')\n"
        + "b = WebSearchOperator(task_id='b', query='x', conn_id='tavily', max_results=1)\n"
        + "c = PythonToolOperator(task_id='c', python_callable='copy:copy', "
        + "arguments={'x': wired(a, 'results', 0, 'snippet')})\n"
        + "a >> b >> c\n"
    )

    assert ran.results["a"]["query"] == 'orders & "returns"'
    assert ran.results["a"]["results"] == [{"title": "T", "url": "https://example.com/", "snippet": "{{ ds }}"}] * 10
    assert ran.results["b"] == {
        "results": [{"title": "T", "url": "https://example.com/", "snippet": "C"}],
        "query": "x",
    }
    assert ran.results["c"] == "{{ ds }}"
    assert Handler.seen == ["/search?q=orders+%26+%22returns%22&format=json", "x"]
    assert KEY not in ran.log


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("query='refuse', conn_id='tavily'", "the service returned the status 401"),
        ("query='x', conn_id='other'", "'searxng' or 'tavily'"),
        ("query='x', conn_id='closed'", "ConnectError"),
    ],
)
def test_failures(arguments: str, message: str, run_dag: Run) -> None:
    """A failure is reported with its reason; a key that the service repeats is masked."""
    ran = run_dag(f"{IMPORT}WebSearchOperator(task_id='a', {arguments})")

    assert ran.states["a"] == "failed"
    assert message in ran.log
    assert KEY not in ran.log

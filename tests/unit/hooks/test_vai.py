"""The connection type ``vai`` for the platform."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from airflow_provider_vai.exceptions import PullError
from airflow_provider_vai.get_provider_info import get_provider_info
from airflow_provider_vai.hooks.vai import VaiHook

ANSWERS = {
    "/api/v1/agents/runs/run-1": {"id": "run-1", "status": "completed"},
    "/api/v1/action-runs": {"runs": [{"id": "a1", "kind": "web_search", "triggerSourceId": "run-1"}], "hasNext": False},
    "/api/v1/chat/threads": {"items": []},
}


class Platform(BaseHTTPRequestHandler):
    """A platform that answers requests with the right token."""

    def do_GET(self) -> None:
        """Serve one of the responses."""
        body = ANSWERS.get(self.path.partition("?")[0])
        status = 401 if self.headers["Authorization"] != "Bearer vai_pat_x" else 200 if body else 404
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body if status == 200 else {}).encode())

    def log_message(self, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def connect(monkeypatch):
    """Return a function that creates a connection with this token to a running platform, and returns its hook."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Platform)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def make(password: str) -> VaiHook:
        fields = {"conn_type": "vai", "host": f"http://127.0.0.1:{server.server_port}", "password": password}
        monkeypatch.setenv("AIRFLOW_CONN_VAI_DEFAULT", json.dumps(fields))
        return VaiHook()

    yield make
    server.shutdown()
    server.server_close()


def test_a_run_is_exported(connect):
    """The export is the same as the one that ``vai pull`` writes."""
    export = connect("vai_pat_x").export("run-1")

    assert export["agentRun"]["id"] == "run-1"
    assert [entry["id"] for entry in export["actionRuns"]] == ["a1"]


def test_the_connection_can_be_tested(connect):
    """Airflow's test button works, and its message names the connection but does not show the token."""
    assert connect("vai_pat_x").test_connection() == (True, "The platform answers.")
    is_up, words = connect("vai_pat_wrong").test_connection()
    assert not is_up
    assert "Check the token in the connection 'vai_default'." in words
    assert "vai_pat_wrong" not in words


def test_a_connection_without_a_token_is_refused(connect):
    """It is refused before a request is sent."""
    with pytest.raises(PullError, match="vai needs a token"):
        connect("").get_conn()


def test_airflow_knows_the_connection_type():
    """The provider info registers the type, and the form shows address and token."""
    known = {entry["connection-type"]: entry["hook-class-name"] for entry in get_provider_info()["connection-types"]}

    assert known["vai"] == f"{VaiHook.__module__}.{VaiHook.__qualname__}"
    assert VaiHook.get_ui_field_behaviour()["relabeling"] == {"host": "Address", "password": "Token"}

"""dlt's own HTTP requests end in time, with a real local server."""

from __future__ import annotations

import http.server
import threading

import pytest

from tests.unit.dripping import Part, dripping

pytest.importorskip("dlt")


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_dripping_server(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try ends after the time limit, and the last one fails the load."""
    from requests.exceptions import ReadTimeout

    from airflow_provider_vai.operators.dlt import deadline, parts

    monkeypatch.setattr(deadline, "TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    with dripping(part, b"[]") as port:
        config = {"client": {"base_url": f"http://127.0.0.1:{port}"}, "resources": ["items"]}
        source = parts.source("rest_api", config, resources=None, conn_id=None, incremental=None, start=None)
        with pytest.raises(Exception, match="no complete response within") as failed:
            list(source)

    cause: BaseException | None = failed.value
    while cause is not None and not isinstance(cause, ReadTimeout):
        cause = cause.__cause__ or cause.__context__
    assert isinstance(cause, ReadTimeout)


def test_a_response_arrives_whole() -> None:
    """Status, headers and body are those of the server."""
    from airflow_provider_vai.operators.dlt import deadline

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404)
            self.send_header("Content-Length", "9")
            self.end_headers()
            self.wfile.write(b'{"n": 42}')

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=[0.01], daemon=True).start()
        response = deadline.session().get(f"http://127.0.0.1:{running.server_address[1]}/x")
        running.shutdown()

    assert (response.status_code, response.json()) == (404, {"n": 42})

"""A store with S3's API, for tests: moto, with S3's conditional puts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Thread
from typing import Any

BUSY = b"<Error><Code>ConditionalRequestConflict</Code><Message>A conflicting operation.</Message></Error>"
TERSE = b"<Error><Code>PreconditionFailed</Code><Message>At least one condition did not hold.</Message></Error>"


class Server:
    """A moto server that handles one request at a time.

    Moto checks whether the key exists and then puts it, in two steps, while S3 does both in one. Without concurrent
    requests, this is one step here, too.

    :param host: the address to listen on, at a free port.
    :ivar ignores_conditions: drop ``If-None-Match`` from every request, like a store that does not support it.
    :ivar busy: how many of the next conditional puts conflict with another one.
    :ivar is_terse: report that a condition failed, but not which one.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
        from werkzeug.serving import make_server

        self.ignores_conditions = False
        self.busy = 0
        self.is_terse = False
        self.puts: list[str] = []
        self.authorization = ""
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server(host, 0, self._answer, threaded=False, request_handler=MotoRequestHandler)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://{host}:{self._server.server_port}"

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        condition = environ.get("HTTP_IF_NONE_MATCH")
        if environ["REQUEST_METHOD"] == "PUT":
            self.puts.append(environ["PATH_INFO"])
        if condition and self.ignores_conditions:
            del environ["HTTP_IF_NONE_MATCH"]
        if condition and self.busy:
            self.busy -= 1
            environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            start_response("409 Conflict", [("Content-Type", "application/xml"), ("Content-Length", str(len(BUSY)))])
            return [BUSY]
        status, headers, body = self._moto(environ)
        if status.startswith("403") and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            # Rarely, moto refuses to show an object that its key may read. S3 does not, and it is not what is tested.
            status, headers, body = self._moto({**environ, "HTTP_AUTHORIZATION": self.authorization})
        self.authorization = environ.get("HTTP_AUTHORIZATION", self.authorization)
        if not (condition and self.is_terse):
            start_response(status, headers)
            return [body]
        if status.startswith("412"):
            body, headers = TERSE, [("Content-Type", "application/xml"), ("Content-Length", str(len(TERSE)))]
        start_response(status, headers)
        return [body]

    def _moto(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return moto's answer: status, headers and body."""
        statuses: list[Any] = []
        body = b"".join(self._app(environ, lambda *given: statuses.append(given)))
        status, headers, *_ = statuses[0]
        return status, headers, body

    def stop(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

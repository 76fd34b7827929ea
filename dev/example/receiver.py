"""A reports service that appends every posted JSON document to a file, one per line.

Run it by hand with ``python dev/example/receiver.py FILE [PORT]``; the demo and the recording use :func:`start`. A
POST is answered with 201 and ``{"id": n}``. A second POST with the same ``Idempotency-Key`` gets the same answer and is
not stored again.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LIMIT_BYTES = 1024 * 1024


class Receiver(ThreadingHTTPServer):
    """The service; ``server_port`` is the port it listens on.

    :param file: the file for the documents, one JSON line each; created if missing.
    :param port: 0 chooses a free one.
    :param host: the address to listen on.
    """

    daemon_threads = True

    def __init__(self, file: Path, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__((host, port), _Handler)
        self.file = file
        self._lock = threading.Lock()
        self._by_key: dict[str, int] = {}
        self._count = len(self.posts())

    def posts(self) -> list[Any]:
        """Return the documents stored so far, oldest first."""
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]

    def keep(self, document: Any, key: str | None) -> int:
        """Append a document and return its number; if its key was seen before, return the earlier number instead."""
        with self._lock:
            if key is not None and key in self._by_key:
                return self._by_key[key]
            with self.file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(document, ensure_ascii=False) + "\n")
            self._count += 1
            if key is not None:
                self._by_key[key] = self._count
            return self._count


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Store the posted document."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > LIMIT_BYTES:
            self._answer(413, {"error": f"more than {LIMIT_BYTES} bytes"})
            return
        try:
            document = json.loads(self.rfile.read(length))
        except ValueError as error:
            self._answer(400, {"error": f"not JSON: {error}"})
            return
        self._answer(201, {"id": self.server.keep(document, self.headers.get("Idempotency-Key"))})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the file is the log."""


def start(file: Path, host: str = "127.0.0.1") -> Receiver:
    """Return a running receiver on a free port; ``shutdown()`` ends it."""
    receiver = Receiver(file, host=host)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    return receiver


if __name__ == "__main__":
    service = Receiver(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    print(f"http://127.0.0.1:{service.server_port} writes to {service.file}", flush=True)
    try:
        service.serve_forever()
    except KeyboardInterrupt:
        print("stopped")

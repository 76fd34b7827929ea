"""A mail server on the loopback interface that keeps what it is sent in a file."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def serving(file: Path) -> Iterator[int]:
    """Serve, and append each message to a file; yield the port.

    :param file: the file; it is created with the first message.
    """

    class Handler(_Handler):
        kept = file

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield int(running.server_address[1])
        running.shutdown()


class _Handler(socketserver.StreamRequestHandler):
    kept: Path

    def handle(self) -> None:
        """Answer the commands of RFC 5321 that a client needs to send messages."""
        self._say("220 ready")
        while line := self.rfile.readline():
            command = line.strip().upper()
            if command == b"DATA":
                self._say("354 go on")
                self._keep()
                self._say("250 kept")
            elif command == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _keep(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        with self.kept.open("ab") as kept:
            kept.write(b"".join(lines))

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

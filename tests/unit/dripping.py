"""A server on loopback that sends one byte after another, so that no single read takes long."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Literal

Part = Literal["headers", "body"]
INTERVAL_SECONDS = 0.1
BYTES = 80
"""So many bytes drip, then the response is complete: a client without a deadline for the whole request accepts it."""


@contextlib.contextmanager
def dripping(part: Part, body: bytes = b"{}", content_type: str = "application/json") -> Iterator[int]:
    """Serve one slow response to every request, and return the port.

    :param part: what drips; the rest of the response comes at once.
    :param body: the end of the body, after spaces.
    :param content_type: the content type of the response.
    """
    closing = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        threading.Thread(target=_serve, args=(listening, closing, part, body, content_type), daemon=True).start()
        yield listening.getsockname()[1]
        closing.set()


def _serve(listening: socket.socket, closing: threading.Event, part: Part, body: bytes, content_type: str) -> None:
    while not closing.is_set():
        with contextlib.suppress(OSError):
            client, _ = listening.accept()
            threading.Thread(target=_answer, args=(client, closing, part, body, content_type), daemon=True).start()


def _answer(client: socket.socket, closing: threading.Event, part: Part, body: bytes, content_type: str) -> None:
    slow = b"x" * BYTES if part == "headers" else b" " * BYTES
    length = len(body) + (BYTES if part == "body" else 0)
    start = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\nX-Drip: "
    )
    with client, contextlib.suppress(OSError):
        client.settimeout(None)
        client.recv(65536)
        client.sendall(start.encode() + (b"" if part == "headers" else b"x\r\n\r\n"))
        for number in range(BYTES):
            if closing.wait(INTERVAL_SECONDS):
                return
            client.sendall(slow[number : number + 1])
        client.sendall((b"\r\n\r\n" if part == "headers" else b"") + body)

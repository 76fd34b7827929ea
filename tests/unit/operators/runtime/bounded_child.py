"""The process of the tests of bounded processes: does what a request asks for."""

from __future__ import annotations

import os
import signal
import sys
import time

from airflow_provider_vai.operators.runtime.bounded_process import serve


def answer(request: bytes) -> bytes:
    """Return the answer to a request: an echo, or what goes wrong."""
    word, _, rest = request.partition(b" ")
    if word == b"hang":
        while True:
            time.sleep(1)
    if word == b"die":
        os.kill(os.getpid(), int(rest))
    if word == b"exit":
        os._exit(int(rest))
    if word == b"allocate":
        try:
            return b"%d bytes" % len(bytearray(int(rest)))
        except MemoryError:
            return b"no memory"
    if word == b"print":
        print("not an answer")  # noqa: T201 - the test is about it
        sys.stdout.flush()
        os.write(1, b"nor this")
    if word == b"alarm":
        return b"%d" % (signal.getsignal(signal.SIGALRM) == signal.SIG_DFL and signal.getitimer(signal.ITIMER_REAL)[0])
    return request


if __name__ == "__main__":
    serve(answer)

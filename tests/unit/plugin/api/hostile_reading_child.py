"""The reading process of a server, in which some traces hang, crash or fail."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from airflow_provider_vai.authoring.reading_child import answer
from airflow_provider_vai.operators.runtime.bounded_process import serve


def hostile_answer(request: bytes) -> bytes:
    """Return the answer to a request; the content of a trace says what goes wrong."""
    fields = json.loads(request)
    content = Path(fields["trace"]).read_bytes() if "trace" in fields else b""
    if content == b"hang":
        re.match("(a+)+$", "a" * 60 + "b")  # never returns, and no other thread of the process runs
    if content == b"die":
        os.kill(os.getpid(), 9)
    if content == b"memory":
        return json.dumps({"out_of_memory": True}).encode()
    if content == b"fail":
        return json.dumps({"failed": "Traceback of a fault"}).encode()
    return answer(request)


if __name__ == "__main__":
    serve(hostile_answer)

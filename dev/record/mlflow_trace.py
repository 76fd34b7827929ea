"""Record ``tests/traces/mlflow.json``: a scripted chat and real tools under MLflow's own tracing. No network.

Run it with mlflow-skinny installed::

    python dev/record/mlflow_trace.py tests/traces/mlflow.json
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import mlflow
import recording
from chat_agent import answered
from mlflow.entities import SpanType

ASKED = [("c1", "find_boat", {"name": "Ida"}), ("c2", "find_boat", {"name": "Ode"})]


@mlflow.trace(span_type=SpanType.TOOL)
def find_boat(name: str) -> dict[str, Any]:
    """Return a boat, or fail if there is none of that name."""
    if name != "Ida":
        raise LookupError(f"no boat {name}")
    return {"name": name, "berth": 14}


@mlflow.trace(span_type=SpanType.TOOL)
def book_berth(berth: int, nights: int) -> list[int]:
    """Return the booking."""
    return [berth, nights]


def proposals(*calls: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    """Return an assistant message with these calls."""
    functions = [(call_id, {"name": tool, "arguments": json.dumps(given)}) for call_id, tool, given in calls]
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": call_id, "type": "function", "function": function} for call_id, function in functions],
    }


@mlflow.trace(name="Completions", span_type=SpanType.CHAT_MODEL)
def complete(model: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the scripted answer; the number of messages selects it."""
    script = {
        2: proposals(*ASKED),
        5: proposals(("c3", "book_berth", {"berth": 14, "nights": 2})),
        7: {"role": "assistant", "content": "Ida has berth 14 for two nights."},
    }
    span = mlflow.get_current_active_span()
    if span is not None:
        span.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15})
    return {"model": model, "choices": [{"index": 0, "message": script[len(messages)]}]}


@mlflow.trace(name="harbour", span_type=SpanType.AGENT)
def agent(request: str) -> str:
    """Answer one request."""
    tools = {"find_boat": find_boat, "book_berth": book_berth}
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "Find berths."},
        {"role": "user", "content": request},
    ]
    return answered(messages, partial(complete, "scripted"), tools)


def main(path: Path) -> None:
    """Run the agent once and write its trace."""
    os.environ["MLFLOW_ENABLE_ASYNC_TRACE_LOGGING"] = "false"
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # a folder is enough for a single trace
    with tempfile.TemporaryDirectory() as folder:
        mlflow.set_tracking_uri(f"file://{folder}")
        mlflow.set_experiment("harbour")
        agent("Two nights for Ida and Ode, please.")
        trace = mlflow.get_trace(mlflow.get_last_active_trace_id())
        assert trace is not None
        document = json.loads(trace.to_json())
        del document["info"]["trace_metadata"], document["info"]["tags"]  # information about this machine
        recording.write(path, document)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

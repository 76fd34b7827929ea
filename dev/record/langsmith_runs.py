"""Record ``tests/traces/langsmith.json``: a scripted chat and real tools under LangSmith's own tracing. No network.

Run it with langsmith installed::

    python dev/record/langsmith_runs.py tests/traces/langsmith.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import recording
from chat_agent import answered
from langsmith import Client, traceable, tracing_context

UNWANTED = {"serialized", "events", "tags", "attachments", "extra", "session_name", "dangerously_allow_filesystem"}


class Kept(Client):
    """A client that keeps what it would have sent to the server."""

    def __init__(self) -> None:
        super().__init__(api_url="http://nowhere.invalid", api_key="none", auto_batch_tracing=False)
        self.posts: list[dict[str, Any]] = []
        self.patches: list[dict[str, Any]] = []

    def create_run(self, *args: Any, **kwargs: Any) -> None:
        """Keep the start of a run."""
        names = dict(zip(("name", "inputs", "run_type"), args, strict=False))
        self.posts.append(plain({**names, **kwargs}))

    def update_run(self, run_id: Any, **kwargs: Any) -> None:
        """Keep the end of a run."""
        self.patches.append(plain({"id": run_id, **kwargs}))


def plain(run: dict[str, Any]) -> dict[str, Any]:
    """Return a run as JSON, without information about this machine."""
    wanted = {name: value for name, value in run.items() if name not in UNWANTED and value is not None}
    found: dict[str, Any] = json.loads(
        json.dumps(wanted, default=lambda value: getattr(value, "isoformat", value.__str__)())
    )
    return found


@traceable(run_type="tool")
def weigh(parcel: str) -> dict[str, Any]:
    """Return a parcel's weight, or fail."""
    if parcel == "P9":
        raise LookupError("no parcel P9")
    return {"parcel": parcel, "grams": 420}


@traceable(run_type="tool")
def label(parcel: str, grams: int) -> str:
    """Return the label's number."""
    return f"{parcel}-{grams}"


@traceable(run_type="llm", name="ScriptedChat")
def chat(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the scripted answer; the number of messages selects it."""
    script: dict[int, list[tuple[str, str, dict[str, Any]]]] = {
        1: [("c1", "weigh", {"parcel": "P1"}), ("c2", "weigh", {"parcel": "P9"})],
        4: [("c3", "label", {"parcel": "P1", "grams": 420})],
    }
    calls = [
        {"id": call_id, "type": "function", "function": {"name": tool, "arguments": json.dumps(given)}}
        for call_id, tool, given in script.get(len(messages), [])
    ]
    message = {"role": "assistant", "content": None if calls else "Label P1-420.", "tool_calls": calls or None}
    return {"choices": [{"index": 0, "message": message}], "usage_metadata": {"input_tokens": 7, "output_tokens": 3}}


@traceable(run_type="chain", name="post office")
def agent(question: str) -> str:
    """Answer one request."""
    tools = {"weigh": weigh, "label": label}
    return answered([{"role": "user", "content": question}], chat, tools)


def main(path: Path) -> None:
    """Run the agent once and write what would have been uploaded to LangSmith."""
    client = Kept()
    with tracing_context(enabled=True, client=client):
        agent("Label P1 and P9.")
    recording.write(path, {"post": client.posts, "patch": client.patches})


if __name__ == "__main__":
    main(Path(sys.argv[1]))

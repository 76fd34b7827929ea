"""An adapter that repeats the recorded calls: nothing follows, and nothing is wrong."""

from __future__ import annotations

import json
from pathlib import Path

from bench_derive.adapters import Perform


class Automation:
    """Repeats what was recorded."""

    def __init__(self, program: Path, work: Path) -> None:
        """Read the recorded calls of a program."""
        run = json.loads((program / "run.json").read_text(encoding="utf-8"))
        self.calls = [call["function"] for message in run["messages"] for call in message.get("tool_calls", [])]

    def run(self, version: int, perform: Perform) -> None:
        """Make the recorded calls."""
        for call in self.calls:
            perform(call["name"], json.loads(call["arguments"]))

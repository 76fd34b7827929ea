"""The table of the chaos test, with a cell for each writing kind and each moment of a kill, and its target server."""

from __future__ import annotations

import collections
import os
import signal
import threading
from pathlib import Path
from typing import Any

MOMENTS = {
    "before": "the task asks for the effect, and dies before it takes place",
    "effect": "it dies once the effect took place, before the answer",
    "answer": "it dies once it has the answer, before anything recorded that",
    "recorded": "it dies once the end is recorded, before its success is",
}
UNKNOWN = "unknown outcome"
AT_MOST_ONCE = {
    "before": (0, UNKNOWN),
    "effect": (1, UNKNOWN),
    "answer": (1, UNKNOWN),
    "recorded": (1, "success"),
}
EXACTLY_ONCE = dict.fromkeys(MOMENTS, (1, "success"))
WRITES = {
    "http_request": AT_MOST_ONCE,
    "python_tool": AT_MOST_ONCE,
    "mcp_tool": AT_MOST_ONCE,
    "mcp_tool-stdio": AT_MOST_ONCE,
    "call_agent": AT_MOST_ONCE,
    "shell_command": AT_MOST_ONCE,
    "call_automation": EXACTLY_ONCE,  # the called run's id is the same in each try
    "call_automation-waiting": EXACTLY_ONCE,
}
"""Row -> the count at the target and the task's end, by moment. A row is a kind, or a variant of it."""

CELLS = [(row, moment) for row in WRITES for moment in MOMENTS]


def cell_id(row: str, moment: str) -> str:
    """Return the cell's task id, which is also its path at the target."""
    return f"{row}_{moment}"


class FarEnd:
    """The target server: counts the writes by path, and kills a cell's task at the moment in the cell's name.

    ``slow`` is answered once the event of that name is set.

    :param pids: the folder in which each task stores its process id.
    """

    def __init__(self, pids: Path) -> None:
        self.pids = pids
        self.effects: collections.Counter[str] = collections.Counter()
        self.killed: set[str] = set()
        self.slow = threading.Event()
        self.lock = threading.Lock()

    def answer(self, request: Any) -> Any:
        """Count the write and respond, or kill the task and do not respond."""
        name = request.path
        moment = name.rpartition("_")[2]
        with self.lock:
            kills = moment in ("before", "effect") and name not in self.killed
            self.effects[name] += not (kills and moment == "before")
            if kills:
                self.killed.add(name)
                os.kill(int((self.pids / name).read_text()), signal.SIGKILL)
                return None
        if name == "slow":
            self.slow.wait(300)
        return {"effect": name}

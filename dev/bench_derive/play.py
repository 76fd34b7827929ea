"""Runs an adapter's automations on the versions of the data, and writes what they called as lines of a score file."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench_derive.adapters import Adapter

Line = dict[str, Any]
"""A line of a score file: ``program``, ``version``, ``call``, and ``arguments`` or ``failed``."""


def lines(adapter: type[Adapter], program: Path, work: Path) -> Iterator[Line]:
    """Yield the lines of one program: every call in every version.

    :param work: a folder for the adapter's own files.
    :raises RuntimeError: the adapter refuses the run.
    """
    tools = [call["tool"] for call in read(program / "truth.json")["calls"]]
    automation = adapter(program, work)
    for version, answers in enumerate(read(program / "answers.json")):
        for call, arguments in calls_of(automation, version, tools, answers).items():
            made = {"failed": True} if arguments is None else {"arguments": arguments}
            yield {"program": program.name, "version": version, "call": call, **made}


def calls_of(automation: Adapter, version: int, tools: list[str], answers: list[Any]) -> dict[int, Any]:
    """Return the arguments of the calls of one run, by the number of the recorded call; ``None`` for a failed one.

    The nth call of a tool is its nth recorded call. It gets the right answer whatever its arguments are, so that a miss
    counts once.
    """
    waiting: dict[str, list[int]] = defaultdict(list)
    for number, tool in enumerate(tools):
        waiting[tool].append(number)
    made: dict[int, Any] = {}

    def perform(tool: str, arguments: dict[str, Any] | None) -> Any:
        if not waiting[tool]:
            return None
        number = waiting[tool].pop(0)
        made[number] = arguments
        return answers[number]

    automation.run(version, perform)
    return made


def read(file: Path) -> Any:
    """Return the content of a JSON file."""
    return json.loads(file.read_text(encoding="utf-8"))

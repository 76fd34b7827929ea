"""Two models' runs of one task, where the recordings are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from airflow_provider_vai.crystallizer.draft import Policy
from airflow_provider_vai.crystallizer.several.generalise import generalised
from airflow_provider_vai.crystallizer.several.recording import Recording
from airflow_provider_vai.exceptions import RunNotSuccessful
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.traces.formats import opened
from tests.recordings import recording
from tests.unit.support import MCP, SHA, review_lines, tools

READ = {"match": "[!s]*", "kind": "mcp_tool", "conn_id": "mcp", "effect": "read"}


def tasks() -> Iterator[list[Path]]:
    """Yield the files of each task that nobody attacked and two models did."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(recording("agentdojo").glob("*__none__none.json")):
        found[path.name.partition("__")[2]].append(path)
    yield from (paths for paths in found.values() if len(paths) > 1)


def test_runs_of_one_task_by_two_models_align() -> None:
    """The user said the same to both, so no param has a default: a write asks for what the models chose differently."""
    done = 0
    for paths in tasks():
        recordings = []
        for path in paths:
            with opened(path, None) as runs:
                recordings.append(Recording(path.name, next(iter(runs)), SHA))
        try:
            automation = generalised(recordings, tools(READ, MCP), Policy())
        except RunNotSuccessful:
            continue
        render(automation)
        done += 1
        assert all(param.default is None for param in automation.params.values()), paths
        steps = [it for it in automation.steps if it.kind == "mcp_tool"]
        assert 2 * len(steps) >= max(len(it.run.calls) for it in recordings), paths
        assert any(line.startswith("made from 2 runs of one task") for line in review_lines(automation))
    assert done >= 20

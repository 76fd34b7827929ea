"""Real recordings, where their folder is present: the adapters find what its manifest counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.adapters import read

RECORDINGS = Path(__file__).parents[4] / "shared" / "traces"
CORPORA = {"agentdojo": "agentdojo", "tau2-bench": "tau2"}


def listed() -> list[dict[str, Any]]:
    """Return the manifest's entries of the corpora that the adapters read."""
    manifest = RECORDINGS / "MANIFEST.json"
    if not manifest.is_file():
        return []
    return [entry for entry in json.loads(manifest.read_text())["files"] if entry["corpus"] in CORPORA]


@pytest.fixture(scope="module")
def entries() -> list[dict[str, Any]]:
    """Return the recordings, or skip where there are none."""
    found = listed()
    if not found:
        pytest.skip(f"no recordings in {RECORDINGS}")
    return found


def test_recordings_of_both_corpora_are_there(entries: list[dict[str, Any]]) -> None:
    """The comparison below is not empty."""
    assert {entry["corpus"] for entry in entries} == set(CORPORA)


@pytest.mark.parametrize("entry", listed(), ids=lambda entry: entry["path"][-70:])
def test_recording_has_what_the_manifest_counted(entry: dict[str, Any]) -> None:
    """Runs, the agent's calls and failed results are as many as were counted from the file's structure."""
    found = read(RECORDINGS / entry["path"])[1]
    calls = [call for run in found for call in run.calls if call.actor == "agent"]
    failed = [call for call in calls if call.outcome == "failed"]
    batches = {(run.id, call.batch) for run in found for call in run.calls}
    assert {run.format for run in found} == {CORPORA[entry["corpus"]]}
    assert (len(found), len(calls), len(failed)) == (
        entry["traces"],
        entry["tool_calls"],
        entry["failed_tool_calls"],
    )
    sizes = [sum((run.id, call.batch) == batch for run in found for call in run.calls) for batch in batches]
    assert sum(size > 1 for size in sizes) == entry["parallel_batches"]
    assert [note for run in found for note in run.notes] == []
    verdicts = sum(run.outcome == "success" for run in found)
    assert entry["success"] in (f"{verdicts}/{len(found)}", bool(verdicts))

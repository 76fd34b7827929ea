"""Real recordings, if their folder is present: the adapters find what its manifest counts."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from airflow_provider_vai.exceptions import TraceError
from airflow_provider_vai.model.run import Run
from airflow_provider_vai.traces.formats import opened, read
from tests.recordings import ABSENT, listed, name, recording

FORMATS = {
    "agentdojo": {"agentdojo"},
    "claude-code": {"claude_code"},
    "google-adk": {"google_adk"},
    "inspect_ai": {"inspect_ai"},
    "langfuse": {"langfuse", "langfuse_chatml"},
    "langsmith": {"anthropic_managed", "langsmith"},
    "openai-agents": {"openai_run_state"},
    "openhands": {"openhands"},
    "otel-openinference": {"otel_genai"},
    "pydantic-ai-vcr": {"vcr_cassette"},
    "swe-agent": {"swe_agent"},
    "tau2-bench": {"tau2"},
    "vercel-ai": {"anthropic_messages", "openai_responses", "vercel_ui"},
}
FIGURES = ("traces", "tool_calls", "failed_tool_calls", "parallel_batches")
EXPLAINED: dict[str, dict[str, int]] = {
    # eleven results without a call in the file: each is noted, none is a call
    "inspect_ai/log_tool_call_error.json": {"failed_tool_calls": 0},
    # spans of eight trace ids, written one after another by one test: eight runs
    "otel-openinference/all-spans.json": {"traces": 8},
}
"""Figures that differ from the manifest's, with the reasons."""

DERIVED = ".chatml.json"
"""Files with another file's observations in parsed form. The manifest does not count them. Each is one run, or is
refused because it belongs to several conversations in an unknown order."""


def figures(runs: list[Run]) -> dict[str, int]:
    """Return the manifest's figures for runs that were read: the agent's calls, and messages with several calls."""
    calls = [call for run in runs for call in run.calls if call.actor == "agent"]
    batches = Counter((number, call.batch) for number, run in enumerate(runs) for call in run.calls)
    failed = sum(call.outcome == "failed" for call in calls)
    return dict(zip(FIGURES, (len(runs), len(calls), failed, sum(size > 1 for size in batches.values())), strict=True))


ENTRIES = [entry for entry in listed() if not entry["path"].endswith(DERIVED)]


def test_every_corpus_has_recordings() -> None:
    """The comparison below is not empty, and every explanation belongs to an existing file."""
    recording("MANIFEST.json")
    entries = listed()
    assert {entry["corpus"] for entry in entries} == set(FORMATS)
    assert {entry["path"] for entry in entries} >= EXPLAINED.keys()


@pytest.mark.parametrize("entry", ENTRIES or [ABSENT], ids=name)
def test_recording_has_what_the_manifest_counted(entry: dict[str, Any]) -> None:
    """The numbers of runs, agent's calls, failed results and parallel batches are those of the manifest."""
    runs = read(recording(entry["path"]))[1]
    counted = {figure: entry[figure] for figure in FIGURES if entry[figure] is not None}
    found = figures(runs)
    assert {figure: found[figure] for figure in counted} == counted | EXPLAINED.get(entry["path"], {})
    assert {run.format for run in runs} <= FORMATS[entry["corpus"]]


@pytest.mark.parametrize("entry", listed(ending=DERIVED) or [ABSENT], ids=name)
def test_derived_recording_is_read_or_refused(entry: dict[str, Any]) -> None:
    """A derived file has no more calls than its original."""
    path = recording(entry["path"])
    original = figures(read(path.with_name(path.name.replace(DERIVED, ".trace.json")))[1])
    try:
        assert figures(read(path)[1])["tool_calls"] <= original["tool_calls"]
    except TraceError as refusal:
        assert "another conversation" in str(refusal)  # noqa: PT017  # a refusal is one of two right answers


@pytest.mark.parametrize(
    "entry", [found for found in ENTRIES if found["corpus"] in ("agentdojo", "tau2-bench")] or [ABSENT], ids=name
)
def test_benchmark_is_read_without_a_note_and_with_its_verdict(entry: dict[str, Any]) -> None:
    """Nothing in the benchmarks' files is unknown, and their own verdicts are the runs' outcomes."""
    runs = read(recording(entry["path"]))[1]
    assert [note for run in runs for note in run.notes] == []
    verdicts = sum(run.outcome == "success" for run in runs)
    assert entry["success"] in (f"{verdicts}/{len(runs)}", bool(verdicts))


@pytest.mark.parametrize("entry", [found for found in ENTRIES if found["bytes"] < 300_000] or [ABSENT], ids=name)
def test_recording_read_run_by_run_is_the_same(entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading like a large file finds the same runs, if the format supports it."""
    path = recording(entry["path"])
    whole = read(path)[1]
    monkeypatch.setattr("airflow_provider_vai.traces.formats.LARGE", 10)
    with opened(path) as runs:
        found = list(runs)
    assert figures(found) == figures(whole)
    ids = [[run.id for run in some if not run.id.startswith("sha256:")] for some in (found, whole)]
    assert sorted(ids[0]) == sorted(ids[1])

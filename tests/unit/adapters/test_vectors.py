"""One row for each sample trace: which runs and calls an adapter must find in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from airflow_provider_vai.adapters import BUILT_IN, adapters, read
from airflow_provider_vai.run import Run

from .support import NAMES, SAMPLES, TRACES, runs, short


@dataclass(frozen=True)
class Vector:
    """A sample file; of each run id, source, outcome, calls (tool, turn, batch, outcome, approval)."""

    file: str
    runs: list[tuple[str, str, str, list[tuple[Any, ...]]]]


VECTORS = [
    Vector(
        "agentdojo.json",
        [
            (
                "garden/sample-pipeline/user_task_3/direct/injection_task_1",
                "agent_run",
                "success",
                [
                    ("read_sensor", 0, 0, "success", "unknown"),
                    ("read_sensor", 0, 0, "failed", "unknown"),
                    ("water", 0, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "anthropic_messages.json",
        [
            (
                "msgs-1",
                "chat_thread",
                "success",
                [
                    ("list_stops", 0, 0, "success", "unknown"),
                    ("road_state", 0, 0, "failed", "unknown"),
                    ("web_search", 0, 1, "success", "unknown"),
                    ("save_route", 0, 2, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "openai_chat.json",
        [
            (
                "chat-1",
                "chat_thread",
                "success",
                [
                    ("find_item", 0, 0, "success", "unknown"),
                    ("list_sites", 0, 0, "success", "unknown"),
                    ("run_note", 1, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "pydantic_ai.json",
        [
            (
                "run-2",
                "agent_run",
                "success",
                [
                    ("book", 0, 0, "failed", "unknown"),
                    ("book", 0, 1, "success", "unknown"),
                    ("delete_all", 0, 1, "denied", "denied"),
                    ("archive", 0, 1, "success", "unknown"),
                ],
            )
        ],
    ),
    Vector(
        "tau2.json",
        [
            (
                "sim-1",
                "chat_thread",
                "success",
                [
                    ("get_line", 0, 0, "success", "unknown"),
                    ("get_plan", 0, 0, "failed", "unknown"),
                    ("toggle_flight_mode", 0, 1, "success", "unknown"),
                ],
            ),
            ("sim-2", "chat_thread", "failed", [("get_line", 0, 0, "unknown", "unknown")]),
        ],
    ),
    Vector(
        "vai_agent_run.json",
        [
            (
                "5f0c1d1e-1111-4a4a-8b8b-000000000001",
                "agent_run",
                "success",
                [
                    ("dlt_extract", 0, 0, "success", "unknown"),
                    ("generate_query", 0, 1, "success", "unknown"),
                    ("build_flashboard", 0, 2, "success", "edited"),
                ],
            )
        ],
    ),
    Vector(
        "vai_chat_thread.json",
        [
            (
                "thread-42",
                "chat_thread",
                "success",
                [
                    ("generate_query", 0, 0, "failed", "unknown"),
                    ("generate_query", 0, 0, "success", "unknown"),
                    ("http_request", 1, 1, "success", "approved"),
                    ("delete_rows", 2, 2, "denied", "denied"),
                ],
            )
        ],
    ),
]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.file)
def test_sample_gives_its_runs(vector: Vector) -> None:
    """Each sample is recognised, and read into exactly its runs and calls, in order."""
    found = read(TRACES / vector.file)[1]
    assert [(run.id, run.source, run.outcome, [short(call) for call in run.calls]) for run in found] == vector.runs
    assert {run.format for run in found} == {NAMES[vector.file]}


@pytest.mark.parametrize("file", NAMES)
def test_one_adapter_accepts_each_sample(file: str) -> None:
    """No two built-in adapters claim one document, so the order of asking does not matter for these."""
    built_in = [adapter for adapter in adapters() if adapter.name in BUILT_IN]
    assert [adapter.name for adapter in built_in if adapter.accepts(SAMPLES[file])] == [NAMES[file]]


def test_every_sample_has_a_vector() -> None:
    """A sample without an expectation would prove nothing."""
    assert {vector.file for vector in VECTORS} == set(SAMPLES) == set(NAMES)


@pytest.mark.parametrize("file", NAMES)
def test_sample_runs_are_valid_and_repeatable(file: str) -> None:
    """A Run passes its own validation again after JSON, and reading twice gives the same."""
    first, second = runs(NAMES[file], SAMPLES[file]), runs(NAMES[file], SAMPLES[file])
    assert first == second
    assert [Run.model_validate_json(run.model_dump_json()) for run in first] == first


@pytest.mark.parametrize("file", NAMES)
def test_facts_do_not_contradict_each_other(file: str) -> None:
    """A denied or unanswered call has no executed arguments; ids are unique; every call's turn is there."""
    for run in runs(NAMES[file], SAMPLES[file]):
        assert len({call.id for call in run.calls}) == len(run.calls)
        for call in run.calls:
            assert call.turn < len(run.turns)
            assert call.proposed_arguments is not None
            assert (call.arguments is None) == (call.outcome in ("denied", "unknown"))

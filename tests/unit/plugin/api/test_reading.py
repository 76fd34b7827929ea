"""Traces and specs are read outside the API server's process, which goes on answering whatever they do."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_vai.plugin.api import reading
from airflow_provider_vai.plugin.routes.recordings import PLACES
from tests.unit.plugin.api_support import SPEC, run_id, seed

RUNS = PLACES["agent_run"]


@pytest.fixture(autouse=True)
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The server's processes, in which some traces do harm; they end with the test."""
    made = reading._Processes()
    monkeypatch.setattr(reading, "_processes", made)
    monkeypatch.setattr(reading, "MODULE", "tests.unit.plugin.api.hostile_reading_child")
    yield made
    made.end()


def pids(processes: Any) -> list[int]:
    """Return the ids of the processes that wait for a request."""
    return [process.pid for process, _ in processes.waiting]


def test_one_process_is_kept(op: Any, processes: Any) -> None:
    """Storing, showing, crystallizing and reading a spec happen in one process, which is kept."""
    assert op.post(RUNS, content=seed()).status_code == 201
    kept = pids(processes)
    assert len(kept) == 1
    assert kept != [os.getpid()]
    assert op.get(f"{RUNS}/{run_id()}").json()["id"] == run_id()
    assert op.post(f"{RUNS}/{run_id()}/crystallize", json={}).status_code == 201
    assert op.post("/api/v1/automations", json=SPEC).status_code == 201
    assert pids(processes) == kept


def test_the_deadline(op: Any, processes: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Reading is ended at the deadline; meanwhile and afterwards the server answers, and nothing stays behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert op.post(RUNS, content=seed()).status_code == 201
    (pid,) = pids(processes)
    monkeypatch.setenv("AIRFLOW__VAI__READING_DEADLINE", "3")
    answers: list[Any] = []
    hanging = threading.Thread(target=lambda: answers.append(op.post(RUNS, content=b"hang")))
    hanging.start()
    listed = op.get(RUNS)
    assert (listed.status_code, answers) == (200, [])
    hanging.join()

    (answer,) = answers
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "reading_deadline"
    assert answer.json()["problem"] == "reading it was ended after 3 seconds"
    assert "raise [vai] reading_deadline" in answer.json()["remedy"]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert pids(processes) == []
    assert list(tmp_path.glob("vai-*")) == []
    monkeypatch.setenv("AIRFLOW__VAI__READING_DEADLINE", "120")
    assert op.post(RUNS, content=seed()).status_code == 200


@pytest.mark.parametrize(
    ("content", "status", "code"), [(b"die", 503, "reading_died"), (b"memory", 422, "reading_memory")]
)
def test_a_process_that_cannot_answer(op: Any, content: bytes, status: int, code: str) -> None:
    """A crash and a lack of memory have a clear answer with a remedy; the next request is served."""
    answer = op.post(RUNS, content=content)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "smaller traces" in answer.json()["remedy"]
    assert ("retry-after" in answer.headers) == (status == 503)
    assert op.post(RUNS, content=seed()).status_code == 201


def test_a_process_that_was_killed_while_it_waited(op: Any, processes: Any) -> None:
    """It is replaced; the client does not notice."""
    assert op.post(RUNS, content=seed()).status_code == 201
    (process, _) = processes.waiting[0]
    os.kill(process.pid, 9)
    process._process.wait()
    assert op.post(RUNS, content=seed()).status_code == 200


def test_a_fault_of_ours(op: Any) -> None:
    """A traceback goes to the log, not to the client."""
    with pytest.raises(RuntimeError, match="the traceback is in the log"):
        op.post(RUNS, content=b"fail")


def test_all_are_at_work(op: Any, processes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Further requests wait until the deadline, and are asked to come again."""
    monkeypatch.setenv("AIRFLOW__VAI__READING_DEADLINE", "0.2")
    for _ in range(reading.MOST_PROCESSES):
        processes.free.acquire()
    answer = op.post(RUNS, content=seed())
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "reading_busy", "60")


def test_a_process_is_replaced_after_many_requests(op: Any, processes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory that a library does not give back does not add up."""
    monkeypatch.setattr(reading, "MOST_REQUESTS", 1)
    assert op.post(RUNS, content=seed()).status_code == 201
    assert pids(processes) == []


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1}', b"[" * 100_000, b'{"a": 1, "a": 2}'])
def test_refusals_pass_unchanged(op: Any, content: bytes) -> None:
    """The error of a reader is answered as if it had been raised in the server."""
    answer = op.post(RUNS, content=content)
    assert answer.status_code == 422
    assert answer.json()["problem"]
    assert answer.json()["remedy"]
    assert "code" not in answer.json()

"""Reads traces and specs in processes of their own, so that the API server goes on answering whatever they contain.

The processes are kept for later requests. One that exceeds the deadline, ``[vai] reading_deadline``, is ended.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from airflow_provider_vai.authoring.crystallize_options import CrystallizeOptions
from airflow_provider_vai.authoring.deriving import Proposed
from airflow_provider_vai.authoring.stored_recordings import Stored, Summary
from airflow_provider_vai.exceptions import from_data
from airflow_provider_vai.model import notifiers
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.operators.runtime.bounded_process import BoundedProcess, PastDeadline, ProcessDied
from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.plugin.api.configured_folders import automations_folder, recordings_folder
from airflow_provider_vai.plugin.api.json_response import VALUE_KEYS
from airflow_provider_vai.plugin.api.problems import Problem

log = logging.getLogger(__name__)

MODULE = "airflow_provider_vai.authoring.reading_child"
DEADLINE = 120.0
"""Default of ``[vai] reading_deadline``, in seconds."""

MEMORY_BYTES = 4 * 1024**3
MOST_PROCESSES = 4
MOST_REQUESTS = 200
"""After how many requests a process is replaced."""

_SPLIT = "Send fewer or smaller traces, or run `vai crystallize` on another machine"


class _Processes:
    """The processes that wait for a request, and how many may be at work."""

    def __init__(self) -> None:
        self.waiting: list[tuple[BoundedProcess, int]] = []
        self.free = threading.BoundedSemaphore(MOST_PROCESSES)

    def ask(self, request: bytes, end: float) -> bytes:
        """Return the answer of a process.

        :param end: when the answer must be there, in monotonic time.
        """
        try:
            process, served = self.waiting.pop()
        except IndexError:
            process, served = BoundedProcess(MODULE, MEMORY_BYTES), 0
        if not process.is_running:  # somebody ended it while it waited
            process.end()
            process, served = BoundedProcess(MODULE, MEMORY_BYTES), 0
        content = process.ask(request, end - time.monotonic())
        if served + 1 < MOST_REQUESTS:
            self.waiting.append((process, served + 1))
        else:
            process.end()
        return content

    def end(self) -> None:
        """End the processes that wait."""
        while self.waiting:
            self.waiting.pop()[0].end()


_processes = _Processes()


def _in_a_fork() -> None:
    global _processes  # noqa: PLW0603 - the processes belong to the parent
    _processes = _Processes()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_a_fork)


def summaries(content: bytes, format: str | None, ending: str) -> list[Summary]:
    """Return what the runs of a trace file are; see ``authoring.stored_recordings.summaries``.

    :param content: the file's content. :param format: an adapter's name, or ``None``. :param ending: the file's ending.
    :raises TraceError: it cannot be read. :raises Problem: see :func:`_asked`.
    """
    with tempfile.TemporaryDirectory(prefix="vai-") as place:
        trace = Path(place, "content")
        trace.write_bytes(content)
        found: list[Summary] = _asked("summaries", trace=str(trace), format=format, ending=ending)
    return found


def shown_run(entry: Stored) -> bytes:
    """Return a stored run as the JSON text of an answer.

    :param entry: the run. :raises TraceError: it cannot be read. :raises Problem: see :func:`_asked`.
    """
    shown = _asked("shown_run", recordings=str(recordings_folder()), entry=vars(entry), transparent=VALUE_KEYS)
    return str(shown).encode("ascii")


def crystallized(
    entries: list[Stored], tools: list[dict[str, Any]], options: CrystallizeOptions
) -> tuple[Automation, str | None]:
    """Return the automation of stored runs, and, of several, what they were taken for.

    :param entries: the runs. :param tools: the rules of a tools file. :param options: the user's options.
    :raises VaiError: see ``authoring.crystallizing.crystallized``. :raises Problem: see :func:`_asked`.
    """
    made = _asked(
        "crystallize",
        recordings=str(recordings_folder()),
        automations=str(automations_folder()),
        entries=[vars(entry) for entry in entries],
        tools=tools,
        options=asdict(options),
    )
    return Automation.model_validate(made["automation"]), made["taken_for"]


def automation(document: dict[str, Any], secret_conn_id: str | None) -> Automation:
    """Return the automation of a spec.

    :param document: the spec. :param secret_conn_id: the connection with a webhook's secret.
    :raises SpecError: something in it is wrong. :raises Problem: see :func:`_asked`.
    """
    folder = str(automations_folder())
    return Automation.model_validate(
        _asked("automation", document=document, automations=folder, secret_conn_id=secret_conn_id)
    )


def proposed(automation: Automation, step: str, place: str, say: list[str]) -> Proposed:
    """Return how each run can work out an argument of a stored recording's automation.

    :param automation: the automation. :param step: the step's key. :param place: the place in its arguments.
    :param say: what the value is, in words.
    :raises VaiError: see ``authoring.deriving.propose`` and ``stored_run``. :raises Problem: see :func:`_asked`.
    """
    recordings = str(recordings_folder())
    spec = automation.model_dump(mode="json")
    return Proposed.of(_asked("propose", recordings=recordings, automation=spec, step=step, place=place, say=say))


def _asked(task: str, **arguments: Any) -> Any:
    """Return what a function of ``authoring.reading_child`` returns.

    :raises VaiError: the error that it raised.
    :raises Problem: 422 it took too long or needs too much memory; 503 its process was ended, or all are at work.
    """
    seconds = configuration().getfloat("vai", "reading_deadline", fallback=DEADLINE)
    end = time.monotonic() + seconds
    allowed = " ".join(notifiers.allowed())
    request = json.dumps({"task": task, "notifiers": allowed, **arguments}).encode("ascii")
    if not _processes.free.acquire(timeout=max(seconds, 0)):
        raise _unavailable("reading_busy", "the server reads other traces and specs", "Try again later.")
    free = _processes.free
    try:
        reply = json.loads(_processes.ask(request, end))
    except PastDeadline:
        problem = f"reading it was ended after {seconds:g} seconds"
        remedy = f"{_SPLIT}, or raise [vai] reading_deadline."
        raise Problem(422, problem, code="reading_deadline", problem=problem, remedy=remedy) from None
    except ProcessDied as died:
        log.error("The process that reads traces and specs died: %s", died)
        raise _unavailable(
            "reading_died", "the process that reads it died", f"Try again. If it happens again: {_SPLIT}."
        ) from None
    finally:
        free.release()
    if "refused" in reply:
        raise from_data(reply["refused"])
    if "out_of_memory" in reply:
        problem = f"reading it needs more than {MEMORY_BYTES // 1024**3} GiB of memory"
        raise Problem(422, problem, code="reading_memory", problem=problem, remedy=f"{_SPLIT}.")
    if "failed" in reply:
        log.error("Reading a trace or spec failed:\n%s", reply["failed"])
        raise RuntimeError("reading failed; the traceback is in the log")
    return reply["result"]


def _unavailable(code: str, problem: str, remedy: str) -> Problem:
    made = Problem(503, problem, code=code, problem=problem, remedy=remedy)
    made.headers = {"Retry-After": "60"}
    return made

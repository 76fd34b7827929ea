"""Airflow's own switch of a DAG, by Airflow's command line: this side of the DAG file imports nothing of Airflow."""

from __future__ import annotations

import json
import subprocess
import sys

from airflow_provider_vai.exceptions import PublishError

SECONDS = 300
"""For one call of ``airflow``, which takes several seconds to start."""


def set_paused(dag_id: str, *, paused: bool) -> None:
    """Pause or unpause a DAG in the Airflow of this environment (its ``AIRFLOW_HOME`` and configuration).

    :raises PublishError: Airflow cannot be run, or does not know the DAG.
    """
    found = _airflow("dags", "pause" if paused else "unpause", dag_id, "--yes", "--output", "json")
    if found is None:  # it was so already, or there is no such DAG
        details = _airflow("dags", "details", dag_id, "--output", "json")
        if details is None:
            raise _refused(f"Airflow does not know the DAG {dag_id!r}")


def _airflow(*arguments: str) -> list[object] | None:
    """Return the JSON that Airflow prints; ``None`` where it prints none."""
    try:
        process = subprocess.run(  # noqa: S603 - no shell; a DAG id holds letters, digits and -_. only
            [sys.executable, "-m", "airflow", *arguments], capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _refused(f"`airflow {' '.join(arguments)}` could not be run: {error}") from None
    start = process.stdout.find("[")
    if process.returncode and "DagNotFound" not in process.stderr + process.stdout:
        lines = process.stderr.strip().splitlines() or ["it says nothing"]
        raise _refused(f"`airflow {' '.join(arguments)}` failed: {lines[-1]}")
    try:
        found: list[object] = json.loads(process.stdout[start:]) if start >= 0 else []
    except json.JSONDecodeError:
        found = []
    return found or None


def _refused(problem: str) -> PublishError:
    return PublishError(
        problem,
        remedy="Wait until Airflow has read the DAG file, and run this where Airflow is configured; or record the"
        " change alone with --record-only and use the switch on Airflow's page.",
    )

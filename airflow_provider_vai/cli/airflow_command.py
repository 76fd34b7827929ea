"""Calls Airflow's own command line; this side of the DAG file imports nothing of Airflow.

Airflow prints warnings and logs to the same place as its JSON, so the list of objects is looked for in the output
(:func:`printed`) instead of the output being taken for JSON.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

from airflow_provider_vai.analysis.python_module import last_lines, run_module
from airflow_provider_vai.exceptions import PublishError

SECONDS = 300
"""Time limit of one call of ``airflow``, which takes several seconds to start."""

ASK_LATER = (
    "Wait until Airflow has read the DAG file, and run this where Airflow is configured; or record the change alone "
    "with --record-only and use the switch on Airflow's page."
)
NAME_RUNS = "Run this where Airflow is configured and knows the DAG; or name the runs with --runs FILE."


def set_paused(dag_id: str, *, paused: bool) -> None:
    """Pause or unpause a DAG in the Airflow of this environment (its ``AIRFLOW_HOME`` and configuration).

    :raises PublishError: Airflow cannot be run, or does not know the DAG.
    """
    changed = _airflow("dags", "pause" if paused else "unpause", dag_id, "--yes", remedy=ASK_LATER)
    if changed:
        return
    if not _airflow("dags", "details", dag_id, remedy=ASK_LATER):  # else it was so already
        raise PublishError(f"Airflow does not know the DAG {dag_id!r}", remedy=ASK_LATER)


def list_runs(dag_id: str) -> list[dict[str, Any]]:
    """Return the runs of a DAG in the Airflow of this environment, as ``airflow dags list-runs -o json`` prints them.

    :raises PublishError: Airflow cannot be run, or does not know the DAG.
    """
    runs = _airflow("dags", "list-runs", dag_id, remedy=NAME_RUNS)
    if runs is None:
        raise PublishError(f"Airflow does not know the DAG {dag_id!r}", remedy=NAME_RUNS)
    return runs


def printed(output: str) -> list[dict[str, Any]]:
    """Return the list of objects in what a command of Airflow printed, which may log to the same place.

    :return: empty if there is none: Airflow then says so in words.
    """
    for start in re.finditer(r"^\[", output, re.MULTILINE):
        try:
            found, _ = json.JSONDecoder().raw_decode(output, start.start())
        except json.JSONDecodeError:
            continue
        if isinstance(found, list) and all(isinstance(entry, dict) for entry in found):
            return found
    return []


def _airflow(*arguments: str, remedy: str) -> list[dict[str, Any]] | None:
    """Run ``airflow`` and return the list of objects that it prints; ``None`` if it knows no such DAG.

    :param remedy: what the user can do if the call fails.
    :raises PublishError: Airflow cannot be run, or fails for another reason.
    """
    shown = f"`airflow {' '.join(arguments)}`"
    try:
        done = run_module("airflow", *arguments, "--output", "json", seconds=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PublishError(f"{shown} could not be run: {error}", remedy=remedy) from None
    if done.returncode == 0:
        return printed(done.stdout)
    if "DagNotFound" in done.stderr + done.stdout:
        return None
    lines = last_lines(done.stderr, 1) or last_lines(done.stdout, 1) or ["it printed nothing"]
    raise PublishError(f"{shown} failed: {lines[0]}", remedy=remedy)

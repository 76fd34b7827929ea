"""Runs Airflow's command line in another process, because ``vai`` never imports Airflow.

Airflow prints warnings and log lines to the same stream as its JSON. Therefore :func:`printed` searches the output for
the JSON list instead of parsing the whole output.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

from airflow_provider_vai.analysis.python_module import last_lines, run_module
from airflow_provider_vai.exceptions import PublishError

SECONDS = 300
"""The time limit of one ``airflow`` command, which takes several seconds to start."""

ASK_LATER = (
    "Wait until Airflow has read the DAG file, and run this where Airflow is configured. Or give --record-only to only "
    "record the change, and use the switch on Airflow's page."
)
NAME_RUNS = "Run this where Airflow is configured and knows the DAG; or give the DAG runs with --runs FILE."


def set_paused(dag_id: str, *, paused: bool) -> None:
    """Pause or unpause a DAG in the Airflow that this environment is configured for.

    :param dag_id: The DAG id.
    :param paused: Whether the DAG is to be paused.
    :raises PublishError: if Airflow cannot be run, or does not know the DAG.
    """
    changed = _airflow("dags", "pause" if paused else "unpause", dag_id, "--yes", remedy=ASK_LATER)
    if changed:
        return
    if not _airflow("dags", "details", dag_id, remedy=ASK_LATER):  # otherwise the DAG already was in this state
        raise PublishError(f"Airflow does not know the DAG {dag_id!r}", remedy=ASK_LATER)


def pause_unreviewed(dag_id: str) -> None:
    """Pause a DAG because its new version is not reviewed yet.

    :param dag_id: The DAG id.
    :raises PublishError: if Airflow cannot be run, or does not know the DAG.
    """
    try:
        set_paused(dag_id, paused=True)
    except PublishError as error:
        raise PublishError(
            "the automation is active, and the new version has review items that nobody has reviewed, but its DAG "
            f"could not be paused: {error.problem}",
            where=dag_id,
            remedy="Pause it first with `vai pause` (with --record-only if Airflow runs elsewhere), and repeat the "
            "command. Nothing was written.",
        ) from None


def list_runs(dag_id: str) -> list[dict[str, Any]]:
    """Return the runs of a DAG, as ``airflow dags list-runs -o json`` prints them in this environment.

    :param dag_id: The DAG id.
    :raises PublishError: if Airflow cannot be run, or does not know the DAG.
    """
    runs = _airflow("dags", "list-runs", dag_id, remedy=NAME_RUNS)
    if runs is None:
        raise PublishError(f"Airflow does not know the DAG {dag_id!r}", remedy=NAME_RUNS)
    return runs


def printed(output: str) -> list[dict[str, Any]]:
    """Return the JSON list of objects in the output of an Airflow command, which may contain log lines.

    :param output: The output of the command.
    :return: The objects; empty: there is no such list, because Airflow prints a sentence if it finds nothing.
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
    """Run ``airflow`` and return the list of objects that it prints; ``None``: it does not know the DAG.

    :param arguments: The command-line arguments.
    :param remedy: What the user can do if the command fails.
    :raises PublishError: if Airflow cannot be run, or fails for another reason.
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

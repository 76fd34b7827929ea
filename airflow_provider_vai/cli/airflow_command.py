"""Runs Airflow's command line in another process, because ``vai`` never imports Airflow.

Airflow prints warnings and log lines to the same stream as its JSON. Therefore :func:`printed` searches the output for
the JSON list instead of parsing the whole output.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

from airflow_provider_vai.analysis.python_module import INSTALL_AIRFLOW, airflow_problem, last_lines, run_module
from airflow_provider_vai.cli.publishing import request_parsing
from airflow_provider_vai.cli.terminal import working
from airflow_provider_vai.exceptions import PublishError, UnknownDag
from airflow_provider_vai.store.served_folder import is_read_by_airflow

SECONDS = 300
"""The time limit of one ``airflow`` command, which takes several seconds to start."""

UNKNOWN = ("DagNotFound", "does not exist in 'dag' table", "does not exist in the database")
"""What Airflow's commands print about a DAG that it does not know; one of them."""

KNOWN_LIMIT = 90
"""How many seconds to wait until Airflow knows a DAG whose file it was asked to read."""

ASK_LATER = (
    "Run this where Airflow is configured, with the DAG file in a folder that Airflow reads (`vai crystallize` without "
    "--out writes to one), and wait until Airflow has read the DAG file. Or give --record-only to only record the "
    "change, and use the switch on Airflow's page."
)
NAME_RUNS = "Run this where Airflow is configured and knows the DAG; or give the DAG runs with --runs FILE."


def set_paused(dag_id: str, *, paused: bool) -> None:
    """Pause or unpause a DAG in the Airflow that this environment is configured for.

    :param dag_id: The DAG id.
    :param paused: Whether the DAG is to be paused.
    :raises UnknownDag: if Airflow does not know the DAG.
    :raises PublishError: if Airflow cannot be run.
    """
    changed = _airflow("dags", "pause" if paused else "unpause", dag_id, "--yes", remedy=ASK_LATER)
    if changed:
        return
    if not _airflow("dags", "details", dag_id, remedy=ASK_LATER):  # otherwise the DAG already was in this state
        raise UnknownDag(f"Airflow does not know the DAG {dag_id!r}", remedy=ASK_LATER)


def unpause(dag_id: str, dag_file: Path) -> None:
    """Unpause a DAG. If Airflow does not know it yet, ask it to read the DAG file at once, and wait until it has.

    :param dag_id: The DAG id.
    :param dag_file: Its DAG file. Airflow is asked only if it reads this folder.
    :raises PublishError: if Airflow cannot be run, or does not know the DAG.
    """
    try:
        set_paused(dag_id, paused=False)
    except UnknownDag:
        if not (is_read_by_airflow(dag_file.parent) and request_parsing([dag_file])):
            raise
        _wait_known(dag_id)
        set_paused(dag_id, paused=False)


def _wait_known(dag_id: str) -> None:
    """Wait until Airflow knows a DAG, or the time limit is over; each command takes several seconds to start."""
    end = time.monotonic() + KNOWN_LIMIT
    with working("Waiting until Airflow has read the DAG file"):
        while not _airflow("dags", "details", dag_id, remedy=ASK_LATER) and time.monotonic() < end:
            time.sleep(1)


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
    if problem := airflow_problem():
        raise PublishError(f"{shown} cannot be run: {problem}", remedy=f"{INSTALL_AIRFLOW} {remedy}")
    try:
        with working(f"Running {shown}"):
            done = run_module("airflow", *arguments, "--output", "json", seconds=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PublishError(f"{shown} could not be run: {error}", remedy=remedy) from None
    if done.returncode == 0:
        return printed(done.stdout)
    if any(text in done.stderr + done.stdout for text in UNKNOWN):
        return None
    lines = last_lines(done.stderr, 1) or last_lines(done.stdout, 1) or ["it printed nothing"]
    raise PublishError(f"{shown} failed: {lines[0]}", remedy=remedy)

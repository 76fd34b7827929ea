"""What the commands do after they wrote DAG files: ask Airflow to read them; and the folder that they write to."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_vai.analysis.python_module import last_lines, run_module
from airflow_provider_vai.cli.terminal import complain, working
from airflow_provider_vai.store import served_folder, shared_files
from airflow_provider_vai.store.shared_files import AnyPath

if TYPE_CHECKING:
    from airflow_provider_vai.store.publisher import Published

SECONDS = 120
"""The time limit of a request, most of which is the import of Airflow."""

LATER = "Airflow reads new files every [dag_processor] refresh_interval seconds (default: 300)"


def out_folder(named: str | None) -> AnyPath:
    """Return the folder that ``--out`` names, or else the one that the HTTP API and the webhooks serve.

    :param named: The option; ``None``: it was not given.
    :raises PublishError: it is not a usable path or URL.
    """
    if named is None:
        return served_folder.served_folder()
    return shared_files.folder(named)


def read_soon(published: Iterable[Published]) -> None:
    """Ask Airflow to read the DAG files that were written, if it reads their folder. A failure is only a note.

    :param published: What was written, and what was left unchanged.
    """
    written = [files.dag for files in published if files.change != "unchanged"]
    request_parsing([dag for dag in written if served_folder.is_read_by_airflow(dag.parent)])


def request_parsing(dags: Iterable[AnyPath]) -> bool:
    """Ask Airflow to read DAG files at once, and return whether it will; if not, print why.

    :param dags: The DAG files, in a local folder that Airflow reads.
    """
    files = [str(dag) for dag in dags]
    if not files:
        return False
    try:
        with working("Asking Airflow to read the DAG file"):
            done = run_module("airflow_provider_vai.store.parse_request", *files, seconds=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        complain(f"note: Airflow could not be asked to read the DAG file at once: {error}. {LATER}.")
        return False
    if done.returncode:
        reason = (last_lines(done.stderr, 1) or ["the file is in none of its DAG bundles"])[0]
        complain(f"note: Airflow could not be asked to read the DAG file at once: {reason}. {LATER}.")
    return done.returncode == 0


def warn_if_not_served(folders: Iterable[Path]) -> None:
    """Print a warning for each folder that is not the one that the HTTP API and the webhooks serve.

    :param folders: The folders of automations.
    """
    for folder in sorted(set(folders)):
        if message := served_folder.warning(folder):
            complain(f"warning: {message}")

"""What the commands do after they wrote DAG files: ask Airflow to read them; and the folder that they write to."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_vai.analysis.python_module import last_lines, run_module
from airflow_provider_vai.cli.terminal import remark, working
from airflow_provider_vai.exceptions import PublishError
from airflow_provider_vai.model import airflow_settings
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
    :raises PublishError: it is not a usable path or URL; or ``AIRFLOW_HOME`` is not set, so that the folder would be a
        guess.
    """
    if named is None:
        if not (served_folder.is_configured() or airflow_settings.loaded() or airflow_settings.airflow_home().is_dir()):
            raise PublishError(
                f"AIRFLOW_HOME is not set, and there is no Airflow in {airflow_settings.airflow_home()}",
                remedy="Set AIRFLOW_HOME to the folder of your Airflow, or name a folder with --out.",
            )
        return served_folder.served_folder()
    if _lost_home(named):
        raise PublishError(
            "AIRFLOW_HOME is not set, so the shell made $AIRFLOW_HOME/dags into /dags, which does not exist",
            where=f"--out {named}",
            remedy="Set AIRFLOW_HOME to the folder of your Airflow, or create /dags if you mean it.",
        )
    return shared_files.folder(named)


def _lost_home(named: str) -> bool:
    """Return whether the path begins with a variable that is not set."""
    return bool(re.match(r"/dags(/|$)", named)) and not os.environ.get("AIRFLOW_HOME") and not os.path.exists("/dags")


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
        remark(f"note: Airflow could not be asked to read the DAG file at once: {error}. {LATER}.")
        return False
    if done.returncode:
        reason = (last_lines(done.stderr, 1) or ["the file is in none of its DAG bundles"])[0]
        remark(f"note: Airflow could not be asked to read the DAG file at once: {reason}. {LATER}.")
    return done.returncode == 0


def warn_if_not_served(folders: Iterable[Path]) -> None:
    """Print a warning for each folder that is not the one that the HTTP API and the webhooks serve.

    :param folders: The folders of automations.
    """
    for folder in sorted(set(folders)):
        if message := served_folder.warning(folder):
            remark(f"warning: {message}")

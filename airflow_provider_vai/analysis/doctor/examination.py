"""The examination: the order of the checks, and what is asked of Airflow in a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from airflow_provider_vai.analysis.doctor import addresses, folders, needs, versions
from airflow_provider_vai.analysis.doctor.diagnosis import Diagnosis
from airflow_provider_vai.analysis.doctor.needs import Needs
from airflow_provider_vai.analysis.python_module import last_lines, run_module
from airflow_provider_vai.languages.python_function import python_path
from airflow_provider_vai.secrets.masking import mask
from airflow_provider_vai.store import served_folder, shared_files
from airflow_provider_vai.store.shared_files import AnyPath

SECONDS = 120
"""The time limit of what is asked of Airflow, most of which is its import."""

PROBE = "airflow_provider_vai.analysis.doctor.probe"


def examine(folder: AnyPath | None = None, *, seconds: float = SECONDS) -> list[Diagnosis]:
    """Check this installation, and what the automations in a folder need.

    :param folder: The folder of DAG files and sidecars; ``None``: the one that Airflow's HTTP API serves.
    :param seconds: The time limit of what is asked of Airflow.
    :return: One diagnosis for each thing that was checked, sorted by code and subject. Credentials are masked.
    :raises UnusablePath: the option ``[vai] automations_path`` is not a usable path or URL.
    """
    named = served_folder.served_folder() if folder is None else folder
    local = shared_files.local_path(named)
    needed = needs.of_folder(local)
    own = [*versions.own(), *folders.home(), *folders.local_ones(local), *addresses.base_url()]
    found = [*own, *needs.extras(needed), *needed.diagnoses]
    found += _asked(needed, local, seconds) if versions.airflow_version() else ()
    return sorted(map(_masked, set(found)), key=lambda one: (one.code, one.subject, one.message))


def _masked(found: Diagnosis) -> Diagnosis:
    return replace(found, subject=mask(found.subject), message=mask(found.message), remedy=mask(found.remedy))


def _asked(needed: Needs, folder: Path | None, seconds: float) -> Iterator[Diagnosis]:
    """Yield what the probe finds in a process of its own, or why it found nothing."""
    question = {
        "connections": needed.connections,
        "names": needed.names,
        "python_path": python_path(folder) if folder else (),
        "folder": str(folder.resolve()) if folder else None,
        "dag_files": needed.dag_files,
        "stores": folders.remote_ones(),
    }
    if not served_folder.is_configured():  # Airflow would create its files in the default place
        message = "it was not asked about connections, functions and the plugin, because none is configured here"
        yield Diagnosis("DOC601", "note", "Airflow", message, "Set AIRFLOW_HOME, and run this again.")
        return
    subject, remedy = "Airflow", "Run `airflow info` here, and correct what it reports."
    try:
        done = run_module(PROBE, seconds=seconds, text=json.dumps(question))
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Diagnosis("DOC601", "error", subject, f"it could not be asked: {error}", remedy)
        return
    try:
        answers = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None
    except (ValueError, IndexError):
        answers = None
    if answers is None:
        reason = (last_lines(done.stderr, 1) or [f"exit code {done.returncode}"])[0]
        yield Diagnosis("DOC601", "error", subject, f"it could not be asked: {reason}", remedy)
        return
    yield from (Diagnosis(**answer) for answer in answers)

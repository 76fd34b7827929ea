"""Checks of the configured folders: whether they are set, exist, and can be read and written by this user."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from airflow_provider_vai.analysis.doctor.diagnosis import Diagnosis
from airflow_provider_vai.exceptions import UnusablePath
from airflow_provider_vai.model import storage
from airflow_provider_vai.model.airflow_settings import airflow_cfg, airflow_home, loaded, setting
from airflow_provider_vai.model.artifacts import artifacts_path
from airflow_provider_vai.store import served_folder

AUTOMATIONS, ARTIFACTS, RUNS = "[vai] automations_path", "[vai] artifacts_path", "[vai] runs_path"
CODE_OF = {AUTOMATIONS: "DOC203", ARTIFACTS: "DOC204", RUNS: "DOC205"}


def home() -> Iterator[Diagnosis]:
    """Yield the diagnosis about Airflow's home: whether this environment names one."""
    place = airflow_home()
    if served_folder.is_configured():
        which = "AIRFLOW_HOME" if os.environ.get("AIRFLOW_HOME") else "the default"
        found = "" if airflow_cfg().is_file() else f"; there is no {airflow_cfg()}"
        yield Diagnosis("DOC201", "ok", "AIRFLOW_HOME", f"{place} ({which}{found})")
        return
    message = f"not set, and there is no {airflow_cfg()}: vai cannot know which Airflow you mean"
    remedy = "Set AIRFLOW_HOME to the folder that your Airflow uses, as in its own services."
    yield Diagnosis("DOC201", "warning", "AIRFLOW_HOME", message, remedy)


def local_ones(automations: Path | None) -> Iterator[Diagnosis]:
    """Yield a diagnosis for each folder on this machine; those on object stores are for :func:`store`.

    :param automations: The folder of the automations; ``None``: it is on an object store.
    """
    if served_folder.is_configured():
        yield _local("DOC202", "[core] dags_folder", served_folder.dags_folder(), is_written=False)
    if automations is not None:
        yield _local("DOC203", AUTOMATIONS, automations)
    for option, text in _configured():
        try:
            local = storage.folder(text, option) if _is_local(text) else None
        except UnusablePath as error:
            yield Diagnosis(CODE_OF[option], "error", option, f"{storage.shown(text)}: {error.problem}", error.remedy)
            continue
        if isinstance(local, Path):
            yield _local(CODE_OF[option], option, local)


def remote_ones() -> list[tuple[str, str]]:
    """Return the option and URL of each configured folder on an object store."""
    automations = setting("vai", "automations_path", loaded())
    named = [*_configured(), *([(AUTOMATIONS, automations)] if automations else [])]
    return [(option, text) for option, text in named if not _is_local(text)]


def store(option: str, url: str) -> Diagnosis:
    """Return the diagnosis about a folder on an object store. It imports Airflow.

    :param option: The option that names the folder.
    :param url: The folder.
    """
    code, shown = CODE_OF[option], storage.shown(url)
    try:
        path = storage.opened(url, option)
    except UnusablePath as error:
        return Diagnosis(code, "error", option, f"{shown}: {error.problem}", error.remedy)
    try:
        path.fs.ls(path.path)
    except FileNotFoundError:
        return Diagnosis(code, "ok", option, f"{shown} (nothing is there yet)")
    except Exception as error:  # each store has its own errors
        remedy = "Check the credentials of the connection and their permissions."
        return Diagnosis(code, "error", option, f"{shown} cannot be listed: {storage.shown(error)}", remedy)
    return Diagnosis(code, "ok", option, shown)


def _configured() -> list[tuple[str, str]]:
    artifacts = artifacts_path()
    return [(ARTIFACTS, artifacts), (RUNS, setting("vai", "runs_path", loaded()) or f"{artifacts.rstrip('/')}/runs")]


def _is_local(text: str) -> bool:
    return "://" not in text or text.startswith("file://")


def _local(code: str, option: str, place: Path, *, is_written: bool = True) -> Diagnosis:
    """Return the diagnosis about a local folder. Nothing is written: the permissions are asked for."""
    rights = os.R_OK | os.X_OK | (os.W_OK if is_written else 0)
    what = "read and written" if is_written else "read"
    remedy = f"Give this user the permission, or set {option} to another folder."
    if place.is_dir():
        if os.access(place, rights):
            return Diagnosis(code, "ok", option, str(place))
        return Diagnosis(code, "error", option, f"{place} cannot be {what} by this user", remedy)
    if os.path.lexists(place):
        return Diagnosis(code, "error", option, f"{place} is not a folder", f"Set {option} to a folder.")
    above = next((parent for parent in place.absolute().parents if parent.exists()), Path("/"))
    if not is_written:
        return Diagnosis(code, "warning", option, f"{place} does not exist", f"Create it, or correct {option}.")
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        return Diagnosis(code, "ok", option, f"{place} (it is created with the first file)")
    return Diagnosis(code, "error", option, f"{place} does not exist and cannot be created in {above}", remedy)

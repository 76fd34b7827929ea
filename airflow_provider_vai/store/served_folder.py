"""The folder of automations that Airflow's API server serves: ``[vai] automations_path``, else ``<dags_folder>/vai``.

It is also the folder to which ``vai`` writes unless a command names another one.
"""

from __future__ import annotations

import os
from pathlib import Path

from airflow_provider_vai.model.airflow_settings import airflow_cfg, airflow_home, loaded, setting
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath

VARIABLES = ("AIRFLOW_HOME", "AIRFLOW_CONFIG", "AIRFLOW__CORE__DAGS_FOLDER", "AIRFLOW__VAI__AUTOMATIONS_PATH")
"""If one of them is set, or ``airflow.cfg`` exists, Airflow is configured in this environment."""


def served_folder() -> AnyPath:
    """Return the folder that the HTTP API and the webhooks serve, as Airflow is configured in this environment.

    :raises UnusablePath: the option ``[vai] automations_path`` is not a usable path or URL.
    """
    conf = loaded()
    configured = setting("vai", "automations_path", conf)
    return shared_files.folder(os.path.expandvars(configured or f"{dags_folder()}/vai"), "[vai] automations_path")


def dags_folder() -> Path:
    """Return Airflow's ``[core] dags_folder`` (default: ``$AIRFLOW_HOME/dags``)."""
    named = setting("core", "dags_folder", loaded()) or str(airflow_home() / "dags")
    return Path(os.path.expandvars(named)).expanduser()


def is_configured() -> bool:
    """Return whether Airflow is configured in this environment, so that the folder it serves is known."""
    return any(os.environ.get(name) for name in VARIABLES) or airflow_cfg().is_file()


def is_served(folder: AnyPath) -> bool:
    """Return whether automations in a folder are the ones that the HTTP API and the webhooks serve."""
    return _real(folder) == _real(served_folder())


def is_read_by_airflow(folder: AnyPath) -> bool:
    """Return whether Airflow reads the DAG files in a local folder: it is served, or below ``[core] dags_folder``."""
    if not is_configured() or shared_files.local_path(folder) is None:
        return False
    return is_served(folder) or Path(_real(folder)).is_relative_to(_real(dags_folder()))


def warning(folder: AnyPath) -> str | None:
    """Return a warning if automations in a folder are not served; ``None``: they are, or no Airflow is configured.

    :param folder: The folder of a DAG file and its sidecar.
    """
    if not is_configured() or is_served(folder):
        return None
    served = served_folder()
    return (
        f"{folder}: this folder is not the one that Airflow's HTTP API and the webhooks serve, which is {served}. "
        f"Write the automation there (vai render SIDECAR --out {served}), or set the option [vai] automations_path "
        f"(AIRFLOW__VAI__AUTOMATIONS_PATH) to {_real(folder)}."
    )


def _real(folder: AnyPath) -> str:
    local = shared_files.local_path(folder)
    return str(folder).rstrip("/") if local is None else os.path.realpath(local)

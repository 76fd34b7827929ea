"""Asks Airflow to read an automation's DAG file at once."""

from __future__ import annotations

import logging

from airflow_provider_vai.plugin.api.configured_folders import automations_folder
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.parse_request import request_parsing

log = logging.getLogger(__name__)


def read_soon(dag_id: str) -> None:
    """Ask Airflow to read the DAG file of an automation at once, if it is in a local folder.

    An error is only logged: the file is written, and Airflow finds it later.

    :param dag_id: The DAG id of the automation.
    """
    folder = shared_files.local_path(automations_folder())
    if folder is None:
        return
    try:
        request_parsing(folder / f"{dag_id}.py")
    except Exception:
        log.exception("Airflow could not be asked to read the DAG file of %s", dag_id)

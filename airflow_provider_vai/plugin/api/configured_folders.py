"""The folders that ``[vai]`` configures, shared by the API server, DAG processor and workers."""

from __future__ import annotations

from pathlib import Path

from airflow_provider_vai.model.artifacts import LOCAL
from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.store.served_folder import served_folder
from airflow_provider_vai.store.shared_files import AnyPath


def automations_folder() -> AnyPath:
    """Return ``[vai] automations_path``, the folder of DAG files and sidecars (default: ``<dags_folder>/vai``)."""
    return served_folder()


def recordings_folder() -> AnyPath:
    """Return ``[vai] runs_path``, the folder of recordings (default: ``runs`` below ``[vai] artifacts_path``)."""
    root = results.runs_root()
    return Path(root.path) if root.protocol in LOCAL else root

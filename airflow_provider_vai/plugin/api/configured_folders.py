"""The folders that ``[vai]`` configures, shared by the API server, DAG processor and workers."""

from __future__ import annotations

from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.served_folder import served_folder
from airflow_provider_vai.store.shared_files import AnyPath


def automations_folder() -> AnyPath:
    """Return ``[vai] automations_path``, the folder of DAG files and sidecars (default: ``<dags_folder>/vai``)."""
    return served_folder()


def recordings_folder() -> AnyPath:
    """Return ``[vai] runs_path``, the folder of recordings (default: ``runs`` below ``[vai] artifacts_path``)."""
    configured = configuration().get("vai", "runs_path", fallback="")
    return shared_files.folder(configured or str(results.artifacts_root() / "runs"))

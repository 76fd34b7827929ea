"""The folders that API server, DAG processor and workers share, as ``[vai]`` names them."""

from __future__ import annotations

from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath


def automations_folder() -> AnyPath:
    """Return ``[vai] automations_path``, the folder of the DAG files and sidecars (default: ``<dags_folder>/vai``)."""
    given = configuration().get("vai", "automations_path", fallback="")
    return shared_files.folder(given or f"{configuration().get('core', 'dags_folder').rstrip('/')}/vai")


def runs_folder() -> AnyPath:
    """Return ``[vai] runs_path``, the folder of the recordings (default: ``runs`` under ``[vai] artifacts_path``)."""
    given = configuration().get("vai", "runs_path", fallback="")
    return shared_files.folder(given or str(results.artifacts_root() / "runs"))

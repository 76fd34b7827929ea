"""The folders that ``[vai]`` configures, shared by the API server, DAG processor and workers."""

from __future__ import annotations

import os
from pathlib import Path

from airflow_provider_vai.model.artifacts import LOCAL
from airflow_provider_vai.operators.runtime import results
from airflow_provider_vai.operators.runtime.compat import configuration
from airflow_provider_vai.store.served_folder import served_folder
from airflow_provider_vai.store.shared_files import AnyPath


def automations_folder() -> AnyPath:
    """Return ``[vai] automations_path``, the folder of DAG files and sidecars (default: ``<dags_folder>/vai``)."""
    return served_folder()


def recordings_folder() -> AnyPath:
    """Return ``[vai] runs_path``, the folder of recordings (default: ``runs`` below ``[vai] artifacts_path``)."""
    root = results.runs_root()
    return Path(root.path) if root.protocol in LOCAL else root


def import_folders() -> list[Path]:
    """Return the folders of ``[vai] import_paths``, from which traces may be imported (default: none).

    A path that is not absolute is left out: it would depend on where the server was started.
    """
    configured = configuration().get("vai", "import_paths", fallback="") or ""
    paths = [Path(os.path.expandvars(part.strip())).expanduser() for part in configured.split(",") if part.strip()]
    return [path for path in paths if path.is_absolute()]

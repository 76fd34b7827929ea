"""The table of live sources: servers from which recorded runs can be fetched."""

from __future__ import annotations

from importlib import import_module

from airflow_provider_vai.traces.pull.base import LiveSource

NAMES = ("vai", "mlflow", "phoenix", "langfuse", "langsmith")


def source(name: str) -> LiveSource:
    """Return the source with this name, one of ``NAMES``."""
    live_source: LiveSource = import_module(f"{__name__}.{name}").SOURCE
    return live_source

"""The table of live sources: where recorded runs can be fetched from, instead of from a file."""

from __future__ import annotations

from importlib import import_module

from airflow_provider_vai.traces.pull.base import LiveSource

NAMES = ("vai", "mlflow", "phoenix", "langfuse", "langsmith")


def source(name: str) -> LiveSource:
    """Return a source by its name, one of ``NAMES``."""
    found: LiveSource = import_module(f"{__name__}.{name}").SOURCE
    return found

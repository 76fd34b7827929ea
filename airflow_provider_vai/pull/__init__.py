"""The table of live sources: where recorded runs can be fetched from, instead of from a file."""

from __future__ import annotations

from importlib import import_module

from airflow_provider_vai.pull.base import Source

NAMES = ("vai", "mlflow", "phoenix", "langfuse", "langsmith")


def source(name: str) -> Source:
    """Return a source by its name, one of ``NAMES``."""
    found: Source = import_module(f"{__name__}.{name}").SOURCE
    return found

"""Checks of versions: Python, this package and Airflow."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from airflow_provider_vai import __version__
from airflow_provider_vai.analysis.doctor.diagnosis import Diagnosis
from airflow_provider_vai.languages.version_numbers import numbers

OLDEST_PYTHON = (3, 10)
OLDEST_AIRFLOW = (3, 1)
AIRFLOWS = ("apache-airflow-core", "apache-airflow")


def airflow_version() -> str | None:
    """Return the version of the installed Airflow; ``None``: it is not installed. Nothing is imported."""
    for name in AIRFLOWS:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def own() -> Iterator[Diagnosis]:
    """Yield the diagnoses about the versions of Python, this package and Airflow."""
    python = sys.version_info[:3]
    text = ".".join(map(str, python))
    if python >= OLDEST_PYTHON:
        yield Diagnosis("DOC101", "ok", "Python", text)
    else:
        yield Diagnosis("DOC101", "error", "Python", f"{text} is too old", f"Use Python {_dotted(OLDEST_PYTHON)}.")
    yield Diagnosis("DOC102", "ok", "airflow-provider-vai", __version__)
    found = airflow_version()
    wanted = f"pip install 'apache-airflow>={_dotted(OLDEST_AIRFLOW)}'"
    if found is None:
        message = "it is not installed: vai can write DAG files here, but nothing can run them"
        yield Diagnosis("DOC103", "warning", "Airflow", message, f"Where the DAGs run: {wanted}.")
    elif numbers(found) < OLDEST_AIRFLOW:
        yield Diagnosis("DOC103", "error", "Airflow", f"{found} is too old", f"Run {wanted}.")
    else:
        yield Diagnosis("DOC103", "ok", "Airflow", found)


def _dotted(parts: tuple[int, ...]) -> str:
    return ".".join(map(str, parts))

"""Reads a sidecar from a file."""

from __future__ import annotations

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.sidecar import SUFFIX, Sidecar, parse_sidecar
from airflow_provider_vai.store.shared_files import AnyPath

SHOWN = 10
"""How many automations a message names at most."""


def read_sidecar(path: AnyPath) -> Sidecar:
    """Read a sidecar.

    :raises SpecError: the file cannot be read, is not a sidecar, or has a newer schema than this version supports.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        problem, remedy = error.strerror or str(error), "Name an existing sidecar."
        if isinstance(error, FileNotFoundError):
            problem, remedy = "there is no such sidecar", _remedy(path)
        raise SpecError(problem, where=str(path), remedy=remedy) from None
    return parse_sidecar(content, str(path))


def _remedy(path: AnyPath) -> str:
    """Return what to name in place of a sidecar that does not exist: one in the folder of that name, or beside it."""
    folder = path.parent / path.name.removesuffix(SUFFIX)
    nearest = folder if folder.is_dir() else path.parent
    found = sorted(one.name.removesuffix(SUFFIX) for one in nearest.glob(f"*{SUFFIX}"))
    if not found:
        return f"Name the DAG file or the sidecar of an automation; the folder {nearest} has none."
    names = ", ".join(found[:SHOWN]) + (", …" if len(found) > SHOWN else "")
    return f"Name the DAG file or the sidecar of an automation. The folder {nearest} has {names}."

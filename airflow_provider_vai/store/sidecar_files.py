"""Reads a sidecar from a file."""

from __future__ import annotations

from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.sidecar import Sidecar, parse_sidecar
from airflow_provider_vai.store.shared_files import AnyPath


def read_sidecar(path: AnyPath) -> Sidecar:
    """Read a sidecar.

    :raises SpecError: the file cannot be read, is not a sidecar, or has a newer schema than this version supports.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SpecError(error.strerror or str(error), where=str(path), remedy="Name an existing sidecar.") from None
    return parse_sidecar(content, str(path))

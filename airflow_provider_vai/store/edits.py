"""Detects edits by hand in a DAG file or its sidecar since they were written."""

from __future__ import annotations

import hashlib

from airflow_provider_vai.model.sidecar import Sidecar


def dag_sha256(dag_file: str | bytes) -> str:
    """Return the SHA-256 of a DAG file in hex, as in its sidecar.

    :param dag_file: The file's bytes, or its text decoded with ``surrogateescape``.
    """
    content = dag_file.encode("utf-8", "surrogateescape") if isinstance(dag_file, str) else dag_file
    return hashlib.sha256(content).hexdigest()


def is_dag_file_edited(sidecar: Sidecar, dag_file: str | bytes) -> bool:
    """Return whether a DAG file differs from the one that was written with its sidecar."""
    return dag_sha256(dag_file) != sidecar.dag_sha256


def is_spec_edited(sidecar: Sidecar) -> bool:
    """Return whether the spec in a sidecar differs from its newest version."""
    return sidecar.spec_sha256 != sidecar.history[-1].spec_sha256


def keeps_edits(sidecar: Sidecar) -> bool:
    """Return whether the DAG file contained edits by hand when it was written, in addition to the rendered spec."""
    return sidecar.rendered_sha256 not in (None, sidecar.dag_sha256)

"""Whether somebody edited a DAG file or its sidecar by hand since they were written."""

from __future__ import annotations

import hashlib

from airflow_provider_vai.model.sidecar import Sidecar


def dag_sha256(dag_file: str | bytes) -> str:
    """Return the digest of a DAG file, as sidecars keep it.

    :param dag_file: its bytes, or its text as it was read; bytes that are not UTF-8 are lone surrogates in it.
    """
    content = dag_file.encode("utf-8", "surrogateescape") if isinstance(dag_file, str) else dag_file
    return hashlib.sha256(content).hexdigest()


def is_dag_file_edited(sidecar: Sidecar, dag_file: str | bytes) -> bool:
    """Return whether a DAG file is another one than was written with its sidecar."""
    return dag_sha256(dag_file) != sidecar.dag_sha256


def is_spec_edited(sidecar: Sidecar) -> bool:
    """Return whether the spec in a sidecar is another one than its newest version."""
    return sidecar.spec_sha256 != sidecar.history[-1].spec_sha256


def keeps_edits(sidecar: Sidecar) -> bool:
    """Return whether the DAG file was written with edits by hand in it, beside what the spec renders."""
    return sidecar.rendered_sha256 not in (None, sidecar.dag_sha256)

"""Detects edits by hand in a DAG file or its sidecar since they were written."""

from __future__ import annotations

import hashlib

from airflow_provider_vai.model.sidecar import Sidecar

CRLF, LF = b"\r\n", b"\n"


def dag_sha256(dag_file: str | bytes) -> str:
    """Return the SHA-256 of a DAG file in hex, as in its sidecar. Line endings do not count.

    :param dag_file: The file's bytes, or its text decoded with ``surrogateescape``.
    """
    content = dag_file.encode("utf-8", "surrogateescape") if isinstance(dag_file, str) else dag_file
    return hashlib.sha256(content.replace(CRLF, LF)).hexdigest()


def dag_text(content: bytes) -> str:
    """Return the text of a DAG file, with ``\\n`` at the end of each line: Git may check it out with others."""
    return content.replace(CRLF, LF).decode("utf-8", "surrogateescape")


def dag_bytes(text: str, before: bytes | None) -> bytes:
    """Return the bytes of a DAG file that is written again.

    :param text: Its text, with ``\\n`` at the end of each line.
    :param before: The file so far, whose line endings are kept; ``None``: there is none.
    """
    content = text.encode("utf-8", "surrogateescape")
    return content.replace(LF, CRLF) if before is not None and CRLF in before else content


def is_dag_file_edited(sidecar: Sidecar, dag_file: str | bytes) -> bool:
    """Return whether a DAG file differs from the one that was written with its sidecar."""
    return dag_sha256(dag_file) != sidecar.dag_sha256


def is_spec_edited(sidecar: Sidecar) -> bool:
    """Return whether the spec in a sidecar differs from its newest version."""
    return sidecar.spec_sha256 != sidecar.history[-1].spec_sha256


def keeps_edits(sidecar: Sidecar) -> bool:
    """Return whether the DAG file contained edits by hand when it was written, in addition to the rendered spec."""
    return sidecar.rendered_sha256 not in (None, sidecar.dag_sha256)

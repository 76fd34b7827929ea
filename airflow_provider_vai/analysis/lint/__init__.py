"""`vai lint`: finds problems in automations on disk: sidecars, their DAG files and specs written by hand.

No code in the checked files is imported or executed; DAG files are only parsed. A file that cannot be read does not
keep the other files from being checked. ``dev/docs/lint.md`` lists the checks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from airflow_provider_vai.analysis.lint.finding import Finding
from airflow_provider_vai.analysis.lint.folder import across
from airflow_provider_vai.analysis.lint.subjects import collected, files
from airflow_provider_vai.analysis.lint.table import CHECKS, found_in
from airflow_provider_vai.model.sidecar import SUFFIX

__all__ = ["CHECKS", "Finding", "checked_files", "lint", "sidecar_folders"]


def lint(paths: Iterable[Path], known_connections: Collection[str] | None = None) -> list[Finding]:
    """Check automations, and return the findings sorted by file, code and field.

    :param paths: Files or folders. In a folder, all sidecars, specs (``*.vai.yaml``, ``*.vai.yml``,
        ``*.vai-spec.json``) and DAG files are checked, except in hidden folders.
    :param known_connections: The ids of the existing connections; ``None``: not known, so no connection is reported as
        missing.
    """
    subjects, dag_files, findings = collected(paths)
    known = None if known_connections is None else frozenset(known_connections)
    for subject in subjects:
        findings += found_in(subject, known)
    findings += across(subjects, dag_files)
    return sorted(set(findings), key=lambda found: (found.file, found.code, found.field, found.problem))


def checked_files(paths: Iterable[Path]) -> list[Path]:
    """Return the existing files that :func:`lint` checks.

    :param paths: Files or folders, as for :func:`lint`.
    """
    return list(files(paths, []))


def sidecar_folders(paths: Iterable[Path]) -> set[Path]:
    """Return the folders of the sidecars that :func:`lint` checks.

    :param paths: Files or folders, as for :func:`lint`.
    """
    return {path.parent for path in files(paths, []) if path.name.endswith(SUFFIX)}

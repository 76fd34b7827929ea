"""`vai lint`: finds problems in automations on disk: sidecars, their DAG files and specs written by hand.

No code in the checked files is imported or executed; DAG files are only parsed. A file that cannot be read does not
keep the other files from being checked. ``dev/docs/lint.md`` lists the checks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from airflow_provider_vai.analysis.lint.dag_file import DagFile, parsed
from airflow_provider_vai.analysis.lint.finding import Finding
from airflow_provider_vai.analysis.lint.folder import across
from airflow_provider_vai.analysis.lint.stored import with_stored
from airflow_provider_vai.analysis.lint.subjects import NOT_PYTHON, Subject, collected, files
from airflow_provider_vai.analysis.lint.table import CHECKS, found_in
from airflow_provider_vai.model.sidecar import SUFFIX
from airflow_provider_vai.secrets import knowing

__all__ = ["CHECKS", "Finding", "checked_files", "lint", "lint_stored", "linted", "sidecar_folders"]


def lint(
    paths: Iterable[Path],
    known_connections: Collection[str] | None = None,
    *,
    progress: Callable[[Sequence[Any], str], Iterable[Any]] = lambda items, _: items,
) -> list[Finding]:
    """Check automations, and return the findings sorted by file, code and field.

    :param paths: Files or folders. In a folder, all sidecars, specs (``*.vai.yaml``, ``*.vai.yml``,
        ``*.vai-spec.json``) and DAG files are checked, except in hidden folders.
    :param known_connections: The ids of the existing connections; ``None``: not known, so no connection is reported as
        missing.
    :param progress: Gets the automations and what is done with them, and returns them one by one.
    """
    return linted(paths, known_connections, progress=progress)[0]


def linted(
    paths: Iterable[Path],
    known_connections: Collection[str] | None = None,
    *,
    progress: Callable[[Sequence[Any], str], Iterable[Any]] = lambda items, _: items,
) -> tuple[list[Finding], list[Subject]]:
    """Return the findings of :func:`lint`, and the automations that were read.

    :param paths: As for :func:`lint`.
    :param known_connections: As for :func:`lint`.
    :param progress: As for :func:`lint`.
    """
    known, paths = None if known_connections is None else frozenset(known_connections), list(paths)
    with knowing(()):  # a text is in the sidecar, in the DAG file and in each rule: it is looked through once
        subjects, dag_files, findings = collected(paths)
        for subject in progress(subjects, "checking"):
            findings += found_in(subject, known)
            subject.forget_rendered()
        findings += across(subjects, dag_files)
    read = {subject.path: subject.read for subject in subjects if subject.read is not None}
    return _sorted(with_stored(findings, paths, checked_files(paths), read)), subjects


def lint_stored(folder: Path, sidecar: str, dag_file: str | None) -> list[Finding]:
    """Check one automation that was read already, without looking at other files.

    :param folder: The folder of the automation, where modules of its functions may be.
    :param sidecar: The text of its sidecar, with the newest schema.
    :param dag_file: The text of its DAG file; ``None``: there is none.
    """
    data = json.loads(sidecar)
    subject = Subject(folder / (data["dag_id"] + SUFFIX), "sidecar", data)
    found = None if dag_file is None else parsed(subject.dag_path, dag_file.encode())
    findings = []
    if isinstance(found, DagFile):
        subject.dag = found
    elif found is not None:
        findings.append(Finding("error", str(subject.dag_path), "", found, "Correct or remove the file.", NOT_PYTHON))
    return _sorted([*findings, *found_in(subject, None)])


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


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(set(findings), key=lambda found: (found.file, found.code, found.field, found.problem))

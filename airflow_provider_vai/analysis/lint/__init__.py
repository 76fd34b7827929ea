"""lint: what is wrong, or likely to be, with automations on disk: sidecars, their DAG files, specs written by hand.

Nothing that is looked at is imported or executed; DAG files are read as syntax. One bad file never hides the others.
``dev/docs/lint.md`` lists the checks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from airflow_provider_vai.analysis.lint.finding import Finding
from airflow_provider_vai.analysis.lint.folder import across
from airflow_provider_vai.analysis.lint.subjects import collected
from airflow_provider_vai.analysis.lint.table import CHECKS, found_in

__all__ = ["CHECKS", "Finding", "lint"]


def lint(paths: Iterable[Path], known_connections: Collection[str] | None = None) -> list[Finding]:
    """Return what is wrong with automations.

    :param paths: files or folders. Of a folder all sidecars, specs (``*.vai.yaml``, ``*.vai.yml``,
        ``*.vai-spec.json``) and DAG files are looked at, hidden folders left out.
    :param known_connections: ids of the connections that exist; ``None``: not known, so none is missed.
    :return: the findings, by file, code and field; none: nothing was found.
    """
    subjects, dag_files, findings = collected(paths)
    known = None if known_connections is None else frozenset(known_connections)
    for subject in subjects:
        findings += found_in(subject, known)
    findings += across(subjects, dag_files)
    return sorted(set(findings), key=lambda it: (it.file, it.code, it.field, it.problem))

"""Checks across automations: unique DAG ids and webhook paths, secrets of their own, and no circle of starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_provider_vai.analysis.lint.dag_file import DagFile
from airflow_provider_vai.analysis.lint.finding import Finding
from airflow_provider_vai.analysis.lint.loops import loops
from airflow_provider_vai.analysis.lint.raw import text_of
from airflow_provider_vai.analysis.lint.subjects import Subject
from airflow_provider_vai.authoring.specs.places import dotted
from airflow_provider_vai.languages.printable import shown

SAME_DAG_ID = "VAI701"
SAME_PATH = "VAI702"
SHARED_SECRET = "VAI703"  # noqa: S105 - a code


def across(subjects: Sequence[Subject], dag_files: Sequence[DagFile]) -> Iterator[Finding]:
    """Yield a finding for each DAG id, webhook path or webhook secret used twice, and for each circle of starts.

    :param subjects: All automations that were found.
    :param dag_files: All DAG files that were found, including those of the sidecars.
    """
    yield from _dag_ids(subjects, dag_files)
    yield from _webhooks(subjects)
    yield from _secrets(subjects)
    yield from loops(subjects)


def _dag_ids(subjects: Sequence[Subject], dag_files: Sequence[DagFile]) -> Iterator[Finding]:
    """A sidecar, its DAG file and the spec that they were rendered from may have the same DAG id."""
    for form in ("sidecar", "spec"):
        first: dict[str, str] = {}
        for subject in subjects:
            if subject.form != form or subject.dag_id is None:
                continue
            file = str(subject.path)
            if subject.dag_id in first:
                yield _same_dag_id(file, "dag_id", subject.dag_id, first[subject.dag_id])
            first.setdefault(subject.dag_id, file)
    owned = {subject.dag_path for subject in subjects if subject.form == "sidecar"}
    taken = {subject.dag_id: str(subject.path) for subject in reversed(subjects) if subject.dag_id is not None}
    for dag_file in dag_files:
        if dag_file.path in owned:
            continue
        for dag_id in dag_file.dag_ids:
            if dag_id in taken:
                yield _same_dag_id(str(dag_file.path), "", dag_id, taken[dag_id])
            taken.setdefault(dag_id, str(dag_file.path))


def _same_dag_id(file: str, field: str, dag_id: str, other: str) -> Finding:
    problem = f"the DAG id {shown(dag_id)} is already used by {other}: Airflow would show only one of the two DAGs"
    return Finding("error", file, field, problem, "Rename one of them.", SAME_DAG_ID)


def _webhooks(subjects: Sequence[Subject]) -> Iterator[Finding]:
    first: dict[str, Subject] = {}
    for subject in subjects:
        for index, trigger in subject.of_type("webhook"):
            path = text_of(trigger.get("path"))
            if path is None:
                continue
            other = first.setdefault(path, subject)
            if other is subject and path not in _paths(subject, index):
                continue
            if other is not subject and _are_one(other, subject):
                continue
            problem = f"the webhook path {shown(path)} is already used by {other.path}"
            place = dotted(["triggers", index, "path"])
            yield Finding("error", str(subject.path), place, problem, "Give each webhook a path of its own.", SAME_PATH)


def _secrets(subjects: Sequence[Subject]) -> Iterator[Finding]:
    """A webhook's secret is the password of its connection."""
    first: dict[str, tuple[Subject, int]] = {}
    for subject in subjects:
        for index, trigger in subject.of_type("webhook"):
            conn_id = text_of(trigger.get("conn_id"))
            if conn_id is None:
                continue
            other, position = first.setdefault(conn_id, (subject, index))
            if (other is subject and position == index) or (other is not subject and _are_one(other, subject)):
                continue
            whose = "another webhook of this automation" if other is subject else f"a webhook of {other.path}"
            problem = (
                f"the connection {shown(conn_id)} is already used by {whose}: signatures do not cover the path, so a"
                " delivery to one of the two webhooks can be sent to the other"
            )
            remedy = "Create a connection with a secret of its own for each webhook."
            yield Finding(
                "warning", str(subject.path), dotted(["triggers", index, "conn_id"]), problem, remedy, SHARED_SECRET
            )


def _are_one(subject: Subject, other: Subject) -> bool:
    """Return whether the two are a spec and the sidecar that was rendered from it."""
    return subject.dag_id == other.dag_id and subject.form != other.form


def _paths(subject: Subject, before: int) -> list[str | None]:
    return [text_of(trigger.get("path")) for index, trigger in subject.of_type("webhook") if index < before]

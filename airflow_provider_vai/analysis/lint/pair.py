"""Checks of a sidecar together with its DAG file: whether rendering the spec gives that file."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_vai.analysis.lint.dag_file import DagFile, parsed
from airflow_provider_vai.analysis.lint.finding import CheckResult
from airflow_provider_vai.analysis.lint.raw import text_of
from airflow_provider_vai.analysis.lint.subjects import Subject
from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.languages.printable import shown
from airflow_provider_vai.store.edits import dag_sha256


def wrong_name(subject: Subject) -> Iterator[CheckResult]:
    """A sidecar is not named after its DAG id."""
    if subject.form == "sidecar" and subject.dag_id is not None and subject.dag_path.name != f"{subject.dag_id}.py":
        problem = f"the DAG id is {shown(subject.dag_id)}, but the file is not named after it"
        yield CheckResult(
            "dag_id", problem, "Rename the sidecar and the DAG file, or correct the DAG id and run `vai render`."
        )


def missing_file(subject: Subject) -> Iterator[CheckResult]:
    """A sidecar has no DAG file."""
    if subject.form == "sidecar" and subject.dag is None and not subject.dag_path.exists():
        yield CheckResult("", f"there is no DAG file {subject.dag_path.name}", f"Run `vai render {subject.path}`.")


def edited_file(subject: Subject) -> Iterator[CheckResult]:
    """The DAG file was edited by hand."""
    digest = text_of(subject.data.get("dag_sha256"))
    if subject.dag and digest is not None and subject.dag.sha256 != digest:
        problem = f"{subject.dag_path.name} was edited by hand after it was rendered"
        remedy = (
            f"Run `vai render {subject.path}` to record the edit as a version; with --force, the edit is discarded."
        )
        yield CheckResult("dag_sha256", problem, remedy)


def not_rendered(subject: Subject) -> Iterator[CheckResult]:
    """Rendering the spec gives another DAG file."""
    digest = text_of(subject.data.get("rendered_sha256")) or text_of(subject.data.get("dag_sha256"))
    made = subject.rendered
    if made is None or subject.dag is None:
        return
    remedy = f"Run `vai render {subject.path}`."
    if isinstance(made, VaiError):
        yield CheckResult(made.where, f"the spec cannot be rendered: {made.problem}", made.remedy or remedy)
    elif not subject.is_older and dag_sha256(made) != digest:  # an older release may have rendered it differently
        yield CheckResult("", f"{subject.dag_path.name} differs from what the spec renders", remedy)


def other_tasks(subject: Subject) -> Iterator[CheckResult]:
    """The DAG file has other tasks than the spec."""
    made = subject.rendered
    if not isinstance(made, str) or subject.dag is None or dag_sha256(made) == subject.dag.sha256:
        return
    expected = parsed(subject.path, made.encode())
    if not isinstance(expected, DagFile) or expected.task_ids == subject.dag.task_ids:
        return
    more, fewer = sorted(subject.dag.task_ids - expected.task_ids), sorted(expected.task_ids - subject.dag.task_ids)
    parts = [
        f"{subject.dag_path.name} has {what} {', '.join(map(shown, names[:5]))}"
        for names, what in ((more, "task(s) that are not in the spec:"), (fewer, "no task for:"))
        if names
    ]
    yield CheckResult(
        "steps",
        "; ".join(parts),
        f"Check the edit with `vai diff {subject.path}`: the spec and its gates do not cover these tasks.",
    )

"""`vai verify`: checks whether a DAG is still what was rendered and reviewed, without running it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from airflow_provider_vai.languages.python_function import source_sha256
from airflow_provider_vai.model.sidecar import SUFFIX, Sidecar
from airflow_provider_vai.store.edits import is_dag_file_edited, is_spec_edited
from airflow_provider_vai.store.sidecar_files import read_sidecar


@dataclass(frozen=True)
class FileDifference:
    """One difference between a DAG and its sidecar.

    :param where: The file or the step.
    :param problem: What differs.
    :param remedy: What to do about it.
    """

    where: str
    problem: str
    remedy: str


def sidecar_path(dag: Path) -> Path:
    """Return the path of the sidecar of a DAG file; the path of a sidecar is returned as it is."""
    return dag if dag.name.endswith(SUFFIX) else dag.with_name(dag.stem + SUFFIX)


def verify(path: Path, python_path: Sequence[str]) -> list[FileDifference]:
    """Compare a DAG file and its spec with what was rendered and reviewed; nothing is run.

    :param path: The path of the DAG file or its sidecar.
    :param python_path: Folders in which to search for the functions of ``python_tool`` steps, before ``sys.path``.
    :return: The differences: a DAG file that is missing or was edited by hand, a spec that was edited but not rendered,
        and functions that are missing or have changed since they were reviewed.
    :raises SpecError: if the sidecar cannot be read.
    """
    sidecar = read_sidecar(sidecar_path(path))
    return [*_files(sidecar, sidecar_path(path)), *_functions(sidecar, [*python_path, *sys.path])]


def _files(sidecar: Sidecar, path: Path) -> Iterator[FileDifference]:
    dag = path.with_name(f"{sidecar.dag_id}.py")
    if not dag.is_file():
        yield FileDifference(str(dag), "there is no DAG file", f"Run `vai render {path}`.")
    elif is_dag_file_edited(sidecar, dag.read_bytes()):
        yield FileDifference(
            str(dag), "the DAG file was edited by hand", "Review the edit; `vai render --force` discards it."
        )
    if is_spec_edited(sidecar):
        yield FileDifference(str(path), "the spec was edited but not rendered", f"Run `vai render {path}`.")


def _functions(sidecar: Sidecar, folders: Sequence[str]) -> Iterator[FileDifference]:
    for step in sidecar.steps:
        reviewed = step.arguments.get("source_sha256")
        if step.kind != "python_tool" or reviewed is None:
            continue
        function = str(step.arguments["python_callable"].value)
        found = source_sha256(function, folders)
        if found is None:
            yield FileDifference(
                f"step {step.key}", f"the source of {function} was not found", "Install its package here."
            )
        elif found != reviewed.value:
            yield FileDifference(
                f"step {step.key}",
                f"{function} changed since it was reviewed: the digest of its source is {found}, not {reviewed.value}",
                "Review it, write the new digest to `source_sha256` in the sidecar, and run `vai render`.",
            )

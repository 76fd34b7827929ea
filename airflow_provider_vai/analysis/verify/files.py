"""verify: whether what a DAG would run is still what was rendered and reviewed."""

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
    """One difference: where it is, what differs, and what to do about it."""

    where: str
    problem: str
    remedy: str


def sidecar_path(dag: Path) -> Path:
    """Return the sidecar of a DAG file; a sidecar is its own."""
    return dag if dag.name.endswith(SUFFIX) else dag.with_name(dag.stem + SUFFIX)


def verify(path: Path, python_path: Sequence[str]) -> list[FileDifference]:
    """Compare a DAG with its record; nothing is run.

    :param path: the DAG file or its sidecar.
    :param python_path: folders in which the functions of ``python_tool`` steps are looked for, before ``sys.path``.
    :return: what differs: a file edited by hand, a spec that was changed and not rendered, a function that is another
        one than was reviewed. Empty: nothing does.
    :raises SpecError: the sidecar cannot be read.
    """
    sidecar = read_sidecar(sidecar_path(path))
    return [*_files(sidecar, sidecar_path(path)), *_functions(sidecar, [*python_path, *sys.path])]


def _files(sidecar: Sidecar, path: Path) -> Iterator[FileDifference]:
    dag = path.with_name(f"{sidecar.dag_id}.py")
    if not dag.is_file():
        yield FileDifference(str(dag), "there is no DAG file", f"Run `vai render {path}`.")
    elif is_dag_file_edited(sidecar, dag.read_bytes()):
        yield FileDifference(
            str(dag), "the DAG file was edited by hand", "Review the edit; `vai render --force` undoes it."
        )
    if is_spec_edited(sidecar):
        yield FileDifference(str(path), "the spec was edited and not rendered", f"Run `vai render {path}`.")


def _functions(sidecar: Sidecar, folders: Sequence[str]) -> Iterator[FileDifference]:
    for step in sidecar.steps:
        reviewed = step.arguments.get("source_sha256")
        if step.kind != "python_tool" or reviewed is None:
            continue
        function = str(step.arguments["python_callable"].value)
        found = source_sha256(function, folders)
        if found is None:
            yield FileDifference(
                f"step {step.key}", f"the source of {function} is not found", "Install its package here."
            )
        elif found != reviewed.value:
            yield FileDifference(
                f"step {step.key}",
                f"{function} changed since it was reviewed: its source is {found}, and was {reviewed.value}",
                "Review it, write the new digest into the sidecar's source_sha256, and run `vai render`.",
            )

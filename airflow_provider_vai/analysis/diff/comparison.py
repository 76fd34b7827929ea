"""Reads the two sides that `vai diff` compares, and compares them.

A side is a sidecar, a DAG file, a spec, a version in the log, or what was rendered last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from typing_extensions import TypedDict

from airflow_provider_vai.analysis.diff.spec_diff import Change, ChangeData, diff, text_diff
from airflow_provider_vai.analysis.verify.files import sidecar_path
from airflow_provider_vai.exceptions import SpecError
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.sidecar import SUFFIX
from airflow_provider_vai.store.sidecar_files import read_sidecar
from airflow_provider_vai.store.state import AutomationState
from airflow_provider_vai.store.versions import Entry, VersionLog

VERSION = re.compile(r"^(?P<path>.+)@(?P<number>[1-9][0-9]{0,8})$")


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    :param name: Its name in the output.
    :param automation: The spec; ``None``: this side has no spec.
    :param text: The text of the DAG file; ``None``: this side has no DAG file.
    """

    name: str
    automation: Automation | None
    text: str | None


class ComparisonData(TypedDict):
    """The differences between two sides.

    :param a: The name of the first side.
    :param b: The name of the second side.
    :param spec: The changes in the spec.
    :param dag: The unified diff of the DAG files; null: they are equal or were not compared.
    :param notes: Sentences about what was not compared.
    """

    a: str
    b: str
    spec: list[ChangeData]
    dag: str | None
    notes: list[str]


@dataclass(frozen=True)
class Comparison:
    """The differences between two sides.

    :param names: The names of the sides.
    :param changes: The changes in the spec.
    :param text: The unified diff of the DAG files; empty: they are equal or were not compared.
    :param notes: Sentences about what was not compared.
    """

    names: tuple[str, str]
    changes: list[Change]
    text: str
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> ComparisonData:
        """Return the comparison as JSON data."""
        return {
            "a": self.names[0],
            "b": self.names[1],
            "spec": [change.as_json() for change in self.changes],
            "dag": self.text or None,
            "notes": self.notes,
        }


def compared(a: str, b: str) -> Comparison:
    """Compare two sides.

    :param a: The path of a sidecar, DAG file or spec; or ``DAG@3`` for version 3 of the automation.
    :param b: The other side, in the same form.
    :raises SpecError: if a side cannot be read, or one side is only a spec and the other only a DAG file.
    """
    return _compared(_side(a), _side(b))


def compared_versions(a: Entry, b: Entry) -> Comparison:
    """Compare two versions in the log of an automation."""
    return _compared(*(_of_entry(f"version {entry.sidecar.version}", entry) for entry in (a, b)))


def _compared(one: Side, other: Side) -> Comparison:
    notes, changes, text = [], [], ""
    if one.automation and other.automation:
        changes = diff(one.automation, other.automation)
    if one.text is not None and other.text is not None:
        text = text_diff(one.text, other.text, (one.name, other.name))
    elif not (one.automation and other.automation):
        raise SpecError(
            f"{one.name} and {other.name} cannot be compared: one is only a spec, the other only a DAG file",
            where="vai diff",
            remedy="Render the spec first, or name a sidecar.",
        )
    else:
        notes.append(f"the DAG files were not compared: {one.name if one.text is None else other.name} has none")
    if (one.automation is None) != (other.automation is None):
        notes.append(f"the specs were not compared: {one.name if one.automation is None else other.name} has none")
    return Comparison((one.name, other.name), changes, text, notes)


def unsaved_edits(state: AutomationState) -> Comparison:
    """Compare the newest version of an automation with its files as they are now.

    :param state: the automation's state.
    """
    newest = state.newest_version
    changes = diff(state.sidecar.automation, state.found.automation) if state.sidecar and state.found else []
    names = (f"version {newest.sidecar.version}" if newest else "no version", f"{state.dag.name} as it is now")
    text = text_diff((newest.dag_file if newest else None) or "", state.dag_file or "", names)
    notes = [] if state.found else ["the sidecar is missing"]
    return Comparison(
        names, changes, text, notes if state.dag_file is not None else [*notes, "the DAG file is missing"]
    )


def edited_since(a: str) -> Comparison:
    """Compare a sidecar and its DAG file with how they were last written.

    :param a: The path of the sidecar or the DAG file.
    :raises SpecError: if the sidecar cannot be read.
    """
    from airflow_provider_vai.store.state import read_state

    path = sidecar_path(Path(a))
    _check_exists(path)
    state = read_state(path.parent, path.name.removesuffix(SUFFIX))
    written = (f"{path.name} as it was written", str(path))
    notes, changes, text = [], [], ""
    if state.sidecar and state.found:
        changes = diff(state.sidecar.automation, state.found.automation)
    if state.rendered is None:
        notes.append("the DAG file was not compared: what was rendered last is not known")
    elif state.dag_file is None:
        notes.append(f"there is no DAG file; `vai render {path}` writes it")
    else:
        text = text_diff(state.rendered, state.dag_file, (f"{state.dag.name} as it was rendered", str(state.dag)))
    return Comparison(written, changes, text, notes)


def _side(name: str) -> Side:
    version = VERSION.match(name)
    if version and not Path(name).exists():
        return _version(name, Path(version["path"]), int(version["number"]))
    path = Path(name)
    _check_exists(path)
    if path.name.endswith(SUFFIX):
        dag = path.with_name(path.name.removesuffix(SUFFIX) + ".py")
        return Side(name, read_sidecar(path).automation, _text(dag) if dag.is_file() else None)
    if path.suffix == ".py":
        sidecar = sidecar_path(path)
        return Side(name, read_sidecar(sidecar).automation if sidecar.is_file() else None, _text(path))
    from airflow_provider_vai.authoring.specs.file import read_spec

    return Side(name, read_spec(path), None)


def _version(name: str, path: Path, number: int) -> Side:
    """Return a version in the log as a side; ``path`` is the DAG file or its sidecar, with or without the suffix."""
    dag_id = path.name.removesuffix(SUFFIX).removesuffix(".py")
    entry = VersionLog(path.parent, dag_id).version(number)
    return _of_entry(name, entry)


def _of_entry(name: str, entry: Entry) -> Side:
    return Side(name, entry.sidecar.automation, entry.rendered if entry.dag_file is None else entry.dag_file)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise SpecError(error.strerror or str(error), where=str(path), remedy="Give a file that can be read.") from None


def _check_exists(path: Path) -> None:
    if not path.is_file():
        raise SpecError(
            "there is no such file",
            where=str(path),
            remedy="Give a sidecar (.vai.json), a DAG file, a spec, or a version (DAG@3).",
        )

"""What the automations in a folder need where they run: extras, connections, and functions and classes to import."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from airflow_provider_vai import __version__
from airflow_provider_vai.analysis.doctor.diagnosis import Diagnosis
from airflow_provider_vai.analysis.lint import checked_files
from airflow_provider_vai.analysis.lint.installed import PACKAGE, extras_of, function_of, missing_of
from airflow_provider_vai.analysis.lint.raw import list_of, object_of, text_of, texts_of
from airflow_provider_vai.analysis.lint.stored import with_stored
from airflow_provider_vai.analysis.lint.subjects import Subject, collected
from airflow_provider_vai.languages.version_numbers import numbers
from airflow_provider_vai.model.automation import Automation, Step

NOT_OF_USERS = ("all", "airflow")
"""Extras that no automation asks for by itself."""

SHOWN = 3
"""How many DAG ids a message names."""


@dataclass
class Needs:
    """What several automations need together.

    :param extras: Extra of this package -> the DAG ids that need it.
    :param connections: Connection id -> the DAG ids that need it.
    :param names: Dotted name of a function or class (``package.module:function``) -> the DAG ids that name it.
    :param dag_files: DAG id -> the absolute path of its DAG file.
    :param diagnoses: What was found while the files were read.
    """

    extras: dict[str, list[str]] = field(default_factory=dict)
    connections: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    dag_files: dict[str, str] = field(default_factory=dict)
    diagnoses: list[Diagnosis] = field(default_factory=list)


def of_folder(folder: Path | None) -> Needs:
    """Return what the automations in a folder need.

    :param folder: The folder of DAG files and sidecars; ``None``: it is on an object store, whose automations are not
        read.
    """
    needed = Needs()
    if folder is None or not folder.is_dir():
        return needed
    subjects, _, findings = collected([folder])
    for finding in with_stored(findings, [folder], checked_files([folder])):
        needed.diagnoses.append(Diagnosis("DOC701", "warning", finding.file, finding.problem, finding.suggestion))
    for subject in subjects:
        if subject.form == "sidecar" and subject.dag_id:
            _add(needed, subject, subject.dag_id)
    return needed


def of_paths(paths: Iterable[Path]) -> Needs:
    """Return what the automations need that these files and folders contain, specs included. DAG files are not read.

    :param paths: Files or folders, as for ``vai lint``.
    """
    return of_subjects(collected(paths, with_dag_files=False)[0])


def of_subjects(subjects: Iterable[Subject]) -> Needs:
    """Return what automations need that were read already.

    :param subjects: The automations.
    """
    needed = Needs()
    for subject in subjects:
        _add(needed, subject, subject.dag_id or subject.path.name)
    return needed


def of_automation(automation: Automation) -> Needs:
    """Return what one automation needs.

    :param automation: The automation.
    """
    needed = Needs()
    data = {
        "steps": [_raw(step) for step in automation.steps],
        "connections": automation.connections,
        "notifications": [{"notifier": notification.notifier} for notification in automation.notifications],
    }
    subject = Subject(Path(automation.dag_id), "spec", data)
    _add(needed, subject, automation.dag_id)
    return needed


def _raw(step: Step) -> dict[str, Any]:
    """Return what a step's needs depend on, as in a document. Writing the whole step would take much longer."""
    arguments = {name: {"class": one.class_, "value": one.value} for name, one in step.arguments.items()}
    return {"kind": step.kind, "arguments": arguments}


def extras(needed: Needs) -> Iterator[Diagnosis]:
    """Yield a diagnosis for each extra of this package.

    :param needed: What the automations need.
    """
    for extra in _declared():
        missing, users = missing_of(extra), needed.extras.get(extra, [])
        subject, remedy = f"extra {extra}", f"Run pip install '{PACKAGE}[{extra}]' where the DAGs run."
        if not missing:
            yield Diagnosis("DOC301", "ok", subject, "installed" + (f"; needed by {few(users)}" if users else ""))
        elif users:
            message = f"{', '.join(missing)} not installed; needed by {few(users)}"
            yield Diagnosis("DOC301", "error", subject, message, remedy)
        else:
            message = f"{', '.join(missing)} not installed; no automation here needs it"
            yield Diagnosis("DOC301", "note", subject, message, remedy)


def _add(needed: Needs, subject: Subject, dag_id: str) -> None:
    for step in subject.steps:
        for extra in extras_of(step):
            _note(needed.extras, extra, dag_id)
        if found := function_of(step):
            _note(needed.names, found[1], dag_id)
    for conn_id in texts_of(subject.data.get("connections")):
        _note(needed.connections, conn_id, dag_id)
    for notification in list_of(subject.data.get("notifications")):
        if name := text_of(object_of(notification).get("notifier")):
            _note(needed.names, name, dag_id)
    if subject.dag is not None:
        needed.dag_files[dag_id] = str(subject.dag_path.resolve())
    written_by = text_of(object_of(subject.data.get("generator")).get("version")) or ""
    if numbers(written_by) > numbers(__version__):
        message = f"written by version {written_by}, and {__version__} is installed"
        remedy = f"Run pip install --upgrade {PACKAGE}."
        needed.diagnoses.append(Diagnosis("DOC104", "warning", f"automation {dag_id}", message, remedy))


def few(dag_ids: list[str]) -> str:
    """Return the first DAG ids for a message.

    :param dag_ids: All of them.
    """
    more = len(dag_ids) - SHOWN
    return ", ".join(dag_ids[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _note(place: dict[str, list[str]], name: str, dag_id: str) -> None:
    users = place.setdefault(name, [])
    if dag_id not in users:
        users.append(dag_id)


def _declared() -> list[str]:
    try:
        names = metadata(PACKAGE).get_all("Provides-Extra") or []
    except PackageNotFoundError:
        return []
    return sorted(name for name in names if name not in NOT_OF_USERS)

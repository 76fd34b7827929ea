"""Finds what is damaged or unfinished among the files of an automation: its sidecar, its log, and its mark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from airflow_provider_vai import __version__
from airflow_provider_vai.exceptions import VaiError
from airflow_provider_vai.languages.identifiers import folder_name
from airflow_provider_vai.languages.version_numbers import numbers
from airflow_provider_vai.model.sidecar import SCHEMA_VERSION, SUFFIX, Sidecar, parse_sidecar
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.versions import FOLDER, Entry, Known, VersionLog

SET_ASIDE = ".damaged"
"""The ending that `vai repair` gives to a file that it replaces."""


@dataclass(frozen=True)
class Damage:
    """Something that is wrong with a file of an automation.

    :param path: The file.
    :param kind: ``entry``: an entry of the log cannot be read; ``gap``: one is missing; ``sidecar``: the sidecar cannot
        be read, or is missing; ``unfinished``: a writer was interrupted.
    :param problem: What is wrong.
    :param number: The number of the entry.
    """

    path: AnyPath
    kind: Literal["entry", "gap", "sidecar", "unfinished"]
    problem: str
    number: int = 0


def damages(folder: AnyPath, dag_id: str, known: Known | None = None) -> list[Damage]:
    """Return what is wrong with the files of an automation. Nothing is written.

    :param folder: The folder of the DAG file and sidecar.
    :param dag_id: The automation's DAG id.
    :param known: The sidecar, if it was read. What has the same data is not validated again.
    """
    log = VersionLog(folder, dag_id, known)
    found, newest = _in_log(log)
    path = folder / (dag_id + SUFFIX)
    try:
        content = shared_files.read(path)
        sidecar = None if content is None else parse_sidecar(content, str(path), known)
    except VaiError as error:
        return found if _is_newer(path) else [*found, Damage(path, "sidecar", error.problem)]
    if newest is None:
        return found
    wanted = None if newest.change == "deleted" else newest.sidecar
    if _is_unfinished(log, newest, sidecar, wanted):
        found.append(Damage(path, "unfinished", f"a change was interrupted: {newest.summary} by {newest.by}"))
    elif wanted and content is None:
        found.append(Damage(path, "sidecar", "the sidecar is missing, and the automation was not deleted"))
    return found


def newer_files(folder: AnyPath, dag_id: str) -> list[AnyPath]:
    """Return the files of an automation that a newer version of this package wrote: its sidecar, entries of its log.

    :param folder: The folder of the DAG file and sidecar.
    :param dag_id: The automation's DAG id.
    """
    log = VersionLog(folder, dag_id)
    return [path for path in (folder / (dag_id + SUFFIX), *map(log.path, log.numbers())) if _is_newer(path)]


def logged_dag_ids(folder: AnyPath) -> Iterator[str]:
    """Yield the DAG id of each automation in a folder: those with a sidecar, then those with a log alone.

    :param folder: The folder of DAG files and sidecars.
    :raises PublishError: the folder cannot be read.
    """
    known = [name.removesuffix(SUFFIX) for name in shared_files.names(folder, SUFFIX)]
    yield from known
    logs = folder / FOLDER
    if logs.is_dir():
        of_known = set(map(folder_name, known))  # no log of an automation with a sidecar is read
        for log in sorted((log for log in logs.iterdir() if log.name not in of_known), key=str):
            entry = next(_readable(log), None)
            if entry is not None and entry.sidecar.dag_id not in known and entry.change != "deleted":
                yield entry.sidecar.dag_id


def _readable(log: AnyPath) -> Iterator[Entry]:
    """Yield the entries that can be read, newest first."""
    opened = VersionLog(log.parent.parent, "")
    opened.folder = log
    for number in opened.numbers():
        try:
            yield opened.entry(number)
        except VaiError:
            continue


def _in_log(log: VersionLog) -> tuple[list[Damage], Entry | None]:
    """Return what is wrong with the entries, and the newest one if it can be read."""
    found: list[Damage] = []
    newest: Entry | None = None
    numbers = log.numbers()
    for number in numbers:
        try:
            entry = log.entry(number)
        except VaiError as error:
            if not _is_newer(log.path(number)):
                found.append(Damage(log.path(number), "entry", error.problem, number))
        else:
            newest = entry if number == numbers[0] else newest
    known = {*numbers, *log.set_aside(SET_ASIDE)}
    gaps = [number for number in range(1, max(known, default=0)) if number not in known]
    found += [Damage(log.path(number), "gap", "the entry is missing", number) for number in gaps]
    return found, newest


def _is_unfinished(log: VersionLog, newest: Entry, found: Sidecar | None, wanted: Sidecar | None) -> bool:
    if log.marked(newest.number) is None:
        return False
    return (found and found.entry) != (wanted and wanted.entry)


def _is_newer(path: AnyPath) -> bool:
    """Return whether a newer version of this package wrote a file, which is no damage."""
    try:
        document = json.loads(shared_files.read(path) or b"")
    except (VaiError, ValueError, RecursionError):
        return False
    written = _object(_object(document).get("sidecar")) or _object(document)
    schema, generator = written.get("schema_version"), _object(written.get("generator")).get("version")
    is_newer = isinstance(generator, str) and numbers(generator) > numbers(__version__)
    return is_newer or (isinstance(schema, int) and schema > SCHEMA_VERSION)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}

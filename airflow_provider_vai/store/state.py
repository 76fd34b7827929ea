"""The stored state of an automation: the newest entry of its log, its DAG file and its sidecar.

A killed writer leaves a mark, and possibly an entry that is not yet in the two files. The next writer finishes its
work. Without a mark, files that differ from the newest entry were edited by a person, and their edits are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.model.sidecar import SUFFIX, Sidecar, parse_sidecar, sidecar_text
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.edits import dag_bytes, dag_text, is_dag_file_edited, is_spec_edited
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.versions import Entry, VersionLog


@dataclass(frozen=True)
class AutomationState:
    """The state of one automation.

    :param log: Its log.
    :param dag: The path of the DAG file.
    :param path: The path of the sidecar.
    :param newest: The newest log entry; ``None``: there is no log.
    :param sidecar: The sidecar as last written; ``None``: there is none, or the automation was deleted.
    :param found: The sidecar as it is on disk now; ``None``: there is no such file.
    :param dag_file: The text of the DAG file now; ``None``: there is no such file.
    :param rendered: The text that was rendered last, without edits by hand; ``None``: unknown.
    :param number: The number of the newest log entry; 0 without a log.
    :param version: The newest version so far; 0 if there is none.
    """

    log: VersionLog
    dag: AnyPath
    path: AnyPath
    newest: Entry | None
    sidecar: Sidecar | None
    found: Sidecar | None
    dag_file: str | None
    rendered: str | None
    number: int
    version: int

    @property
    def is_spec_edited(self) -> bool:
        """Whether somebody edited the sidecar since it was written."""
        return self.sidecar is not None and self.found is not None and self.found != self.sidecar

    @cached_property
    def newest_version(self) -> Entry | None:
        """The newest log entry with a DAG file; not one that another writer added after the state was read."""
        return _newest_version(self.log, self.number)

    @property
    def is_dag_file_edited(self) -> bool:
        """Whether the DAG file is missing or differs from the newest version."""
        return self.newest_version is not None and self.dag_file != self.newest_version.dag_file

    @property
    def is_edited(self) -> bool:
        """Whether the DAG file or the sidecar has an edit by hand that no version contains."""
        return self.is_spec_edited or self.is_dag_file_edited


def read_state(folder: AnyPath, dag_id: str) -> AutomationState:
    """Return the state of an automation, without writing anything.

    :raises SpecError: a log entry or the sidecar is damaged.
    :raises PublishError: a file cannot be read from the storage.
    """
    log = VersionLog(folder, dag_id)
    dag, path = folder / f"{dag_id}.py", folder / (dag_id + SUFFIX)
    newest = log.newest()
    document = log.document(newest) if newest else None
    found = _read_sidecar(path, (document, newest.sidecar) if newest and document else None)
    content = shared_files.read(dag)
    dag_file = None if content is None else dag_text(content)
    if newest is None:
        version, rendered = (found.version, _rendered(found, dag_file)) if found else (0, None)
        return AutomationState(log, dag, path, None, found, found, dag_file, rendered, 0, version)
    sidecar = None if newest.change == "deleted" else newest.sidecar
    shown = _newest_version(log, newest.number) if sidecar else None
    rendered = shown.rendered if shown else None
    return AutomationState(
        log, dag, path, newest, sidecar, found, dag_file, rendered, newest.number, newest.sidecar.version
    )


def _newest_version(log: VersionLog, number: int) -> Entry | None:
    """Return the newest version among the entries up to a number."""
    return next((entry for entry in log.versions() if entry.number <= number), None)


def settled(folder: AnyPath, dag_id: str) -> AutomationState:
    """Return the state of an automation for a writer.

    First, the unfinished change of a killed writer is finished, and an automation written by a version without logs
    gets a log.

    :raises VaiError: see :func:`read_state`.
    """
    state = read_state(folder, dag_id)
    if state.newest and state.log.is_marked(state.number):
        show(state, state.newest)
        state.log.unmark()
    elif state.newest is None and state.found and state.rendered and not is_spec_edited(state.found):
        _adopt(state, state.found, state.rendered)
    else:
        return state
    return read_state(folder, dag_id)


def _adopt(state: AutomationState, found: Sidecar, rendered: str) -> None:
    made, sidecar = found.history[-1], found.model_copy(update={"entry": 1})
    log(
        state,
        Entry(
            number=1,
            change="version",
            at=made.at,
            by=made.by,
            summary=made.summary,
            sidecar=sidecar,
            rendered=rendered,
            dag_file=state.dag_file or rendered,
        ),
    )


def log(
    state: AutomationState,
    entry: Entry,
    carry_out: Callable[[], None] = lambda: None,
    spec: Mapping[str, Any] | None = None,
) -> None:
    """Write a log entry and update the DAG file and sidecar. If this fails, everything is restored.

    :param carry_out: Called after the entry is written and before the two files are, for further work of the change.
    :param spec: The spec of the entry's sidecar as JSON data, if the caller already has it.
    :raises Conflict: another writer was faster.
    """
    before = [(path, shared_files.read(path)) for path in (state.dag, state.path)]
    fields = entry.fields(spec)
    try:
        state.log.mark(entry.number)
        state.log.append(fields)
    except BaseException:
        state.log.unmark()
        raise
    try:
        carry_out()
        show(state, entry, fields["sidecar"])
    except BaseException:  # including KeyboardInterrupt
        for path, content in before:
            if content is None:
                shared_files.remove(path)
            elif shared_files.read(path) != content:
                shared_files.replace(path, content)
        state.log.take_back(entry)
        raise
    finally:
        state.log.unmark()


def show(state: AutomationState, entry: Entry, sidecar: Mapping[str, Any] | None = None) -> None:
    """Write the DAG file and the sidecar of an entry, or remove them if it is a deletion.

    The sidecar is written last, because it states the entry to which the two files belong.

    :param sidecar: The entry's sidecar as JSON data, if the caller already has it.
    """
    if entry.change == "deleted":
        shared_files.remove(state.dag)
        shared_files.remove(state.path)
        return
    if entry.change == "version":
        before = shared_files.read(state.dag)
        content = dag_bytes(entry.dag_file or "", before)
        if before != content:
            shared_files.replace(state.dag, content)
    text = sidecar_text(sidecar) if sidecar else entry.sidecar.text()
    shared_files.replace(state.path, text.encode("ascii"))


def _read_sidecar(path: AnyPath, known: tuple[Any, Sidecar] | None) -> Sidecar | None:
    content = shared_files.read(path)
    return None if content is None else parse_sidecar(content, str(path), known)


def _rendered(sidecar: Sidecar, dag_file: str | None) -> str | None:
    """Return the text that an automation without a log rendered last; ``None`` if it is unknown.

    That is its unedited DAG file, or its spec rendered again if the digest matches.
    """
    if dag_file is not None and not is_dag_file_edited(sidecar, dag_file):
        return dag_file
    try:
        again = render(sidecar.automation)
    except RenderError:
        return None
    return None if is_dag_file_edited(sidecar, again) else again

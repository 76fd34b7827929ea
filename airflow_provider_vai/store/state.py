"""The stored state of an automation: the newest entry of its log, its DAG file and its sidecar.

A killed writer leaves a mark, and possibly an entry that is not yet in the two files. The next writer finishes its
work. Without a mark, files that differ from the newest entry were edited by a person, and their edits are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from airflow_provider_vai.exceptions import Conflict, EditedByHand, PublishError, RenderError
from airflow_provider_vai.model.sidecar import SUFFIX, Sidecar, parse_sidecar, sidecar_text
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.edits import dag_bytes, dag_text, is_dag_file_edited, is_spec_edited
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.versions import Entry, Mark, VersionLog, digest


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


def state_stamp(folder: AnyPath, dag_id: str) -> Hashable:
    """Return a value that changes with every write of a file that :func:`read_state` reads.

    It takes one listing of the log, and no file is read.

    :param folder: The folder of the DAG file and sidecar.
    :param dag_id: The automation.
    :raises PublishError: the storage cannot be asked.
    """
    entries = shared_files.stamps(VersionLog(folder, dag_id).folder)
    pair = [shared_files.stamp(folder / f"{dag_id}{suffix}") for suffix in (".py", SUFFIX)]
    return (*entries.items(), *pair)


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
    mark = state.log.marked(state.number) if state.newest else None
    if state.newest and mark is not None:
        _finish(state, state.newest, mark)
    elif state.newest is None and state.found and state.rendered and not is_spec_edited(state.found):
        _adopt(state, state.found, state.rendered)
    else:
        return state
    return read_state(folder, dag_id)


def _finish(state: AutomationState, entry: Entry, mark: Mark) -> None:
    """Finish the change of a killed writer, unless it was finished except for the mark.

    :raises EditedByHand: somebody has edited one of the files since.
    """
    wanted = _contents(state, entry)
    found = {path: shared_files.read(path) for path in wanted}
    if not _is_alike(found[state.path], wanted[state.path]):  # the sidecar is written last
        for path, content in found.items():
            if content is None or _is_alike(content, wanted[path]) or mark.knows(content):
                continue
            raise EditedByHand(
                f"the file was edited by hand while a change was not finished: {entry.summary} by {entry.by}",
                where=str(path),
                remedy="Move the file away, run `vai repair`, which finishes the change, and make your edit again.",
            )
        _write(wanted)
    with suppress(PublishError):  # the files are complete, which the next writer sees
        state.log.unmark(entry.number)


def _is_alike(one: bytes | None, other: bytes | None) -> bool:
    return one == other or (one is not None and other is not None and digest(one) == digest(other))


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
    before = {path: shared_files.read(path) for path in (state.dag, state.path)}
    fields = entry.fields(spec)
    try:
        state.log.mark(entry.number, before.values())
        state.log.append(fields)
    except Conflict:  # the mark may be that of the faster writer
        raise
    except BaseException:
        with suppress(PublishError):  # it cannot be known whether the entry was written: the mark stays
            if not state.log.has(entry.number):
                state.log.unmark(entry.number)
        raise
    try:
        carry_out()
        _write(_contents(state, entry, fields["sidecar"]))
        _catch_up(state, entry.number)
    except BaseException:  # including KeyboardInterrupt
        _undo(state, entry, before)
        raise
    with suppress(PublishError):  # the files are complete, which the next writer sees
        state.log.unmark(entry.number)


def _undo(state: AutomationState, entry: Entry, before: Mapping[AnyPath, bytes | None]) -> None:
    """Restore the two files, and take the entry back.

    :raises PublishError: they cannot be restored. The mark stays, and the next writer finishes the change.
    """
    try:
        if _catch_up(state, entry.number):
            return
        _write(before)
        state.log.take_back(entry)
    except PublishError as error:
        raise PublishError(
            f"{error.problem}: a change has begun, and can be neither finished nor undone",
            where=error.where,
            remedy=f"{error.remedy} Then run `vai repair`: it finishes the change, as the next change does.",
        ) from error
    with suppress(PublishError):  # without the entry, it means nothing
        state.log.unmark(entry.number)


def _catch_up(state: AutomationState, number: int) -> bool:
    """Write the files of the newest entry if another writer has built on the one with this number.

    On an object store, nothing locks: another writer may take an unfinished change for that of a killed one, finish it,
    and make the next change, before this one writes its files over the newer ones.

    :return: whether there is a newer entry.
    """
    is_newer = False
    while state.log.has(number + 1):
        is_newer = True
        now = VersionLog(state.dag.parent, state.log.dag_id)
        newest = now.newest()
        version = next(now.versions(), None) if newest and newest.change != "deleted" else None
        if newest is None:
            break
        _write({**(_contents(state, version) if version else {}), **_contents(state, newest)})
        number = newest.number
    return is_newer


def _contents(
    state: AutomationState, entry: Entry, sidecar: Mapping[str, Any] | None = None
) -> dict[AnyPath, bytes | None]:
    """Return what a change makes of the DAG file and the sidecar; ``None``: the file is removed.

    The sidecar comes last, because it states the entry to which the two files belong.

    :param sidecar: The entry's sidecar as JSON data, if the caller already has it.
    """
    if entry.change == "deleted":
        return {state.dag: None, state.path: None}
    contents: dict[AnyPath, bytes | None] = {}
    if entry.change == "version":
        contents[state.dag] = dag_bytes(entry.dag_file or "", shared_files.read(state.dag))
    text = sidecar_text(sidecar) if sidecar else entry.sidecar.text()
    return {**contents, state.path: text.encode("ascii")}


def _write(contents: Mapping[AnyPath, bytes | None]) -> None:
    """Write or remove files, in order. A DAG file that would not change is not written."""
    for path, content in contents.items():
        if content is None:
            shared_files.remove(path)
    changed = {
        path: content
        for path, content in contents.items()
        if content is not None and shared_files.read(path) != content
    }
    shared_files.replace_all(changed)


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

"""What is there of an automation: the newest entry of its log, and the pair of files that shows it.

A writer that was killed leaves a mark and an entry that the pair does not show yet; the next writer finishes its work.
Without the mark a pair that differs from the newest entry was changed by a person, and is theirs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_vai.exceptions import RenderError
from airflow_provider_vai.model.sidecar import SUFFIX, Sidecar, parse_sidecar, sidecar_text
from airflow_provider_vai.renderer.render import render
from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.versions import Entry, VersionLog


@dataclass(frozen=True)
class AutomationState:
    """One automation.

    :param sidecar: as it was written last; ``None``: there is none, or it was deleted.
    :param found: the sidecar's file as it is now. :param dag_file: the DAG file's text now; ``None``: there is no such
        file.
    :param rendered: what was rendered last; ``None``: not known.
    :param number: of the newest entry, 0 without a log. :param version: the newest version ever, 0: none.
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


def read_state(folder: AnyPath, dag_id: str) -> AutomationState:
    """Return what is there; nothing is written.

    :raises SpecError: a file of it cannot be read.
    :raises PublishError: the storage refuses.
    """
    log = VersionLog(folder, dag_id)
    dag, path = folder / f"{dag_id}.py", folder / (dag_id + SUFFIX)
    newest = log.newest()
    found = _read_sidecar(path)
    content = shared_files.read(dag)
    dag_file = None if content is None else content.decode("utf-8", "surrogateescape")
    if newest is None:
        version, rendered = (found.version, _rendered(found, dag_file)) if found else (0, None)
        return AutomationState(log, dag, path, None, found, found, dag_file, rendered, 0, version)
    sidecar = None if newest.change == "deleted" else newest.sidecar
    rendered = next(log.versions()).rendered if sidecar else None
    return AutomationState(
        log, dag, path, newest, sidecar, found, dag_file, rendered, newest.number, newest.sidecar.version
    )


def settled(folder: AnyPath, dag_id: str) -> AutomationState:
    """Return what is there, for a writer: a change whose writer was killed is finished first, and an automation that
    was written before there was a log gets one.

    :raises VaiError: see :func:`read_state`.
    """
    state = read_state(folder, dag_id)
    if state.newest and state.log.is_marked(state.number):
        show(state, state.newest)
        state.log.unmark()
    elif state.newest is None and state.found and state.rendered and _is_rendered_spec(state.found):
        _adopt(state, state.found, state.rendered)
    else:
        return state
    return read_state(folder, dag_id)


def _is_rendered_spec(sidecar: Sidecar) -> bool:
    return sidecar.spec_sha256 == sidecar.history[-1].spec_sha256


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
    """Log a change and make the pair of files show it; if that fails, all is as before.

    :param carry_out: what else belongs to the change; called when the entry stands, before the pair shows it.
    :param spec: of the entry's sidecar as JSON data, if the caller has it already.
    :raises Conflict: another writer was quicker.
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
    except BaseException:  # a Ctrl-C, too
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
    """Write the pair of files as an entry has it; the sidecar last, since it says which entry the pair shows.

    :param sidecar: of the entry as JSON data, if the caller has it already.
    """
    if entry.change == "deleted":
        shared_files.remove(state.dag)
        shared_files.remove(state.path)
        return
    if entry.change == "version":
        content = (entry.dag_file or "").encode("utf-8", "surrogateescape")
        if shared_files.read(state.dag) != content:
            shared_files.replace(state.dag, content)
    text = sidecar_text(sidecar) if sidecar else entry.sidecar.text()
    shared_files.replace(state.path, text.encode("ascii"))


def _read_sidecar(path: AnyPath) -> Sidecar | None:
    content = shared_files.read(path)
    return None if content is None else parse_sidecar(content, str(path))


def _rendered(sidecar: Sidecar, dag_file: str | None) -> str | None:
    """Return what an automation without a log rendered last: its file, or its spec rendered again, if that fits."""
    if dag_file is not None and _fits(sidecar, dag_file):
        return dag_file
    try:
        again = render(sidecar.automation, sidecar.version)
    except RenderError:
        return None
    return again if _fits(sidecar, again) else None


def _fits(sidecar: Sidecar, text: str) -> bool:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest() == sidecar.dag_sha256

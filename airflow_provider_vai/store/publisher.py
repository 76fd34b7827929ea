"""publish: the only writer. A new version of an automation lands whole, as an entry of its log and as the pair of files
that shows it, or not at all.

Nothing of anybody's is lost: an edit of the DAG file by hand is merged into the new rendering, or the new version is
refused; a file of the user's own, and another recording's automation, are never overwritten without ``--force``; what
did not change is not written again.
"""

from __future__ import annotations

import ast
import contextlib
import fcntl
import getpass
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from airflow_provider_vai import __version__
from airflow_provider_vai.exceptions import EditedByHand, PublishError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.sidecar import SCHEMA_VERSION, Generator, Sidecar, Version
from airflow_provider_vai.renderer.render import render, templates_sha256
from airflow_provider_vai.store.dag_names import safe_name
from airflow_provider_vai.store.edits import dag_sha256, is_dag_file_edited, keeps_edits
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.state import AutomationState, log, settled
from airflow_provider_vai.store.text_merge import MergeConflict, merge
from airflow_provider_vai.store.versions import Entry, conflict

GENERATOR = "airflow-provider-vai"
SHOWN_CONFLICTS = 5


@dataclass(frozen=True)
class Published:
    """The pair of files, and what happened to it. ``entry`` is the newest entry of the log; ``keeps_edits``: the DAG
    file holds edits by hand beside what the spec renders."""

    dag: AnyPath
    sidecar: AnyPath
    change: Literal["created", "updated", "unchanged"]
    version: int
    entry: int
    keeps_edits: bool
    status: str


def publish(
    automation: Automation,
    folder: AnyPath,
    *,
    force: bool = False,
    by: str | None = None,
    summary: str = "",
    expected: int | None = None,
    from_sidecar: bool = False,
    restored: Entry | None = None,
) -> Published:
    """Render an automation and write it as a new version.

    :param automation: the spec; its DAG id names the files.
    :param folder: where both go, a local folder or one on object storage; made if missing.
    :param force: overwrite a DAG file that was edited by hand, or that belongs to another run.
    :param by: the author, for the history; ``None``: ``$VAI_AUTHOR``, else the user of this process.
    :param summary: what changed, for the history.
    :param expected: the entry of the log that the change rests on (``Sidecar.entry``); ``None``: whatever is newest.
    :param from_sidecar: the spec was read from the sidecar in the folder, where somebody may have edited it.
    :param restored: the earlier version that the spec is of: its edits by hand come back, too, in place of today's.
    :raises PublishError: the name cannot be a file name, the files belong to something else, or cannot be written.
    :raises EditedByHand: an edit by hand and the new rendering contradict each other; the message shows where.
    :raises Conflict: the newest entry is another one than ``expected``, or somebody was quicker.
    :raises RenderError: the spec cannot be rendered.
    """
    dag_id = safe_name(automation.dag_id, folder)
    with writing(folder):
        state = settled(folder, dag_id)
        if expected is not None and expected != state.number and not force:
            raise conflict(dag_id, state.newest)
        if not force:
            _check_owner(automation, state, from_sidecar=from_sidecar)
        drops_edits = restored is not None or (force and state.sidecar is not None and keeps_edits(state.sidecar))
        if _is_same(state, automation) and not drops_edits:
            return _published(state.sidecar, state, "unchanged")  # type: ignore[arg-type]
        rendered = render(automation, state.version + 1)
        dag_file = rendered if force else _with_edits(state, restored, rendered)
        spec = automation.spec()
        made = Version(
            version=state.version + 1,
            at=now(),
            by=author(by),
            summary=summary or ("rendered again" if state.sidecar else _first(automation)),
            spec_sha256=json_text.digest(spec),
        )
        sidecar = _sidecar(automation, state, (rendered, dag_file), made)
        entry = Entry(
            number=sidecar.entry,
            change="version",
            at=made.at,
            by=made.by,
            summary=made.summary,
            sidecar=sidecar,
            rendered=rendered,
            dag_file=dag_file,
        )
        log(state, entry, spec={**spec, "steps": json_text.WrittenJson(spec.pop("steps"))})
    return _published(sidecar, state, "updated" if state.sidecar else "created")


def author(by: str | None = None) -> str:
    """Return who makes a change: the given name, else ``$VAI_AUTHOR``, else the user of this process."""
    try:
        return by or os.environ.get("VAI_AUTHOR") or getpass.getuser()
    except (KeyError, OSError):  # no entry for the user id, as in a container
        return "unknown"


def now() -> datetime:
    """Return the time for the history; ``SOURCE_DATE_EPOCH`` fixes it, as in reproducible builds."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(fixed), tz=timezone.utc) if fixed else datetime.now(tz=timezone.utc)


@contextlib.contextmanager
def writing(folder: AnyPath) -> Iterator[None]:
    """Keep other writers of this machine out of a local folder; on object storage the log alone decides.

    The lock is the folder's own and leaves no file behind.

    :raises PublishError: the folder cannot be made or written to.
    """
    try:
        if not isinstance(folder, Path) or "://" in str(folder):
            yield
            return
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
    except OSError as error:
        raise PublishError(
            error.strerror or str(error),
            where=str(error.filename or folder),
            remedy="Check the folder: its permissions and free space. Nothing was written.",
        ) from None


def _check_owner(automation: Automation, state: AutomationState, *, from_sidecar: bool) -> None:
    if state.sidecar is None:
        if state.dag_file is not None:
            raise PublishError(
                "a DAG file of that name is there, without a sidecar: it was not rendered here",
                where=str(state.dag),
                remedy="Choose another name with --dag-id, or overwrite it with --force.",
            )
        return
    if state.newest and state.is_spec_edited and not from_sidecar:
        raise EditedByHand(
            "the sidecar was edited by hand, and the edit was not rendered",
            where=str(state.path),
            remedy=f"Run `vai render {state.path}` first, or drop the edit with --force.",
        )
    ours, theirs = automation.source, state.sidecar.source
    if (ours and ours.id) != (theirs and theirs.id):
        raise PublishError(
            f"it belongs to another recording ({theirs.id if theirs else 'made by hand'})",
            where=str(state.path),
            remedy="Choose another name with --dag-id, or replace it with --force.",
        )


def _is_same(state: AutomationState, automation: Automation) -> bool:
    """Return whether publishing would change nothing: the same spec, rendered to the same text as last time."""
    previous = state.sidecar
    return (
        previous is not None
        and state.found is not None
        and state.dag_file is not None
        and not is_dag_file_edited(previous, state.dag_file)
        and previous.spec_sha256 == automation.spec_sha256
        and previous.generator == _generator()
        and dag_sha256(render(automation, previous.version)) == (previous.rendered_sha256 or previous.dag_sha256)
    )


def _with_edits(state: AutomationState, restored: Entry | None, rendered: str) -> str:
    """Return the new rendering with the edits by hand of the DAG file in it."""
    if restored is not None:
        _check_recorded(state)
        base, theirs = restored.rendered, restored.dag_file
    else:
        base, theirs = state.rendered, state.dag_file
    if theirs is None or theirs == base:
        return rendered
    if base is None:
        raise EditedByHand(
            "the DAG file was edited by hand since it was rendered, and what was rendered is not known any more",
            where=str(state.dag),
            remedy="Keep it and choose another name with --dag-id, or overwrite the edit with --force.",
        )
    merged = merge(base, theirs, rendered)
    if not merged.conflicts:
        _check_python(merged.text, state.dag)
        return merged.text
    shown = "".join(_shown(part) for part in merged.conflicts[:SHOWN_CONFLICTS])
    places = "1 place" if len(merged.conflicts) == 1 else f"{len(merged.conflicts)} places"
    raise EditedByHand(
        f"{places} of the DAG file that were edited by hand are to change, too:\n{shown}",
        where=str(state.dag),
        remedy="Make the same change in the file or in the spec, or drop the edits by hand with --force."
        " Nothing was written.",
    )


def _check_recorded(state: AutomationState) -> None:
    """Refuse where the DAG file holds an edit that no version holds: it would be gone."""
    if state.dag_file is not None and state.is_dag_file_edited:
        raise EditedByHand(
            "the DAG file was edited by hand, and no version holds the edit",
            where=str(state.dag),
            remedy=f"Make a version of it first: `vai render {state.path}`.",
        )


def _shown(part: MergeConflict) -> str:
    sides = (("<<<<<<< by hand", part.ours), ("||||||| rendered last", part.base), ("=======", part.theirs))
    lines = [line for name, side in sides for line in [name, *(text.rstrip("\n") for text in side)]]
    return "\n".join([*lines, ">>>>>>> to be rendered", ""])


def _check_python(text: str, dag: AnyPath) -> None:
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise EditedByHand(
            f"with the new rendering merged into it the file is not Python (line {error.lineno}: {error.msg})",
            where=str(dag),
            remedy="Correct the edit by hand, or drop it with --force. Nothing was written.",
        ) from None


def _sidecar(automation: Automation, state: AutomationState, texts: tuple[str, str], version: Version) -> Sidecar:
    rendered, dag_file = texts
    previous = state.sidecar
    is_same_source = previous is not None and previous.source == automation.source
    return Sidecar(
        **{name: getattr(automation, name) for name in Automation.model_fields},
        schema_version=SCHEMA_VERSION,
        dag_sha256=dag_sha256(dag_file),
        rendered_sha256=dag_sha256(rendered),
        generator=_generator(),
        status=previous.status if previous and is_same_source else "draft",
        version=version.version,
        history=[*(previous.history if previous else []), version],
        reviews=previous.reviews if previous and is_same_source else [],
        entry=state.number + 1,
    )


def _first(automation: Automation) -> str:
    return "crystallized" if automation.source_type == "CRYSTALLIZED" else "written by hand"


def _published(
    sidecar: Sidecar, state: AutomationState, change: Literal["created", "updated", "unchanged"]
) -> Published:
    return Published(
        dag=state.dag,
        sidecar=state.path,
        change=change,
        version=sidecar.version,
        entry=sidecar.entry,
        keeps_edits=keeps_edits(sidecar),
        status=sidecar.status,
    )


def _generator() -> Generator:
    return Generator(name=GENERATOR, version=__version__, templates_sha256=templates_sha256())

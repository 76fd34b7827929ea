"""Publishes a new version of an automation: writes the log entry, the DAG file and the sidecar, or nothing at all.

No work is lost. An edit of the DAG file by hand is merged into the new rendering, or the new version is refused. A
user's own file and the automation of another recording are overwritten only with ``--force``. A file that would not
change is not written.
"""

from __future__ import annotations

import ast
import contextlib
import fcntl
import getpass
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Literal

from airflow_provider_vai import __version__
from airflow_provider_vai.exceptions import EditedByHand, PublishError
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.model.automation import Automation
from airflow_provider_vai.model.sidecar import SCHEMA_VERSION, Generator, Sidecar, Version, to_review
from airflow_provider_vai.renderer.render import render, templates_sha256
from airflow_provider_vai.store.dag_names import safe_name
from airflow_provider_vai.store.edits import dag_sha256, is_dag_file_edited, keeps_edits
from airflow_provider_vai.store.listeners import with_awaited_assets
from airflow_provider_vai.store.shared_files import AnyPath
from airflow_provider_vai.store.state import AutomationState, log, read_state, settled
from airflow_provider_vai.store.text_merge import MergeConflict, merge
from airflow_provider_vai.store.versions import Entry, conflict

GENERATOR = "airflow-provider-vai"
SHOWN_CONFLICTS = 5

FilesChange = Literal["created", "updated", "unchanged"]
"""How publishing changed the files of an automation."""


@dataclass(frozen=True)
class Published:
    """The published files and how they changed.

    ``entry`` is the number of the newest log entry. ``keeps_edits`` means that the DAG file contains edits by hand in
    addition to the rendered spec.
    """

    dag: AnyPath
    sidecar: AnyPath
    change: FilesChange
    version: int
    entry: int
    keeps_edits: bool
    status: str

    @property
    def status_text(self) -> str:
        """The status for a message: a draft never runs, because its DAG is paused."""
        return "paused, draft" if self.status == "draft" else self.status


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
    pause: Callable[[str], None] | None = None,
) -> Published:
    """Render an automation and write it as a new version.

    Steps that another automation in the folder waits for get ``asset``, see :mod:`store.listeners`.

    :param automation: The spec; its DAG id names the files.
    :param folder: A local folder or one on object storage, for both files. It is created if missing.
    :param force: Overwrite a DAG file that was edited by hand or belongs to another run.
    :param by: The author, for the history; ``None``: ``$VAI_AUTHOR``, else the user of this process.
    :param summary: What changed, for the history.
    :param expected: The log entry on which the change is based (``Sidecar.entry``); ``None``: whatever is newest.
    :param from_sidecar: The spec was read from the sidecar in the folder, where somebody may have edited it.
    :param restored: The earlier version that the spec comes from. Its edits by hand replace the current ones.
    :param pause: Pauses the DAG with an id in Airflow. It is called before the DAG file is replaced if the automation
        is active and nobody has reviewed some items of the new version; the version then is a draft. ``None``: such a
        version is refused.
    :raises PublishError: the DAG id cannot name a file, or the files belong to something else or cannot be written.
    :raises EditedByHand: an edit by hand conflicts with the new rendering; the message shows where.
    :raises Conflict: the newest log entry is not ``expected``, or another writer was faster.
    :raises RenderError: the spec cannot be rendered.
    """
    dag_id = safe_name(automation.dag_id, folder)
    with writing(folder):
        automation = with_awaited_assets(automation, folder)
        state = settled(folder, dag_id)
        if expected is not None and expected != state.number and not force:
            raise conflict(dag_id, state.newest)
        if not force:
            _check_owner(automation, state, from_sidecar=from_sidecar)
        drops_edits = restored is not None or (force and state.sidecar is not None and keeps_edits(state.sidecar))
        if _is_same(state, automation) and not drops_edits:
            return _published(state.sidecar, state, "unchanged")  # type: ignore[arg-type]
        rendered = render(automation)
        dag_file = rendered if force else _merged(state, restored, rendered)
        spec = automation.spec()
        made = Version(
            version=state.version + 1,
            at=now(),
            by=author(by),
            summary=summary or ("rendered again" if state.sidecar else _first(automation)),
            spec_sha256=json_text.digest(spec),
        )
        sidecar, carry_out = _checked_review(_sidecar(automation, state, (rendered, dag_file), made), pause)
        entry = _entry(sidecar, made, rendered, dag_file)
        spec["steps"] = steps = json_text.WrittenJson(spec["steps"])
        if state.newest is None:  # the entry is whole: the data is not compared with an earlier one
            steps.release()
        log(state, entry, carry_out, spec=spec)
    return _published(sidecar, state, "updated" if state.sidecar else "created")


def previewed(automation: Automation, folder: AnyPath) -> tuple[Automation, str, FilesChange]:
    """Return what :func:`publish` would write and how it would change the files. Nothing is written.

    :param automation: The spec; its DAG id names the files.
    :param folder: The folder of both files.
    :return: the spec and the text of the DAG file as they would be written, and the change.
    :raises VaiError: see :func:`publish`.
    """
    dag_id = safe_name(automation.dag_id, folder)
    automation = with_awaited_assets(automation, folder)
    state = read_state(folder, dag_id)
    _check_owner(automation, state, from_sidecar=False)
    if _is_same(state, automation):
        return automation, state.dag_file or "", "unchanged"
    dag_file = _with_edits(state, None, render(automation))
    return automation, dag_file, "updated" if state.sidecar else "created"


def author(by: str | None = None) -> str:
    """Return the author of a change: the given name, else ``$VAI_AUTHOR``, else the user of this process."""
    try:
        return by or os.environ.get("VAI_AUTHOR") or getpass.getuser()
    except (KeyError, OSError):  # no entry for the user id, as in a container
        return "unknown"


def now() -> datetime:
    """Return the current time in UTC; ``SOURCE_DATE_EPOCH`` overrides it, as in reproducible builds."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(fixed), tz=timezone.utc) if fixed else datetime.now(tz=timezone.utc)


@contextlib.contextmanager
def writing(folder: AnyPath) -> Iterator[None]:
    """Lock a local folder against other writers on this machine. On object storage, only the log prevents conflicts.

    The lock is on the folder itself, so no lock file is left behind.

    :raises PublishError: the folder cannot be created or written to.
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
                "a DAG file of that name exists without a sidecar, so it was not rendered by vai",
                where=str(state.dag),
                remedy="Choose another name with --dag-id, or overwrite it with --force.",
            )
        return
    if state.newest and state.is_spec_edited and not from_sidecar:
        raise EditedByHand(
            "the sidecar was edited by hand, and the edit has not been rendered",
            where=str(state.path),
            remedy=f"Run `vai render {state.path}` first, or drop the edit with --force.",
        )
    ours, theirs = automation.source, state.sidecar.source
    if (ours and ours.id) != (theirs and theirs.id):
        raise PublishError(
            f"the automation belongs to another recording ({theirs.id if theirs else 'made by hand'})",
            where=str(state.path),
            remedy="Choose another name with --dag-id, or replace it with --force.",
        )


def _is_same(state: AutomationState, automation: Automation) -> bool:
    """Return whether publishing would change nothing: the spec and its rendered text are the same as last time."""
    previous = state.sidecar
    return (
        previous is not None
        and state.found is not None
        and state.dag_file is not None
        and not is_dag_file_edited(previous, state.dag_file)
        and _is_same_spec(previous, automation)
        and previous.generator == _generator()
        and dag_sha256(render(automation)) == (previous.rendered_sha256 or previous.dag_sha256)
    )


def _is_same_spec(one: Automation, other: Automation) -> bool:
    """Return whether two specs are written alike. Equal ones may differ: ``1`` is equal to ``1.0`` and to ``True``."""
    is_equal = all(getattr(one, name) == getattr(other, name) for name in Automation.model_fields)
    return is_equal and one.spec_sha256 == other.spec_sha256


def _merged(state: AutomationState, restored: Entry | None, rendered: str) -> str:
    """Return the new rendering with the edits by hand.

    :raises Conflict: the file is another writer's, who was faster, and not edited by hand.
    """
    try:
        return _with_edits(state, restored, rendered)
    except EditedByHand:
        newest = state.log.newest()
        if newest is not None and newest.number != state.number:
            raise conflict(state.log.dag_id, newest) from None
        raise


def _with_edits(state: AutomationState, restored: Entry | None, rendered: str) -> str:
    """Return the new rendering with the DAG file's edits by hand merged into it."""
    if restored is not None:
        _check_recorded(state)
        base, theirs = restored.rendered, restored.dag_file
    else:
        base, theirs = state.rendered, state.dag_file
    if theirs is None or theirs == base:
        return rendered
    if base is None:
        raise EditedByHand(
            "the DAG file was edited by hand, and the rendered text is no longer known, so they cannot be merged",
            where=str(state.dag),
            remedy="Keep it and choose another name with --dag-id, or overwrite the edit with --force.",
        )
    merged = merge(base, theirs, rendered)
    if not merged.conflicts:
        _check_python(merged.text, state.dag)
        return merged.text
    shown = "".join(_shown(part) for part in merged.conflicts[:SHOWN_CONFLICTS])
    places = plural(len(merged.conflicts), "place of the DAG file that was", "places of the DAG file that were")
    raise EditedByHand(
        f"the new rendering also changes {places} edited by hand:\n{shown}",
        where=str(state.dag),
        remedy="Make the same change in the file or in the spec, or drop the edits by hand with --force."
        " Nothing was written.",
        conflicts=[("".join(part.ours), "".join(part.theirs)) for part in merged.conflicts],
    )


def _check_recorded(state: AutomationState) -> None:
    """Refuse to continue if the DAG file has an edit that no version contains: it would be lost."""
    if state.dag_file is not None and state.is_dag_file_edited:
        raise EditedByHand(
            "the DAG file was edited by hand, and no version contains the edit",
            where=str(state.dag),
            remedy=f"Make a version of it first: `vai render {state.path}`.",
        )


def _shown(part: MergeConflict) -> str:
    sides = (("<<<<<<< edited by hand", part.ours), ("||||||| last rendering", part.base), ("=======", part.theirs))
    lines = [line for name, side in sides for line in [name, *(text.rstrip("\n") for text in side)]]
    return "\n".join([*lines, ">>>>>>> new rendering", ""])


def _check_python(text: str, dag: AnyPath) -> None:
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise EditedByHand(
            f"merged with the new rendering, the file is not valid Python (line {error.lineno}: {error.msg})",
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


def _entry(sidecar: Sidecar, made: Version, rendered: str, dag_file: str) -> Entry:
    return Entry.model_construct(  # the sidecar is valid, and to look at all of its steps again takes long
        number=sidecar.entry,
        change="version",
        at=made.at,
        by=made.by,
        summary=made.summary,
        sidecar=sidecar,
        rendered=rendered,
        dag_file=dag_file,
    )


def _checked_review(sidecar: Sidecar, pause: Callable[[str], None] | None) -> tuple[Sidecar, Callable[[], None]]:
    """Return the sidecar of a new version, as a draft if nobody has reviewed it, and what pauses its DAG then."""
    open_items = to_review(sidecar) if sidecar.status == "active" else {}
    if not open_items:
        return sidecar, lambda: None
    if pause is None:
        raise PublishError(
            f"the automation is active, and nobody has reviewed {plural(len(open_items), 'item')} of the new version",
            where=sidecar.dag_id,
            remedy="Pause it first (`vai pause`), make the change, review it, and activate it again.",
        )
    return sidecar.model_copy(update={"status": "draft"}), partial(pause, sidecar.dag_id)


def _first(automation: Automation) -> str:
    return "crystallized" if automation.source_type == "CRYSTALLIZED" else "written by hand"


def _published(sidecar: Sidecar, state: AutomationState, change: FilesChange) -> Published:
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

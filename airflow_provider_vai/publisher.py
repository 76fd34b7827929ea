"""publish: the only writer. A DAG file and its sidecar land together or not at all.

A file of the user's own, an edit by hand and another run's automation are never overwritten without ``--force``; what
did not change is not written again.
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import hashlib
import os
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from airflow_provider_vai import __version__
from airflow_provider_vai.automation import Automation
from airflow_provider_vai.exceptions import EditedByHand, PublishError
from airflow_provider_vai.identifiers import slug
from airflow_provider_vai.renderer import templates_sha256
from airflow_provider_vai.sidecar import SCHEMA_VERSION, SUFFIX, Generator, Sidecar, Version, read_sidecar

GENERATOR = "airflow-provider-vai"
MODULES = sys.stdlib_module_names | {"airflow", "airflow_provider_vai", "conftest", "plugins"}
MAX_NAME_BYTES = 200
"""Of a DAG id: most file systems take names of 255 bytes, and the longest one here has a prefix and a suffix."""


@dataclass(frozen=True)
class Published:
    """The pair of files, and what happened to it."""

    dag: Path
    sidecar: Path
    change: Literal["created", "updated", "unchanged"]
    version: int


def publish(automation: Automation, text: str, folder: Path, *, force: bool = False, summary: str = "") -> Published:
    """Write the DAG file and its sidecar.

    :param automation: the spec; its DAG id names the files.
    :param text: the rendered DAG file.
    :param folder: where both go; made if missing.
    :param force: overwrite a DAG file that was edited by hand, or that belongs to another run.
    :param summary: what changed, for the history.
    :raises PublishError: the name cannot be a file name, the files belong to something else, or cannot be written.
    :raises EditedByHand: the DAG file is not the one that was rendered last.
    """
    dag = folder / f"{_safe_name(automation.dag_id, folder)}.py"
    sidecar = dag.with_name(automation.dag_id + SUFFIX)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            _finish_interrupted(dag, sidecar)
            previous = _previous(automation, dag, sidecar, force=force)
            if previous and dag.exists() and _is_same(previous, automation, text):
                return Published(dag, sidecar, "unchanged", previous.version)
            content = _sidecar(automation, text, previous, summary)
            _write_pair(dag, text, sidecar, content.text())
    except OSError as error:
        raise PublishError(
            error.strerror or str(error),
            where=str(error.filename or folder),
            remedy="Check the folder given with --out: its permissions and free space. Nothing was written.",
        ) from None
    return Published(dag, sidecar, "updated" if previous else "created", content.version)


def free_dag_id(dag_id: str, automation: Automation, folder: Path) -> str:
    """Return a derived DAG id that is free in the folder, or that belongs to the same recording already.

    :param dag_id: the id as it was derived from the run's title; where another recording has it, six hex digits of the
        recording's own id follow.
    """
    sidecar = folder / (dag_id + SUFFIX)
    ours = automation.source.id if automation.source else ""
    if not sidecar.exists():
        return dag_id
    theirs = read_sidecar(sidecar).source
    return dag_id if theirs and theirs.id == ours else f"{dag_id}_{_sha256(ours.encode())[:6]}"


def _safe_name(dag_id: str, folder: Path) -> str:
    safe = slug(dag_id, "run").rstrip("_")
    if not all(character.isalnum() or character in "_-." for character in dag_id) or not dag_id[:1].isalnum():
        problem = "must hold letters, digits, dashes, dots and underscores, and start with a letter or digit"
    elif len(dag_id.encode()) > MAX_NAME_BYTES:
        problem = f"is longer than {MAX_NAME_BYTES} bytes"
    elif dag_id.partition(".")[0] in MODULES:
        problem = "would hide a Python module: the dags folder is on the import path"
    else:
        return _unlike_others(dag_id, folder)
    raise PublishError(f"the DAG id {dag_id[:80]!r} {problem}", where="--dag-id", remedy=f"Try {f'vai_{safe}'[:80]!r}.")


def _unlike_others(dag_id: str, folder: Path) -> str:
    """Refuse a name that some file systems hold for the name of a file that is there already."""
    wanted = unicodedata.normalize("NFC", f"{dag_id}.py").casefold()
    for path in folder.glob("*.py") if folder.is_dir() else ():
        if path.name != f"{dag_id}.py" and unicodedata.normalize("NFC", path.name).casefold() == wanted:
            raise PublishError(
                f"{path.name!r} is there, and differs from {dag_id + '.py'!r} only by case or spelling",
                where=str(folder),
                remedy="Choose another name with --dag-id.",
            )
    return dag_id


def _previous(automation: Automation, dag: Path, sidecar: Path, *, force: bool) -> Sidecar | None:
    if not sidecar.exists():
        if dag.exists() and not force:
            raise PublishError(
                "a DAG file of that name is there, without a sidecar: it was not rendered here",
                where=str(dag),
                remedy="Choose another name with --dag-id, or overwrite it with --force.",
            )
        return None
    previous = read_sidecar(sidecar)
    if force:
        return previous
    if dag.exists() and _sha256(dag.read_bytes()) != previous.dag_sha256:
        raise EditedByHand(
            "the DAG file was edited by hand since it was rendered",
            where=str(dag),
            remedy="Keep it and choose another name with --dag-id, or overwrite the edit with --force.",
        )
    ours, theirs = automation.source, previous.source
    if (ours and ours.id) != (theirs and theirs.id):
        raise PublishError(
            f"it belongs to another recording ({theirs.id if theirs else 'made by hand'})",
            where=str(sidecar),
            remedy="Choose another name with --dag-id, or replace it with --force.",
        )
    return previous


def _is_same(previous: Sidecar, automation: Automation, text: str) -> bool:
    return (
        previous.dag_sha256 == _sha256(text.encode())
        and previous.spec_sha256 == automation.spec_sha256
        and previous.generator == _generator()
    )


def _sidecar(automation: Automation, text: str, previous: Sidecar | None, summary: str) -> Sidecar:
    version = previous.version + 1 if previous else 1
    entry = Version(
        version=version,
        at=_now(),
        by=os.environ.get("VAI_AUTHOR") or _user(),
        summary=summary or ("rendered again" if previous else "crystallized"),
        spec_sha256=automation.spec_sha256,
    )
    return Sidecar(
        **{name: getattr(automation, name) for name in Automation.model_fields},
        schema_version=SCHEMA_VERSION,
        dag_sha256=_sha256(text.encode()),
        generator=_generator(),
        status="draft",
        version=version,
        history=[*(previous.history if previous else []), entry],
    )


def _generator() -> Generator:
    return Generator(name=GENERATOR, version=__version__, templates_sha256=templates_sha256())


def _now() -> datetime:
    """Return the time for the history; ``SOURCE_DATE_EPOCH`` fixes it, as in reproducible builds."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(fixed), tz=timezone.utc) if fixed else datetime.now(tz=timezone.utc)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no entry for the user id, as in a container
        return "unknown"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other publishers out of the folder; the lock is the folder's own and leaves no file behind."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _waiting(path: Path) -> Path:
    """Return the name under which a file waits for its turn: hidden, and no ``.py``, so Airflow does not see it."""
    return path.with_name(f".{path.name}.new")


def _write_pair(dag: Path, dag_text: str, sidecar: Path, sidecar_text: str) -> None:
    """Write both files aside, then move them into place: the sidecar first, so that an interruption between the two
    moves leaves a waiting DAG file that the sidecar vouches for (see :func:`_finish_interrupted`)."""
    before = sidecar.read_bytes() if sidecar.exists() else None
    try:
        _write(_waiting(dag), dag_text.encode())
        _write(_waiting(sidecar), sidecar_text.encode())
        try:
            os.replace(_waiting(sidecar), sidecar)
            os.replace(_waiting(dag), dag)
        except BaseException:  # a Ctrl-C between the two moves, too
            if before is None:
                sidecar.unlink(missing_ok=True)
            else:
                sidecar.write_bytes(before)
            raise
    finally:
        _waiting(dag).unlink(missing_ok=True)
        _waiting(sidecar).unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _finish_interrupted(dag: Path, sidecar: Path) -> None:
    """Finish or undo what a killed process left: a waiting DAG file that the sidecar vouches for moves into place."""
    waiting = _waiting(dag)
    if waiting.exists():
        if sidecar.exists() and read_sidecar(sidecar).dag_sha256 == _sha256(waiting.read_bytes()):
            os.replace(waiting, dag)
        else:
            waiting.unlink()
    _waiting(sidecar).unlink(missing_ok=True)

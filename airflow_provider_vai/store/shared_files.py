"""The few operations with which processes on several machines share files: a folder, or a bucket of an object store.

Nothing here locks. What makes it safe is that each operation happens at once or not at all: :func:`create` has one
winner, and :func:`replace` shows the old content or the new. On a folder they are a hard link and a rename, which NFS
keeps, too; on an object store a conditional and a plain put.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from airflow_provider_vai.exceptions import PublishError

if TYPE_CHECKING:
    from upath import UPath

__all__ = ["AnyPath", "create", "folder", "names", "read", "remove", "replace"]

AnyPath: TypeAlias = "Path | UPath"
"""A path of this machine's file system, or of an object store (Airflow's ``ObjectStoragePath`` does as well)."""

LOCAL = ("", "file", "local")
STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az")
"""Protocols whose file systems (s3fs, gcsfs, adlfs) put on condition; fsspec's own way, to look first, is a race."""

NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""What a file system without hard links answers; Linux's own says EPERM, see link(2)."""

BUSY = ("ConditionalRequestConflict", "OperationAborted", "409")
"""S3's answers while another conditional put of the name is under way: the loser is to try again."""

ATTEMPTS = 5
LEFTOVER_SECONDS = 24 * 60 * 60
"""The age at which a file that waits for its name was left by a killed process."""

_exclusive: set[tuple[int, str]] = set()  # (file system, bucket) pairs that refused a second put in this process


def folder(text: str) -> AnyPath:
    """Return the path that a setting or an option names.

    :param text: a path, in which a leading ``~`` is the user's home; or a URL. ``file:///…`` is a path, too.
    :raises PublishError: nothing is named, or the URL's kind is unknown.
    """
    local = text[len("file://") :] if text.startswith("file://") else text
    try:
        if "://" in local:
            from upath import UPath  # comes with Airflow

            return UPath(local)
        if local.startswith("/") or (local and local == text):
            return Path(local).expanduser()
        problem = "a folder has to be named"
    except (ValueError, RuntimeError) as error:  # of UPath; of expanduser, when nobody has that name
        problem = str(error)
    raise PublishError(
        problem, where=_shown(text), remedy="Name a path, or a URL like s3://bucket/vai or file:///data/vai."
    )


def create(path: AnyPath, content: bytes) -> bool:
    """Write a new file, unless there is one of that name: of all who try, one succeeds.

    Whoever reads the file reads all of it. Only on a file system without hard links may it be empty for a moment.

    :param path: the file; folders above it are made.
    :param content: all of it.
    :return: whether it was written; ``False`` if the name was there. After a connection that broke, an object store's
        client tries again and may then meet its own file: ``False``, too.
    :raises PublishError: it cannot be written, or the store cannot put on condition.
    """
    local = _local(path)
    with _reported(path):
        return _create_object(path, content) if local is None else _create_local(local, content)


def replace(path: AnyPath, content: bytes) -> None:
    """Write a file, in place of one of that name if there is one; readers see the old content or the new one.

    :param path: the file; folders above it are made. A symbolic link is replaced itself, not what it leads to.
    :param content: all of it.
    :raises PublishError: it cannot be written. The old content is still there.
    """
    local = _local(path)
    with _reported(path):
        if local is None:
            _replace_object(path, content)
        else:
            _replace_local(local, content)


def read(path: AnyPath) -> bytes | None:
    """Return a file's content, or ``None`` if there is no such file.

    :raises PublishError: it cannot be read.
    """
    local = _local(path)
    with _reported(path):
        try:
            return _read_object(path) if local is None else _read_local(local)
        except FileNotFoundError:
            return None


def names(path: AnyPath, suffix: str = "") -> list[str]:
    """Return the names of the files directly in a folder, sorted; without those that still wait for their name.

    :param path: the folder; if it is missing the list is empty.
    :param suffix: what the names have to end with.
    :raises PublishError: the folder cannot be read.
    """
    local = _local(path)
    with _reported(path):
        try:
            found = _object_names(path) if local is None else _local_names(local)
        except FileNotFoundError:
            return []
    return sorted(name for name in found if name.endswith(suffix) and not _is_waiting(name))


def remove(path: AnyPath) -> None:
    """Remove a file; it may be missing.

    :raises PublishError: it cannot be removed.
    """
    local = _local(path)
    with _reported(path), contextlib.suppress(FileNotFoundError):
        if local is None:
            _remove_object(path)
        else:
            local.unlink()


def _local(path: Any) -> Path | None:
    """Return the path as one of this machine, or ``None`` if it is of an object store.

    A ``UPath`` of any kind is a ``Path`` up to universal-pathlib 0.2, so its class says nothing.
    """
    if getattr(path, "protocol", "") not in LOCAL:
        return None
    return Path(getattr(path, "path", path))


# --- on a folder ------------------------------------------------------------------------------------------------------


def _create_local(path: Path, content: bytes) -> bool:
    if os.path.lexists(path):
        return False
    with _waiting(path, content) as waiting:
        try:
            os.link(waiting, path)
        except FileExistsError:
            if os.stat(waiting).st_nlink != 2:  # NFS may lose the answer and ask again: two names tell, see open(2)
                return False
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            if not _claim(waiting, path):
                return False
    _sync(path.parent)
    return True


def _replace_local(path: Path, content: bytes) -> None:
    with _waiting(path, content) as waiting:
        os.replace(waiting, path)
    _sync(path.parent)


def _claim(waiting: Path, path: Path) -> bool:
    """Give a file its name where there are no hard links: take the name with an empty file, then replace that."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    except FileExistsError:
        return False
    try:
        os.replace(waiting, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True


@contextlib.contextmanager
def _waiting(path: Path, content: bytes) -> Iterator[Path]:
    """Write the content beside the file, under a name that nothing reads, for as long as it waits for its own name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path.parent)
    waiting = path.with_name(f".vai-{uuid.uuid4().hex}.waiting")
    try:
        with open(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield waiting
    finally:
        with contextlib.suppress(OSError):  # what matters has happened by now, or has been raised
            waiting.unlink()


def _is_waiting(name: str) -> bool:
    return name.startswith(".vai-") and name.endswith(".waiting")


def _remove_leftovers(path: Path) -> None:
    oldest = time.time() - LEFTOVER_SECONDS
    with contextlib.suppress(OSError):  # gone in this moment, or somebody else's, or no right to list the folder
        for name in filter(_is_waiting, os.listdir(path)):
            if os.stat(path / name).st_mtime < oldest:
                os.unlink(path / name)


def _sync(path: Path) -> None:
    """Make names last through a power cut, where the file system can: the file is there already, so no error counts."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read_local(path: Path) -> bytes:
    for _ in range(ATTEMPTS):
        try:
            return path.read_bytes()
        except OSError as error:
            if error.errno != errno.ESTALE:  # NFS: replaced between the look at the name and the read
                raise
    return path.read_bytes()


def _local_names(path: Path) -> list[str]:
    with os.scandir(path) as entries:
        return [entry.name for entry in entries if entry.is_file()]


# --- on an object store -----------------------------------------------------------------------------------------------


def _store(path: Any) -> Any:
    """Return the file system of a path, if it is one whose puts happen at once and can be made on condition."""
    if path.protocol not in STORES:
        raise PublishError(
            f"{path.protocol}:// cannot create a file exclusively, so two processes could overwrite each other",
            where=_shown(path),
            remedy="Use a folder that all share, or s3://, gs:// or abfs://.",
        )
    return path.fs


def _create_object(path: Any, content: bytes) -> bool:
    """Put on condition; where that is new to this process, see that the store keeps to the condition.

    Stores that speak S3 but not this part of it ignore the header, as old clients do not send it: both overwrite in
    silence. So the first file that a process creates is put twice, and the second put has to be refused.
    """
    files = _store(path)
    bucket = (hash(files), path.path.strip("/").partition("/")[0])
    if bucket in _exclusive:
        return _put_new(files, path.path, content)
    if read(path) is not None or not _put_new(files, path.path, content):
        return False
    if _put_new(files, path.path, content):
        files.rm_file(path.path)
        raise PublishError(
            "the store overwrites where it was asked to create, so two processes could overwrite each other",
            where=_shown(path),
            remedy="Update s3fs and botocore; or use a store that knows 'If-None-Match: *'. Nothing was written.",
        )
    _exclusive.add(bucket)
    return True


def _replace_object(path: Any, content: bytes) -> None:
    _store(path).pipe_file(path.path, content)


def _remove_object(path: Any) -> None:
    path.fs.rm_file(path.path)


def _put_new(files: Any, path: str, content: bytes) -> bool:
    for attempt in range(ATTEMPTS):
        try:
            files.pipe_file(path, content, mode="create")
        except FileExistsError:
            return False
        except OSError as error:
            code = _s3_code(error)
            if code in {"PreconditionFailed", "412"}:  # s3fs knows it for what it is only as AWS words it
                return False
            if code not in BUSY or attempt == ATTEMPTS - 1:
                raise
            time.sleep(0.05 * 2**attempt)
        else:
            return True
    return False


def _s3_code(error: OSError) -> str:
    """Return the error code in S3's answer, which s3fs leaves behind its own error; empty for other stores."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def _read_object(path: Any) -> bytes:
    path.fs.invalidate_cache(path.parent.path.strip("/"))  # a file system remembers sizes from its listings
    content: bytes = path.fs.cat_file(path.path)
    return content


def _object_names(path: Any) -> list[str]:
    inside = path.path.strip("/")
    path.fs.invalidate_cache(inside)
    found = [entry["name"].rpartition("/") for entry in path.fs.ls(path.path, detail=True) if entry["type"] == "file"]
    return [name for above, _, name in found if name and above.strip("/") == inside]


# --- errors -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _reported(path: AnyPath) -> Iterator[None]:
    """Turn what goes wrong into an error that says where and what to do.

    :raises PublishError: in place of an :exc:`OSError` and of a name that cannot be one; and of anything that an object
        store's client raises: each has errors of its own, and a missing client is an :exc:`ImportError`.
    """
    try:
        yield
    except PublishError:
        raise
    except Exception as error:
        if _local(path) is not None and not isinstance(error, OSError | ValueError):
            raise
        problem = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
    else:
        return
    if _local(path) is None:
        remedy = "Check the URL, the credentials and their rights, and that a current client of the store is installed."
    else:
        remedy = "Check the folder: its permissions, its owner and its free space."
    raise PublishError(problem, where=_shown(path), remedy=remedy)


def _shown(path: AnyPath | str) -> str:
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1@", str(path))  # without a password

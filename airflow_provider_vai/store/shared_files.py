"""File operations for processes on several machines that share a folder or a bucket of an object store.

Nothing here locks: each operation is atomic. Of several concurrent :func:`create` calls, exactly one succeeds, and
readers of a file under :func:`replace` see either the old or the new content. In a folder, these are a hard link and a
rename, which are atomic on NFS as well. On an object store, they are a conditional put and a plain put.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from airflow_provider_vai.exceptions import PublishError
from airflow_provider_vai.model.storage import AnyPath, folder, shown

__all__ = [
    "AnyPath", "create", "folder", "local_path", "names", "read", "remove", "replace", "replace_all", "stamp", "stamps",
]  # fmt: skip

LOCAL = ("", "file", "local")
STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az")
"""Protocols whose file systems (s3fs, gcsfs, adlfs) support conditional writes; checking before writing would race."""

NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""Errors from file systems without hard links; Linux itself returns EPERM, see link(2)."""

BUSY = ("ConditionalRequestConflict", "OperationAborted", "409")
"""S3's error codes while another conditional put of the same name is in progress; the loser should retry."""

ATTEMPTS = 5
LEFTOVER_SECONDS = 24 * 60 * 60
"""Temporary files older than this were left by a killed process."""

_exclusive: set[tuple[int, str]] = set()  # (file system, bucket) pairs known to support conditional puts


def create(path: AnyPath, content: bytes) -> bool:
    """Write a new file, unless one of that name exists. Of several concurrent calls, exactly one succeeds.

    Readers see the complete file. Only on a file system without hard links may it be empty for a moment.

    :param path: The file. Missing folders are created.
    :param content: The whole content.
    :return: whether the file was written; ``False`` if the name exists. An object store's client retries after a lost
        connection and may then find the file that it wrote itself, which also returns ``False``.
    :raises PublishError: the file cannot be written, or the store does not support conditional puts.
    """
    local = local_path(path)
    with _reported(path):
        return _create_object(path, content) if local is None else _create_local(local, content)


def replace(path: AnyPath, content: bytes) -> None:
    """Write a file atomically, replacing any file of that name. Readers see either the old or the new content.

    :param path: The file. Missing folders are created. A symbolic link is replaced itself, not its target.
    :param content: The whole content.
    :raises PublishError: the file cannot be written. The old content is unchanged.
    """
    if local_path(path) is not None:
        replace_all({path: content})
        return
    with _reported(path):
        _replace_object(path, content)


def replace_all(contents: Mapping[AnyPath, bytes]) -> None:
    """Replace several files in order, each atomically, as :func:`replace` does.

    In a folder, every content is on the disk before the first file gets its name. So a full disk changes no file.

    :param contents: The whole content of each file.
    :raises PublishError: a file cannot be written. The files before it may have their new content.
    """
    with contextlib.ExitStack() as written:
        waiting: list[tuple[AnyPath, Path, Path]] = []
        for path, content in contents.items():
            local = local_path(path)
            if local is None:
                replace(path, content)
                continue
            with _reported(path):
                waiting.append((path, local, written.enter_context(_waiting(local, content))))
        for path, local, temporary in waiting:
            with _reported(path):
                os.replace(temporary, local)
        for parent in {local.parent for _, local, _ in waiting}:
            _sync(parent)


def read(path: AnyPath) -> bytes | None:
    """Return a file's content; ``None`` if there is no such file.

    :raises PublishError: the file cannot be read.
    """
    local = local_path(path)
    with _reported(path):
        try:
            return _read_object(path) if local is None else _read_local(local)
        except FileNotFoundError:
            return None


def names(path: AnyPath, suffix: str = "") -> list[str]:
    """Return the sorted names of the files directly in a folder, without temporary files.

    :param path: The folder. If it is missing, the list is empty.
    :param suffix: Return only names that end with this.
    :raises PublishError: the folder cannot be read.
    """
    return sorted(_listed(path, suffix))


def stamps(path: AnyPath, suffix: str = "") -> dict[str, object]:
    """Return a stamp for each file directly in a folder: a value that changes with every write of the file.

    One listing answers for all files. On an object store, the stamp is what the listing says about the object, with its
    ETag or generation; in a folder, it is the file's inode, times and size.

    :param path: The folder. If it is missing, the result is empty.
    :param suffix: Return only files whose names end with this.
    :return: The stamps by file name, sorted. ``None``: the file was just removed.
    :raises PublishError: the folder cannot be read.
    """
    found = _listed(path, suffix)
    return {name: found[name]() for name in sorted(found)}


def stamp(path: AnyPath) -> object:
    """Return the stamp of one file, see :func:`stamps`; ``None`` if there is no such file.

    :raises PublishError: the storage cannot be asked.
    """
    local = local_path(path)
    with _reported(path):
        return _object_stamp(path) if local is None else _local_stamp(str(local))


def _listed(path: AnyPath, suffix: str) -> dict[str, Callable[[], object]]:
    """Return the files directly in a folder, without temporary files, and what makes the stamp of each."""
    local = local_path(path)
    with _reported(path):
        try:
            found = _object_entries(path) if local is None else _local_entries(local)
        except FileNotFoundError:
            return {}
    return {name: stamp_of for name, stamp_of in found.items() if name.endswith(suffix) and not _is_waiting(name)}


def remove(path: AnyPath) -> None:
    """Remove a file if it exists.

    :raises PublishError: the file cannot be removed.
    """
    local = local_path(path)
    with _reported(path), contextlib.suppress(FileNotFoundError):
        if local is None:
            _remove_object(path)
        else:
            local.unlink()


def local_path(path: Any) -> Path | None:
    """Return a path in the local file system as ``Path``; ``None`` if it is on an object store.

    The class does not decide: in universal-pathlib before 0.3, every ``UPath`` is a ``Path``.
    """
    if getattr(path, "protocol", "") not in LOCAL:
        return None
    return Path(getattr(path, "path", path))


# --- In a folder ------------------------------------------------------------------------------------------------------


def _create_local(path: Path, content: bytes) -> bool:
    if os.path.lexists(path):
        return False
    with _waiting(path, content) as waiting:
        try:
            os.link(waiting, path)
        except FileExistsError:
            if os.stat(waiting).st_nlink != 2:  # NFS may retry a link that succeeded, see open(2)
                return False
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            if not _claim(waiting, path):
                return False
    _sync(path.parent)
    return True


def _claim(waiting: Path, path: Path) -> bool:
    """Name a file without hard links: reserve the name with an empty file, then replace that file."""
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
    """Write the content to a temporary file beside ``path``, and remove it afterwards if it still exists."""
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
        with contextlib.suppress(OSError):  # the operation itself has succeeded or raised by now
            waiting.unlink()


def _is_waiting(name: str) -> bool:
    return name.startswith(".vai-") and name.endswith(".waiting")


def _remove_leftovers(path: Path) -> None:
    oldest = time.time() - LEFTOVER_SECONDS
    with contextlib.suppress(OSError):  # removed meanwhile, owned by another user, or not listable
        for name in filter(_is_waiting, os.listdir(path)):
            if os.stat(path / name).st_mtime < oldest:
                os.unlink(path / name)


def _sync(path: Path) -> None:
    """Sync a folder, so that names survive a power failure. Errors are ignored, because the file is already written."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read_local(path: Path) -> bytes:
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "not a regular file")  # reading a pipe or a device would never end
    for _ in range(ATTEMPTS):
        try:
            return path.read_bytes()
        except OSError as error:
            if error.errno != errno.ESTALE:  # on NFS: replaced between lookup and read
                raise
    return path.read_bytes()


def _local_entries(path: Path) -> dict[str, Callable[[], object]]:
    with os.scandir(path) as entries:
        return {entry.name: partial(_local_stamp, entry.path) for entry in entries if entry.is_file()}


def _local_stamp(path: str) -> object:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


# --- On an object store -----------------------------------------------------------------------------------------------


def _store(path: Any) -> Any:
    """Return the file system of a path, if it supports atomic and conditional puts."""
    if path.protocol not in STORES:
        raise PublishError(
            f"{path.protocol}:// cannot create a file exclusively, so two processes could overwrite each other",
            where=shown(path),
            remedy="Use a shared folder, or s3://, gs:// or abfs://.",
        )
    return path.fs


def _create_object(path: Any, content: bytes) -> bool:
    """Create an object with a conditional put; the first time in a process, check that the store honours the condition.

    Some S3-compatible stores ignore the header, and old clients do not send it. Both would silently overwrite. So the
    first object that a process creates in a bucket is put twice, and the second put must be refused.
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
            "the store ignores conditional puts, so two processes could overwrite each other",
            where=shown(path),
            remedy="Update s3fs and botocore, or use a store that supports 'If-None-Match: *'. Nothing was written.",
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
            if code in {"PreconditionFailed", "412"}:  # s3fs recognises only AWS's wording
                return False
            if code not in BUSY or attempt == ATTEMPTS - 1:
                raise
            time.sleep(0.05 * 2**attempt)
        else:
            return True
    return False


def _s3_code(error: OSError) -> str:
    """Return the error code in S3's response, from the cause of s3fs's own error; empty for other stores."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def _read_object(path: Any) -> bytes:
    path.fs.invalidate_cache(path.parent.path.strip("/"))  # a file system caches sizes from its listings
    content: bytes = path.fs.cat_file(path.path)
    return content


def _object_entries(path: Any) -> dict[str, Callable[[], object]]:
    inside = path.path.strip("/")
    path.fs.invalidate_cache(inside)
    found: dict[str, Callable[[], object]] = {}
    for entry in path.fs.ls(path.path, detail=True):
        above, _, name = entry["name"].rpartition("/")
        if entry["type"] == "file" and name and above.strip("/") == inside:
            found[name] = partial(str, entry)
    return found


def _object_stamp(path: Any) -> object:
    path.fs.invalidate_cache(path.parent.path.strip("/"))
    with contextlib.suppress(FileNotFoundError):
        return str(path.fs.info(path.path))
    return None


# --- Errors -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _reported(path: AnyPath) -> Iterator[None]:
    """Convert errors into one that names the path and a remedy.

    :raises PublishError: instead of an :exc:`OSError` or an invalid name. On an object store, instead of any error,
        because each client has its own errors, and a missing client raises :exc:`ImportError`.
    """
    try:
        yield
    except PublishError:
        raise
    except Exception as error:
        if local_path(path) is not None and not isinstance(error, OSError | ValueError):
            raise
        problem = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
    else:
        return
    if local_path(path) is None:
        remedy = (
            "Check the URL, the credentials and their permissions, and that a current client of the store is installed."
        )
    else:
        remedy = "Check the folder: its permissions, its owner and its free space."
    raise PublishError(problem, where=shown(path), remedy=remedy)

"""One file that a step reads and replaces as a whole: below the working folder, or below a declared folder or URL.

On the machine itself, each part of the path is opened relative to the one before it and no link is followed, so a link
that another process makes meanwhile leads nowhere. A new file replaces the old one in one step.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from airflow_provider_vai.model.artifacts import LOCAL
from airflow_provider_vai.operators.files import protected, storage, tree, working_folder
from airflow_provider_vai.operators.runtime.errors import NothingSent, NothingSentYet

if TYPE_CHECKING:
    from airflow.sdk import Context, ObjectStoragePath

LARGEST_BYTES = 16 * 1024 * 1024
"""The size of the largest file that is read to be compared or edited."""

_FILE_MODE, _FOLDER_MODE = 0o644, 0o755
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_LINK = "is a link, or leads through one, and links are not followed: name the file itself"


class TargetFile(Protocol):
    """The file that a step writes."""

    def read(self) -> bytes | None:
        """Return the content; ``None``: there is no such file."""
        ...

    def replace(self, content: bytes) -> None:
        """Write the file as a whole, and make its folders."""
        ...


def opened(path: str, folder: str | None, context: Context) -> TargetFile:
    """Return the file that a step writes.

    :param path: its name below the folder.
    :param folder: a path or URL that the spec declares; ``None``: the working folder of the DAG run.
    :param context: the running task's context.
    :raises NothingSent: the name leads out of the folder, or the file is in a protected place.
    """
    parts = working_folder.parts_below(path)
    token = storage.run_token(context)
    if folder is None:
        return LocalFile(working_folder.working_folder(context), parts, token)
    root = storage.opened(folder)
    try:
        target = tree.below(root, "/".join(parts))
    except tree.PathRefused as error:
        raise NothingSent(f"nothing was written: {error}") from None
    protected.check(target, is_owned=True)
    if (root.protocol or "file") in LOCAL:
        return LocalFile(Path(root.path), parts, token)
    return StoredFile(target, token)


class LocalFile:
    """A file below a folder of this machine, reached without following links.

    :param folder: the folder; links in its own path are followed.
    :param parts: the path below it.
    :param token: part of the temporary file's name.
    """

    def __init__(self, folder: Path, parts: tuple[str, ...], token: str) -> None:
        self.folder, self.parts, self.token = folder, parts, token
        self.name = "/".join(parts)

    def read(self) -> bytes | None:
        """Return the content; ``None``: there is no such file.

        :raises NothingSent: the path leads through a link, or it is no file.
        """
        try:
            with self._parent(make=False) as parent:
                number = os.open(self.parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refusal(error) from None
        with open(number, "rb") as file:
            self._check(os.fstat(number))
            return file.read()

    def replace(self, content: bytes) -> None:
        """Write the file as a whole. An existing file keeps its permissions.

        :raises NothingSent: the path leads through a link.
        """
        temporary = f".vai-{self.token}.part"
        try:
            with self._parent(make=True) as parent:
                mode = self._mode(parent)
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=parent)
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                number = os.open(temporary, flags, _FILE_MODE, dir_fd=parent)
                try:
                    with open(number, "wb") as file:
                        os.fchmod(number, mode)
                        file.write(content)
                        file.flush()
                        os.fsync(number)
                    os.replace(temporary, self.parts[-1], src_dir_fd=parent, dst_dir_fd=parent)
                except BaseException:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(temporary, dir_fd=parent)
                    raise
        except OSError as error:
            raise self._refusal(error) from None

    @contextlib.contextmanager
    def _parent(self, *, make: bool) -> Iterator[int]:
        """Open the file's folder, part by part."""
        with contextlib.ExitStack() as opened_folders:
            if make:
                self.folder.mkdir(parents=True, exist_ok=True)
            number = os.open(self.folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
            opened_folders.callback(os.close, number)
            for part in self.parts[:-1]:
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, _FOLDER_MODE, dir_fd=number)
                number = os.open(part, _FOLDER, dir_fd=number)
                opened_folders.callback(os.close, number)
            yield number

    def _mode(self, parent: int) -> int:
        try:
            found = os.stat(self.parts[-1], dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return _FILE_MODE
        self._check(found)
        return stat.S_IMODE(found.st_mode)

    def _check(self, found: os.stat_result) -> None:
        if stat.S_ISLNK(found.st_mode):
            raise NothingSent(f"nothing was written: {self.name!r} {_LINK}")
        if not stat.S_ISREG(found.st_mode):
            raise NothingSent(f"nothing was written: {self.name!r} is not a file: choose another name")
        _check_size(self.name, found.st_size)

    def _refusal(self, error: OSError) -> NothingSent | NothingSentYet:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            return NothingSent(f"nothing was written: {self.name!r} {_LINK}")
        if error.errno == errno.ENOTDIR:
            return NothingSent(
                f"nothing was written: a part of {self.name!r} is no folder but a file or a link: name the file itself"
            )
        return NothingSentYet(f"nothing was written: {self.name!r} in {str(self.folder)!r}: {error.strerror or error}")


class StoredFile:
    """A file in object storage.

    :param target: the file.
    :param token: part of the temporary copy's name, where the store needs one.
    """

    def __init__(self, target: ObjectStoragePath, token: str) -> None:
        self.target, self.token = target, token

    def read(self) -> bytes | None:
        """Return the content; ``None``: there is no such file.

        :raises NothingSent: it is a folder, or too large.
        """
        fs, path = self.target.fs, self.target.path
        if not fs.exists(path):
            return None
        info = fs.info(path)
        if info["type"] == "directory":
            raise NothingSent(f"nothing was written: {self.target} is a folder: choose another name")
        _check_size(str(self.target), info["size"])
        return self.target.read_bytes()

    def replace(self, content: bytes) -> None:
        """Write the file as a whole."""
        with tempfile.TemporaryDirectory(prefix="vai-") as folder:
            local = Path(folder, "file")
            local.write_bytes(content)
            storage.place(local, self.target, self.token)


def _check_size(name: str, size: int) -> None:
    if size > LARGEST_BYTES:
        raise NothingSent(f"nothing was written: {name!r} has {size} bytes, and at most {LARGEST_BYTES} are compared")

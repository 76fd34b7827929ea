"""Remembers what was read from the files of a folder, and reads a file again only after it has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from airflow_provider_vai.store import shared_files
from airflow_provider_vai.store.shared_files import AnyPath

T = TypeVar("T")


class FileCache(Generic[T]):
    """What :attr:`read` made of each file with a certain suffix. Threads may share it.

    :param read: Returns what is remembered of a file. It may be called twice for one change if two threads ask at once.
    :param suffix: The suffix of the files' names.
    """

    def __init__(self, read: Callable[[AnyPath], T], suffix: str) -> None:
        self._read = read
        self._suffix = suffix
        self._known: dict[str, dict[str, tuple[object, T]]] = {}

    def names(self, folder: AnyPath) -> dict[str, object]:
        """Return the names of the files, sorted, with their stamps; see :func:`~.shared_files.stamps`.

        :param folder: The folder.
        :raises PublishError: the folder cannot be read.
        """
        found = shared_files.stamps(folder, self._suffix)
        known = self._known.setdefault(str(folder), {})
        for name in known.keys() - found.keys():
            known.pop(name, None)
        return found

    def contents(
        self, folder: AnyPath, stamps: dict[str, object] | None = None, names: Iterable[str] | None = None
    ) -> dict[str, T]:
        """Return what was made of the files, by name. Only files that changed since the last call are read.

        :param folder: The folder.
        :param stamps: What :meth:`names` returned just before; ``None``: the folder is listed.
        :param names: The files that are wanted, in this order; ``None``: all.
        :raises PublishError: the folder or a file cannot be read.
        """
        if stamps is None:
            stamps = self.names(folder)
        known = self._known.setdefault(str(folder), {})
        found = {}
        for name in stamps if names is None else names:
            stamp, before = stamps.get(name), known.get(name)
            if before is None or stamp is None or before[0] != stamp:
                before = known[name] = (stamp, self._read(folder / name))
            found[name] = before[1]
        return found

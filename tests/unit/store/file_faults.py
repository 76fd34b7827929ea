"""Faults at file operations: a process that dies, or a disk that refuses, at the nth one.

Operations are those that change a file or may fail: opening, writing, syncing, naming, removing, making a folder.
"""

from __future__ import annotations

import builtins
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

OPERATIONS = ("open", "link", "replace", "rename", "unlink", "remove", "fsync", "mkdir")


class Faults:
    """Counts the operations on files, and calls ``fault`` at the nth one and, if ``lasts``, at each one after it.

    :param at: The number of the operation, from 1.
    :param fault: Called with the name of the operation instead of it. It ends the process or raises.
    :param lasts: Whether the fault lasts, as on a full disk.
    :param only: The operations that are counted.
    """

    def __init__(
        self,
        at: int,
        fault: Callable[[str], None],
        *,
        lasts: bool = False,
        only: tuple[str, ...] = (*OPERATIONS, "write"),
    ) -> None:
        self.at, self.fault, self.lasts, self.only = at, fault, lasts, only
        self.count = 0
        self.struck: list[str] = []

    def operation(self, name: str) -> None:
        """Count an operation, which is about to take place."""
        if name not in self.only:
            return
        self.count += 1
        if self.count == self.at or (self.lasts and self.count > self.at):
            self.struck.append(name)
            self.fault(name)

    @contextmanager
    def injected(self) -> Iterator[Faults]:
        """Replace the functions of ``os``, and ``open``, until the end of the block."""
        real = {name: getattr(os, name) for name in OPERATIONS}
        opened = builtins.open

        def counted(name: str) -> Callable[..., Any]:
            def called(*arguments: Any, **keywords: Any) -> Any:
                self.operation(name)
                return real[name](*arguments, **keywords)

            return called

        def open_(file: Any, mode: str = "r", *arguments: Any, **keywords: Any) -> Any:
            if isinstance(file, int) and mode == "wb":
                return io.BufferedWriter(_Halves(file, self))
            return opened(file, mode, *arguments, **keywords)

        try:
            for name in OPERATIONS:
                setattr(os, name, counted(name))
            builtins.open = open_  # type: ignore[assignment]
            yield self
        finally:
            builtins.open = opened
            for name, function in real.items():
                setattr(os, name, function)


class _Halves(io.FileIO):
    """A file whose content has been written by half when the fault occurs."""

    def __init__(self, file: int, faults: Faults) -> None:
        super().__init__(file, "wb")
        self._faults = faults

    def write(self, content: Any) -> int:
        data = bytes(content)
        half = super().write(data[: len(data) // 2])
        self._faults.operation("write")
        return half + super().write(data[half:])


def refuses(code: int) -> Callable[[str], None]:
    """Return a fault: the operation fails with this error."""

    def fault(name: str) -> None:
        raise OSError(code, os.strerror(code))

    return fault


def dies(name: str) -> None:
    """End the process at once, as ``kill -9`` does."""
    os._exit(9)


def in_child(work: Callable[[], object]) -> int:
    """Run a function in a forked process, and return its exit code: 0, 9 if it was killed, 1 if it raised."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

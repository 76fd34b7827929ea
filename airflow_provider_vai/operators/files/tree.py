"""Lists the files below an object storage path, checks their names and reads them in blocks."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_vai.model.artifacts import LOCAL

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

BLOCK = 1024 * 1024


class PathRefused(ValueError):
    """A path or file name that must not be copied."""


class File(NamedTuple):
    """One file: its name below the listed path, its path in the store and its size in bytes."""

    name: str
    path: str
    size: int


def files(source: ObjectStoragePath, pattern: str | None, log: Any) -> list[File]:
    """Return the files at or below ``source``, sorted by name.

    :param pattern: a glob; see :class:`~airflow_provider_vai.operators.file_sync.FileSyncOperator`.
    :param log: the logger for a warning about links. Links are not followed, because they may lead anywhere.
    :raises PathRefused: there is no file or folder, or a name would leave the destination's folder.
    """
    entries = source.fs.find(source.path, detail=True)
    if not entries and not source.fs.isdir(source.path):
        raise PathRefused(f"there is no file or folder at {source}")
    root, selected = source.path.rstrip("/"), []
    for path, info in entries.items():
        name = path.rstrip("/").rpartition("/")[2] if path == source.path else path[len(root) :].removeprefix("/")
        if info.get("islink"):
            log.warning("The link %s is not followed", name)
        elif info["type"] == "directory" or (name.endswith("/") and not info["size"]):
            continue  # object stores represent a folder as an empty object
        elif _matches(name, pattern):
            selected.append(File(_safe(name), path, info["size"]))
    return sorted(selected)


def below(folder: ObjectStoragePath, name: str) -> ObjectStoragePath:
    """Return the path of the file ``name`` below ``folder``.

    :raises PathRefused: the path would not be inside the folder, for example because of a link.
    """
    target = folder / _safe(name)
    if target.path != f"{folder.path.rstrip('/')}/{name}":
        raise PathRefused(f"the file {name!r} cannot be copied under its own name: its path would be {target}")
    if (folder.protocol or "file") in LOCAL:
        root, parent = os.path.realpath(folder.path), os.path.realpath(target.parent.path)
        if os.path.commonpath([root, parent]) != root:
            raise PathRefused(f"the file {name!r} would be outside {folder}: a link there leads to {parent}")
    return target


def check_apart(source: ObjectStoragePath, destination: ObjectStoragePath) -> None:
    """Check that the paths differ and neither is inside the other one.

    :raises PathRefused: they overlap, so copying would read the files that it writes.
    """
    local = all((path.protocol or "file") in LOCAL for path in (source, destination))
    if not local and not source.samestore(destination):
        return
    one, other = (os.path.realpath(path.path) if local else path.path.rstrip("/") for path in (source, destination))
    if f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/"):
        raise PathRefused(f"source and destination overlap: {source}, {destination}. Use folders that do not overlap")


def spool(fs: Any, path: str, file: Path) -> str:
    """Copy one file of a store to the local ``file`` and return its SHA-256."""
    with file.open("wb") as local:
        return _read(fs, path, local.write)


def digest(fs: Any, path: str) -> str:
    """Return the SHA-256 of one file of a store."""
    return _read(fs, path)


def _read(fs: Any, path: str, keep: Callable[[bytes], object] | None = None) -> str:
    """Return the SHA-256 of one file, and pass each block to ``keep``."""
    hashed = hashlib.sha256()
    with fs.open(path, "rb") as remote:
        while block := remote.read(BLOCK):
            hashed.update(block)
            if keep:
                keep(block)
    return hashed.hexdigest()


def _safe(name: str) -> str:
    if "\0" in name or any(part in ("", ".", "..") for part in name.split("/")):
        raise PathRefused(f"the file name {name!r} could lead out of the destination's folder: rename the file")
    return name


def _matches(name: str, pattern: str | None) -> bool:
    """Return whether a glob selects a file; part by part, so that many stars do not multiply."""
    if not pattern:
        return True
    names = (name if "/" in pattern else name.rpartition("/")[2]).split("/")
    parts = pattern.removeprefix("/").split("/")
    reached = {0}  # how many parts of the name the parts of the pattern so far may have matched
    for number, part in enumerate(parts, 1):
        if part == "**":
            reached = set(range(min(reached, default=len(names)), len(names)))
            if number == len(parts):
                return bool(reached)
        else:
            glob = _glob(part)
            reached = {at + 1 for at in reached if at < len(names) and glob.match(names[at])}
    return len(names) in reached


@cache
def _glob(part: str) -> re.Pattern[str]:
    if "**" in part:
        raise PathRefused(f"in the pattern, ** must stand alone between slashes, not in {part[:80]!r}")
    return re.compile(fnmatch.translate("?*" if part == "*" else part))

"""The files below an object storage path: listed by safe names, read as streams."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_vai.operators.files.storage import LOCAL

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

BLOCK = 1024 * 1024


class PathRefused(ValueError):
    """A path or a name that is not copied."""


class File(NamedTuple):
    """One file: its name below the listed path, its path in its store, its size."""

    name: str
    path: str
    size: int


def files(source: ObjectStoragePath, pattern: str | None, log: Any) -> list[File]:
    """Return the files at or below ``source``, by name.

    :param pattern: a glob; see :class:`~airflow_provider_vai.operators.file_sync.FileSyncOperator`.
    :param log: is told of links, which are not followed: they may lead anywhere.
    :raises Refused: nothing is there, or a name would leave the destination's folder.
    """
    found = source.fs.find(source.path, detail=True)
    if not found and not source.fs.isdir(source.path):
        raise PathRefused(f"there is no file and no folder at {source}")
    root, chosen = source.path.rstrip("/"), []
    for path, info in found.items():
        name = path.rstrip("/").rpartition("/")[2] if path == source.path else path[len(root) :].removeprefix("/")
        if info.get("islink"):
            log.warning("A link is not followed: %s", name)
        elif info["type"] == "directory" or (name.endswith("/") and not info["size"]):
            continue  # object stores keep an empty object where somebody made a folder
        elif _matches(name, pattern):
            chosen.append(File(_safe(name), path, info["size"]))
    return sorted(chosen)


def below(folder: ObjectStoragePath, name: str) -> ObjectStoragePath:
    """Return where the file ``name`` goes below ``folder``.

    :raises Refused: a link at the destination leads out of the folder.
    """
    target = folder / _safe(name)
    if target.path != f"{folder.path.rstrip('/')}/{name}":
        raise PathRefused(f"{name!r} would become {target}")
    if (folder.protocol or "file") in LOCAL:
        root, parent = os.path.realpath(folder.path), os.path.realpath(target.parent.path)
        if os.path.commonpath([root, parent]) != root:
            raise PathRefused(f"{name!r} would leave {folder}: a link there leads to {parent}")
    return target


def check_apart(source: ObjectStoragePath, destination: ObjectStoragePath) -> None:
    """Return only if neither path is, or lies in, the other one.

    :raises Refused: copying would read what it writes.
    """
    local = all((path.protocol or "file") in LOCAL for path in (source, destination))
    if not local and not source.samestore(destination):
        return
    one, other = (os.path.realpath(path.path) if local else path.path.rstrip("/") for path in (source, destination))
    if f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/"):
        raise PathRefused(f"source and destination overlap: {source}, {destination}")


def spool(fs: Any, path: str, file: Path) -> str:
    """Copy one file of a store to this machine and return its SHA-256."""
    with file.open("wb") as local:
        return _read(fs, path, local.write)


def digest(fs: Any, path: str) -> str:
    """Return the SHA-256 of one file of a store."""
    return _read(fs, path)


def _read(fs: Any, path: str, keep: Callable[[bytes], object] | None = None) -> str:
    """Return the SHA-256 of one file, each block of it handed to ``keep``."""
    hashed = hashlib.sha256()
    with fs.open(path, "rb") as remote:
        while block := remote.read(BLOCK):
            hashed.update(block)
            if keep:
                keep(block)
    return hashed.hexdigest()


def _safe(name: str) -> str:
    if "\0" in name or any(part in ("", ".", "..") for part in name.split("/")):
        raise PathRefused(f"the name {name!r} does not stay inside the destination's folder")
    return name


def _matches(name: str, pattern: str | None) -> bool:
    from fsspec.utils import glob_translate

    if not pattern:
        return True
    compared = name if "/" in pattern else name.rpartition("/")[2]
    return re.match(glob_translate(pattern.removeprefix("/")), compared) is not None

"""Trace files and sessions of coding agents in folders that an administrator allows: listed, newest first, and read."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.languages import json_text
from airflow_provider_vai.traces.reading.folder import SUB_AGENTS
from airflow_provider_vai.traces.sessions.in_folder import ENDINGS, MOST_LOOKED_AT
from airflow_provider_vai.traces.sessions.places import SOURCES, Session, trace_of

DEEPEST = 5


@dataclass(frozen=True)
class FoundTrace:
    """A file in an allowed folder that may be a trace.

    :param name: the folder's name and the path below it. :param path: the file. :param changed_at: when it was changed.
    :param size: in bytes. :param agent: the coding agent whose session it is; ``None``: any trace file.
    :param session: the session's id. :param folder: the number of its folder among those that are allowed.
    """

    name: str
    path: Path
    changed_at: datetime
    size: int
    agent: str | None = None
    session: str | None = None
    folder: int = 0

    @property
    def id(self) -> str:
        """What a request calls the file: it says nothing about the server's folders."""
        return json_text.digest(["file", self.folder, self.name])[:32]

    @property
    def ending(self) -> str:
        """How the stored trace is to be read: ``.yaml`` or ``.json``."""
        return ".yaml" if self.path.suffix.lower() in (".yaml", ".yml") else ".json"


def trace_files(folders: Sequence[Path]) -> list[FoundTrace]:
    """Return the sessions and trace files in folders, those that changed last first.

    A link that leads out of its folder is left out, and so is what cannot be read.

    :param folders: absolute paths.
    """
    found: dict[Path, FoundTrace] = {}
    for number, folder in enumerate(folders):
        for file in (*_sessions(folder), *_files(folder)):
            found.setdefault(file.path, replace(file, folder=number))
    return sorted(found.values(), key=lambda file: (file.changed_at, file.name), reverse=True)


def content_of(file: FoundTrace, limit: int) -> bytes:
    """Return the content of a trace; of a session that is kept in several files, as its agent exports it.

    The calls of a Claude Code session's sub-agents are in files of their own, which are left out.

    :param file: as :func:`trace_files` returned it. :param limit: the largest size in bytes.
    :raises UnreadableTrace: it cannot be read, or is too large.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="vai-") as place:
            path = file.path
            if file.agent:
                session = Session(file.agent, file.session or "", path, file.changed_at, file.size)
                whole = trace_of(session, Path(place))
                path = whole if whole.is_file() else path
            with path.open("rb") as opened:
                content = opened.read(limit + 1)
    except OSError as error:
        remedy = "Check that the API server may read it."
        raise UnreadableTrace(error.strerror or "it cannot be read", where=file.name, remedy=remedy) from None
    if len(content) > limit:
        problem = f"it is larger than {limit} bytes ([vai] trace_limit_bytes)"
        remedy = "Use `vai crystallize` on the machine that has the file."
        raise UnreadableTrace(problem, where=file.name, remedy=remedy)
    return content


def _sessions(folder: Path) -> Iterator[FoundTrace]:
    for source in SOURCES:
        for pattern in source.patterns:
            try:
                paths = sorted(folder.glob(pattern))
            except OSError:
                continue
            for path in paths[:MOST_LOOKED_AT]:
                if path.parent.name != SUB_AGENTS and (file := _file(folder, path)):
                    yield FoundTrace(
                        file.name, path, file.changed_at, file.size, agent=source.name, session=source.id_of(path)
                    )


def _files(folder: Path) -> Iterator[FoundTrace]:
    looked_at = 0
    for place, folders, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != SUB_AGENTS)
        if depth >= DEEPEST:
            folders.clear()
        for name in sorted(names):
            looked_at += 1
            if looked_at > MOST_LOOKED_AT:
                return
            is_trace = name.lower().endswith(ENDINGS) and not name.startswith(".")
            if is_trace and (file := _file(folder, Path(place, name))):
                yield file


def _file(folder: Path, path: Path) -> FoundTrace | None:
    """Return a regular file that is really below its folder, wherever links lead."""
    try:
        is_inside = path.resolve(strict=True).is_relative_to(folder.resolve(strict=True))
        status = path.stat()
    except OSError:
        return None
    if not is_inside or not stat.S_ISREG(status.st_mode):
        return None
    changed = datetime.fromtimestamp(status.st_mtime, timezone.utc)
    return FoundTrace(str(Path(folder.name) / path.relative_to(folder)), path, changed, status.st_size)

"""Finds the one session of a coding agent in a folder that is given instead of a file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path

from airflow_provider_vai.exceptions import AmbiguousRun, UnreadableTrace
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.traces.reading.folder import SUB_AGENTS, folder_files
from airflow_provider_vai.traces.sessions.places import SHOWN, SOURCES, SessionSource

MOST_LOOKED_AT = 20_000
"""How many files are looked at in a folder."""

ENDINGS = (".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".gz", ".zip")
"""How the names of files end that may be traces."""

DATABASES = (".db", ".vscdb", ".sqlite")
"""Endings of the databases in which some agents keep sessions. Each is refused by name, with the export that works."""

AS_ONE = "claude-code"
"""The agent whose folders are read as they are: they hold a session, its resumed copies and its sub-agents."""

LIST = "`vai sessions` lists the sessions of this machine, and commands take one by its name instead of a path."


def trace_in(folder: Path, scratch: Path) -> Path:
    """Return the file or folder to read the one session in a folder from.

    :param folder: the folder: of one session, or above it.
    :param scratch: an empty folder, for a session that is kept in several files.
    :raises AmbiguousRun: there are several sessions in the folder.
    :raises UnreadableTrace: there is neither a session nor a trace file in it, or several trace files.
    """
    files = list(islice(_files(folder), MOST_LOOKED_AT))
    found = [(source, file) for file in files if (source := _source_of(file))]
    beside = folder.absolute().with_name(f"{folder.absolute().name}.jsonl")
    if not found and (folder / SUB_AGENTS).is_dir() and beside.is_file() and (source := _source_of(beside)):
        found = [(source, beside)]
    if len(found) == 1:
        source, file = found[0]
        return source.assemble(file, scratch) if source.assemble else file
    if found and any(source.name != AS_ONE for source, _ in found):
        names = [f"{source.name}:{source.id_of(file)}" for source, file in found[:SHOWN]]
        listed = ", ".join(names) + (", …" if len(found) > SHOWN else "")
        remedy = f"Name one file, such as {found[0][1]}. {LIST}"
        problem = f"{plural(len(found), 'session')} are in the folder: {listed}"
        raise AmbiguousRun(problem, where=str(folder), remedy=remedy)
    if found or folder_files(folder):
        return folder
    return _only(folder, files)


def _only(folder: Path, files: list[Path]) -> Path:
    """Return the one file in a folder without sessions, or the database in it."""
    databases = [file for file in files if file.suffix in DATABASES]
    candidates = databases[:1] or [file for file in files if file.name.lower().endswith(ENDINGS)]
    if len(candidates) == 1:
        return candidates[0]
    problem = f"is a folder with {plural(len(files), 'file')}, and none is a session of a known agent"
    raise UnreadableTrace(problem, where=str(folder), remedy=f"Name one trace file. {LIST}")


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder in their order, without what is hidden in it."""
    for place, folders, names in os.walk(folder.absolute()):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def _source_of(file: Path) -> SessionSource | None:
    """Return the agent whose session a file is, by its path."""
    if file.parent.name == SUB_AGENTS:
        return None
    path = file.as_posix()
    return next((source for source, shape in _shapes() if shape.search(path)), None)


@cache
def _shapes() -> list[tuple[SessionSource, re.Pattern[str]]]:
    """Return how the paths of each agent's sessions end. A pattern of a name alone needs the folder's name."""
    found = []
    for source in SOURCES:
        for pattern in source.patterns:
            whole = pattern if "/" in pattern else f"{source.folders()[0].name}/{pattern}"
            escaped = re.escape(whole).replace(r"\*\*/", "(?:[^/]+/)*").replace(r"\*", "[^/]*")
            found.append((source, re.compile(f"/{escaped}$")))
    return found

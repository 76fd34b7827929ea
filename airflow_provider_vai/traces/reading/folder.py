"""A folder of JSONL files that is one trace: a session's file, its resumed copies, and the files of its sub-agents.

Claude Code writes a sub-agent's lines to ``<session>/subagents/agent-<id>.jsonl``. The call that started it is named in
``agent-<id>.meta.json`` beside that file.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow_provider_vai.exceptions import UnreadableTrace
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.traces.reading.files import LIMIT_BYTES, TraceFile, decode_text
from airflow_provider_vai.traces.reading.unkept import UnkeptValue
from airflow_provider_vai.traces.reading.values import (
    JSONL_SUFFIXES,
    as_object,
    parse_json,
    parse_lines,
    parse_time,
    text_or_none,
)

SUB_AGENTS = "subagents"
META = ".meta.json"


def folder_files(path: Path) -> list[Path]:
    """Return the JSONL files in a folder, those nearest to it first; none if the path is not a folder. Never raises.

    :param path: the folder.
    """
    try:
        found = [file for file in path.rglob("*") if file.suffix in JSONL_SUFFIXES and file.is_file()]
    except (OSError, ValueError):
        return []
    inside = [file.relative_to(path) for file in found]
    shown = [name for name in inside if not any(part.startswith(".") for part in name.parts)]
    return [path / name for name in sorted(shown, key=lambda name: (len(name.parts), name.as_posix()))]


def folder_digest(path: Path) -> str:
    """Return SHA-256 in hex of a folder: of the names and digests of its files.

    :param path: the folder.
    """
    lines = [f"{TraceFile(file).sha256} {file.relative_to(path).as_posix()}" for file in folder_files(path)]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def folder_lines(path: Path, skipped: list[str], unkept: list[UnkeptValue]) -> list[Any]:
    """Return the lines of all files in a folder. A sub-agent's are where it started, and name the call that started it.

    :param path: the folder.
    :param skipped: gets a note for each line that is left out.
    :param unkept: gets the values that a Run cannot hold; the lines have marks in their place.
    :raises UnreadableTrace: a file cannot be read, or they are too large together.
    """
    files = folder_files(path)
    size = sum(file.stat().st_size for file in files)
    if size > LIMIT_BYTES:
        problem = (
            f"{plural(len(files), 'file')} of together {size / 1e6:.0f} MB, "
            f"over the limit of {LIMIT_BYTES / 1e6:.0f} MB"
        )
        raise UnreadableTrace(problem, where=str(path), remedy="Name one session's file in it.")
    lines: list[Any] = []
    for file in files:
        notes: list[str] = []
        held: list[UnkeptValue] = []
        found = list(parse_lines(decode_text(TraceFile(file).content(), str(file)), str(file), notes, held))
        name = file.relative_to(path).as_posix()
        skipped += [f"{name}: {note}" for note in notes]
        unkept += [replace(value, place=f"{name}: {value.place}") for value in held]
        if file.parent.name == SUB_AGENTS:
            found = _with_parent(found, file)
            at = _place(lines, found)
            lines[at:at] = found
        else:
            lines += found
    return lines


def _with_parent(lines: list[Any], file: Path) -> list[Any]:
    """Return a sub-agent's lines with the id of the call that started it, if the file beside them names it."""
    try:
        meta = parse_json(file.with_name(file.stem + META).read_text("utf-8"))
    except (OSError, ValueError):
        return lines
    call = text_or_none(as_object(meta).get("toolUseId"))
    if call is None:
        return lines
    return [{"parent_tool_use_id": call, **line} if isinstance(line, dict) else line for line in lines]


def _place(lines: list[Any], found: list[Any]) -> int:
    """Return where a sub-agent's lines belong: before the first line that is later than its first."""
    start = next((time for line in found if (time := _time(line))), None)
    times = ((number, _time(line)) for number, line in enumerate(lines))
    return next((number for number, time in times if start and time and time > start), len(lines))


def _time(line: Any) -> datetime | None:
    time = parse_time(as_object(line).get("timestamp"))
    return time if time and time.tzinfo else None

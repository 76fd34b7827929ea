"""Sessions that an agent keeps in several files: put together in a temporary folder, so that they are read as one."""

from __future__ import annotations

from pathlib import Path

from airflow_provider_vai.traces.reading.folder import SUB_AGENTS


def with_sub_agents(path: Path, folder: Path) -> Path:
    """Return a Claude Code session with the files of its sub-agents, which are in a folder named like the session.

    :param path: the session's file.
    :param folder: an empty folder.
    :return: the file itself, or a folder with links to all files.
    """
    beside = path.with_suffix("") / SUB_AGENTS
    files = [file for file in sorted(beside.glob("agent-*")) if file.is_file()] if beside.is_dir() else []
    if not files:
        return path
    whole = folder / path.stem
    inside = whole / path.stem / SUB_AGENTS
    inside.mkdir(parents=True)
    (whole / path.name).symlink_to(path.absolute())
    for file in files:
        (inside / file.name).symlink_to(file.absolute())
    return whole

"""Sessions that an agent keeps in several files: put together in a temporary folder, so that they are read as one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from airflow_provider_vai.exceptions import UnreadableTrace
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


def opencode_session(path: Path, folder: Path) -> Path:
    """Return an OpenCode session as ``opencode export`` writes it. Its storage has a file for each message and part.

    :param path: the session's file, ``storage/session/<project>/<session>.json``.
    :param folder: an empty folder.
    :raises UnreadableTrace: a file is not JSON.
    """
    storage = path.parents[2]
    messages = []
    for file in sorted((storage / "message" / path.stem).glob("*.json")):
        parts = [_read(part) for part in sorted((storage / "part" / file.stem).glob("*.json"))]
        messages.append({"info": _read(file), "parts": parts})
    whole = folder / path.name
    whole.write_text(json.dumps({"info": _read(path), "messages": messages}), encoding="utf-8")
    return whole


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        remedy = "Close the agent and try again, or use `opencode export`."
        raise UnreadableTrace(f"not JSON: {error}", where=str(path), remedy=remedy) from None

"""Where coding agents keep their sessions, as their documentation says, and how a session is opened as a trace."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from airflow_provider_vai.exceptions import AmbiguousRun, UnreadableTrace
from airflow_provider_vai.languages.plural import plural
from airflow_provider_vai.traces.reading.folder import SUB_AGENTS
from airflow_provider_vai.traces.sessions import assembled

SHOWN = 5
CLINE = ("saoudrizwan.claude-dev", "rooveterinaryinc.roo-cline")
"""The extensions of VS Code that keep tasks as Cline does."""


class Session(NamedTuple):
    """One session of a coding agent.

    :param source: the name of the agent, as in ``claude-code:ID``.
    :param id: the session's id.
    :param path: the file that holds it, or that says that there is one.
    :param changed_at: when the file was last changed.
    :param size: its size in bytes.
    """

    source: str
    id: str
    path: Path
    changed_at: datetime
    size: int

    @property
    def name(self) -> str:
        """The name with which commands take the session instead of a file."""
        return f"{self.source}:{self.id}"


@dataclass(frozen=True)
class SessionSource:
    """A coding agent whose sessions can be listed.

    :param name: its name.
    :param folders: returns the folders in which it keeps sessions.
    :param patterns: globs of the files below a folder, one for each session.
    :param id_of: returns the session's id from its file.
    :param assemble: puts a session that is in several files together, below a folder; ``None``: the file is the trace.
    """

    name: str
    folders: Callable[[], list[Path]]
    patterns: tuple[str, ...]
    id_of: Callable[[Path], str] = lambda path: path.stem
    assemble: Callable[[Path, Path], Path] | None = None


def _home(variable: str, *parts: str) -> list[Path]:
    """Return the folder that an environment variable names, else one below the user's home."""
    given = os.environ.get(variable)
    return [Path(given) if given else Path.home().joinpath(*parts)]


def _data(*parts: str) -> list[Path]:
    """Return a folder below the user's data folder."""
    return [_home("XDG_DATA_HOME", ".local", "share")[0].joinpath(*parts)]


def _code() -> list[Path]:
    """Return the folders of VS Code's user data."""
    roots = {
        "darwin": Path.home() / "Library/Application Support",
        "win32": Path(os.environ.get("APPDATA") or Path.home() / "AppData/Roaming"),
    }
    root = roots.get(sys.platform) or _home("XDG_CONFIG_HOME", ".config")[0]
    return [root / name / "User" for name in ("Code", "Code - Insiders", "VSCodium")]


def _uuid_of(path: Path) -> str:
    """Return the id at the end of a name such as ``rollout-<time>-<id>``."""
    found = re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", path.stem)
    return found[0] if found else path.stem


SOURCES = (
    SessionSource(
        "claude-code",
        lambda: _home("CLAUDE_CONFIG_DIR", ".claude"),
        ("projects/*/*.jsonl",),
        assemble=assembled.with_sub_agents,
    ),
    SessionSource(
        "codex",
        lambda: _home("CODEX_HOME", ".codex"),
        ("sessions/**/rollout-*.jsonl", "archived_sessions/rollout-*.jsonl"),
        id_of=_uuid_of,
    ),
    SessionSource(
        "gemini-cli",
        lambda: [_home("GEMINI_CLI_HOME")[0] / ".gemini"],
        ("tmp/*/chats/session-*.json", "tmp/*/chats/session-*.jsonl"),
    ),
    SessionSource(
        "opencode",
        lambda: _data("opencode", "storage"),
        ("session/*/ses_*.json",),
        assemble=assembled.opencode_session,
    ),
    SessionSource("goose", lambda: _data("goose", "sessions"), ("*.jsonl",)),
    SessionSource(
        "copilot-cli",
        lambda: _home("COPILOT_HOME", ".copilot"),
        ("session-state/*/events.jsonl", "session-state/*.jsonl"),
        id_of=lambda path: path.parent.name if path.name == "events.jsonl" else path.stem,
    ),
    SessionSource(
        "vscode-chat",
        _code,
        ("workspaceStorage/*/chatSessions/*.json", "globalStorage/emptyWindowChatSessions/*.json"),
    ),
    SessionSource(
        "cline",
        _code,
        tuple(f"globalStorage/{name}/tasks/*/api_conversation_history.json" for name in CLINE),
        id_of=lambda path: path.parent.name,
    ),
)
"""The coding agents, in the order of the documentation."""

NAME = re.compile(rf"({'|'.join(re.escape(source.name) for source in SOURCES)}):(.+)")


def sessions(since: datetime | None = None) -> list[Session]:
    """Return the sessions on this machine, newest first. Folders that cannot be read have none.

    :param since: leave out sessions that were not changed since then; ``None``: return all.
    """
    found = [session for source in SOURCES for session in _of(source)]
    kept = [session for session in found if since is None or session.changed_at >= since]
    return sorted(kept, key=lambda session: (session.changed_at, session.name), reverse=True)


def looked_in() -> list[tuple[str, Path]]:
    """Return the folders in which sessions are looked for, each with the name of its agent."""
    return [(source.name, folder) for source in SOURCES for folder in source.folders()]


def is_session(name: str) -> bool:
    """Return whether a name on the command line is that of a session: it is of that form, and there is no such file."""
    return NAME.fullmatch(name) is not None and not Path(name).exists()


def opened(name: str, folder: Path) -> Path:
    """Return the trace of a session.

    :param name: such as ``claude-code:ID``; a unique beginning of the id is enough.
    :param folder: an empty folder, for a session that is kept in several files.
    :raises UnreadableTrace: there is no such session.
    :raises AmbiguousRun: several sessions begin with that id.
    """
    match = NAME.fullmatch(name)
    assert match is not None  # noqa: S101 - `is_session` was asked
    source = next(source for source in SOURCES if source.name == match[1])
    known = list(_of(source))
    found = [one for one in known if one.id == match[2]] or [one for one in known if one.id.startswith(match[2])]
    if not found:
        where = ", ".join(str(path) for path in source.folders())
        problem = f"there is no session {match[2]!r} of {source.name} in {where}"
        raise UnreadableTrace(problem, where=name, remedy="`vai sessions` lists the sessions of this machine.")
    if len(found) > 1:
        names = ", ".join(one.id for one in found[:SHOWN]) + (", …" if len(found) > SHOWN else "")
        raise AmbiguousRun(
            f"{plural(len(found), 'session')} begin with {match[2]!r}", where=name, remedy=f"Choose one: {names}."
        )
    return trace_of(found[0], folder)


def trace_of(session: Session, folder: Path) -> Path:
    """Return the file or folder to read a session from.

    :param session: the session.
    :param folder: an empty folder, for a session that is kept in several files.
    """
    source = next(source for source in SOURCES if source.name == session.source)
    return source.assemble(session.path, folder) if source.assemble else session.path


def _of(source: SessionSource) -> Iterator[Session]:
    for folder in source.folders():
        for pattern in source.patterns:
            try:
                paths = sorted(folder.glob(pattern))
            except OSError:
                continue
            for path in paths:
                if path.parent.name == SUB_AGENTS:
                    continue
                try:
                    stat = path.stat()
                except OSError:  # it was deleted meanwhile
                    continue
                changed = datetime.fromtimestamp(stat.st_mtime, timezone.utc)
                yield Session(source.name, source.id_of(path), path, changed, stat.st_size)

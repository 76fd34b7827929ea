"""Names of sessions and folders on the command line, such as ``claude-code:ID``, as the files to read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from airflow_provider_vai.traces.sessions import places
from airflow_provider_vai.traces.sessions.in_folder import trace_in


@contextmanager
def traces_of(names: Sequence[str]) -> Iterator[list[str]]:
    """Return the paths to read for names of files and sessions; temporary ones are deleted at the end.

    :param names: what the user gave.
    :raises TraceError: there is no such session, or several; or not one trace in a folder.
    """
    with tempfile.TemporaryDirectory(prefix="vai-session-") as folder:
        yield [_path(name, Path(folder, str(number))) for number, name in enumerate(names)]


def _path(name: str, folder: Path) -> str:
    is_session = places.is_session(name)
    if not is_session and not os.path.isdir(name):
        return name
    folder.mkdir()
    return str(places.opened(name, folder) if is_session else trace_in(Path(name), folder))
